using System.Globalization;
using System.Text;

namespace HealthExport.Server.Importing;

/// <summary>
/// Names that others chose, made fit for a terminal and a line: nothing in them moves the cursor, turns the direction of
/// writing or fills the screen.
/// </summary>
static class PrintedName
{
    /// <summary>Longer ones lose their middle: the end says what a file is.</summary>
    public const int Longest = 200;

    public static string Of(string name)
    {
        var clean = new StringBuilder(Math.Min(name.Length, Longest + 1));
        if (name.Length <= Longest) Append(clean, name);
        else
        {
            Append(clean, name.AsSpan(0, Longest / 2));
            clean.Append('…');
            Append(clean, name.AsSpan(name.Length - Longest / 2));
        }
        return clean.ToString();
    }

    static void Append(StringBuilder clean, ReadOnlySpan<char> name)
    {
        foreach (var rune in name.EnumerateRunes())
            clean.Append(IsPrintable(rune) ? rune.ToString() : "\uFFFD");
    }

    static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned);
}
