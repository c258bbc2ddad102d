namespace HealthExport.Drift;

/// <summary>
/// A name that a payload held and the reader did not know, and how many of its items bore it. Nothing of their values.
/// </summary>
/// <param name="ItemType">What bore it, folded (<see cref="DriftName.Fold"/>); empty for sections, which nothing bears,
/// and where <paramref name="Name"/> is.</param>
/// <param name="Name">Folded; empty for all names of the kind that were too many to be told apart.</param>
/// <param name="Items">1 or more.</param>
public sealed record DriftNote(DriftKind Kind, string ItemType, string Name, long Items)
{
    /// <summary>Whether it stands for names that were too many.</summary>
    public bool IsOfOthers => Name.Length == 0;
}
