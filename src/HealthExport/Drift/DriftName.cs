using System.Text;
using System.Text.RegularExpressions;

namespace HealthExport.Drift;

/// <summary>Names as the drift report keeps them.</summary>
public static partial class DriftName
{
    /// <summary>Characters of a name that are kept.</summary>
    public const int Longest = 100;

    const int LongestLookedAt = 400;
    const string Folded = "#";

    /// <summary>
    /// Makes a name of a payload one that says nothing of what the payload says: objects are used as maps too, and then
    /// their keys are data. Each run of digits, each UUID, each long token with digits becomes <c>#</c>; an address is
    /// nothing but one. So <c>2026-01-15</c> is <c>#-#-#</c>, and all days count as one name.
    /// </summary>
    /// <returns>1 to <see cref="Longest"/> characters, without control characters.</returns>
    public static string Fold(string name)
    {
        if (name.Contains('@') || name.Contains("://", StringComparison.Ordinal)) return Folded;
        if (name.Length > LongestLookedAt) name = name[..LongestLookedAt];
        if (name.AsSpan().ContainsAnyInRange('0', '9')) name = Opaque().Replace(name, Folded);
        var folded = new StringBuilder();
        var isInDigits = false;
        foreach (var rune in name.Trim().EnumerateRunes())
        {
            if (folded.Length + rune.Utf16SequenceLength > Longest) break;
            if (Rune.IsDigit(rune))
            {
                if (!isInDigits) folded.Append(Folded);
                isInDigits = true;
                continue;
            }
            isInDigits = false;
            if (!Rune.IsControl(rune)) folded.Append(rune.ToString());
        }
        return folded.Length == 0 ? Folded : folded.ToString();
    }

    // A UUID, or sixteen letters and digits at least with a digit among them.
    [GeneratedRegex(
        @"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9])[A-Za-z0-9]{16,}",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Opaque();
}
