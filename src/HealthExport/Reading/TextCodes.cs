using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace HealthExport.Reading;

/// <summary>A table from what phones write, in whatever language, to a code of ours.</summary>
sealed class TextCodes
{
    const StringSplitOptions Trimmed = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;

    readonly FrozenDictionary<string, string> _codes;

    /// <param name="table">One line a code: the code, a colon, and the texts that mean it, parted by commas.</param>
    public TextCodes(string table)
    {
        var codes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in table.Split('\n', Trimmed))
        {
            var colon = line.IndexOf(':');
            var code = colon < 0 ? line : line[..colon];
            codes.TryAdd(Fold(code), code);
            if (colon < 0) continue;
            foreach (var text in line[(colon + 1)..].Split(',', Trimmed))
                codes.TryAdd(Fold(text), code);
        }
        _codes = codes.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The code of a text; null if the table has none.</summary>
    public string? Find(string? text) => string.IsNullOrWhiteSpace(text) ? null : _codes.GetValueOrDefault(Fold(text));

    /// <summary>
    /// Lower case, letters and digits of every script only: what is left is what tells two texts apart.
    /// </summary>
    static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var c in text)
            if (char.IsLetterOrDigit(c) || char.IsSurrogate(c)
                || char.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark)
                folded.Append(char.ToLowerInvariant(c));
        return folded.ToString();
    }
}
