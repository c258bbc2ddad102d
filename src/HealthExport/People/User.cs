using HealthExport.Time;

namespace HealthExport.People;

/// <summary>A person who owns data.</summary>
/// <param name="Id">Inside the store only.</param>
/// <param name="PublicId">What the world sees.</param>
/// <param name="TimeZone">IANA id for stamps without an offset; null if none is set.</param>
/// <param name="ErasingSince">When the person began to be erased: neither key nor push of theirs is taken from then on,
/// and what they had is going or gone. Null for everybody else.</param>
public sealed record User(
    long Id, Guid PublicId, string Email, string? DisplayName, string? TimeZone, Instant CreatedAt,
    Instant? ErasingSince = null)
{
    /// <summary>Characters of a display name at most.</summary>
    public const int MaxDisplayNameLength = 200;

    public bool IsBeingErased => ErasingSince is not null;

    /// <summary>Whether a text can be a display name: 1 to <see cref="MaxDisplayNameLength"/> characters, plain
    /// (<see cref="ShownText.IsPlain"/>), nothing blank around them, and no key.</summary>
    public static bool IsDisplayName(string text) =>
        text.Length is > 0 and <= MaxDisplayNameLength && ShownText.IsPlain(text) && !ShownText.MayHoldKey(text)
        && !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1]);
}

/// <summary>What a person sets for themselves.</summary>
/// <param name="SourceRanks">Sources as <see cref="Samples.SourceName.Normalise"/> writes them, the one believed first
/// first; those not named come after, as <see cref="Totals.SourceRanks"/> guesses.</param>
/// <param name="SettingsVersion">Grows with every change of what stands here.</param>
public sealed record UserProfile(User User, IReadOnlyList<string> SourceRanks, long SettingsVersion)
{
    /// <summary>What becomes of it by a change; its version is the same still.</summary>
    public UserProfile With(UserChange change) => new(
        User with
        {
            Email = change.Email.Or(User.Email),
            DisplayName = change.DisplayName.Or(User.DisplayName),
            TimeZone = change.TimeZone.Or(User.TimeZone),
        },
        change.SourceRanks.IsGiven ? change.SourceRanks.Value : SourceRanks, SettingsVersion);

    /// <summary>Whether nothing would change if this stood in the place of <paramref name="other"/>.</summary>
    public bool SaysTheSameAs(UserProfile other) => User == other.User && SourceRanks.SequenceEqual(other.SourceRanks);
}
