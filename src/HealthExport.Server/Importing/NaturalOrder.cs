namespace HealthExport.Server.Importing;

/// <summary>Paths as people sort them: digits as numbers, whatever the case, and what is in a folder together.</summary>
sealed class NaturalOrder : IComparer<string>
{
    public static readonly NaturalOrder Instance = new();

    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> a = x, b = y;
        while (a.Length > 0 && b.Length > 0)
        {
            if (char.IsAsciiDigit(a[0]) && char.IsAsciiDigit(b[0]))
            {
                var first = TakeDigits(ref a);
                var second = TakeDigits(ref b);
                if (first.Length != second.Length) return first.Length.CompareTo(second.Length);
                if (first.SequenceCompareTo(second) is not 0 and var digits) return digits;
                continue;
            }
            if (Weight(a[0]).CompareTo(Weight(b[0])) is not 0 and var letters) return letters;
            a = a[1..];
            b = b[1..];
        }
        return a.Length != b.Length ? a.Length.CompareTo(b.Length) : string.CompareOrdinal(x, y);
    }

    static ReadOnlySpan<char> TakeDigits(ref ReadOnlySpan<char> text)
    {
        var end = 0;
        while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        var digits = text[..end].TrimStart('0');
        text = text[end..];
        return digits;
    }

    static int Weight(char c) => c is '/' or '\\' ? -1 : char.ToLowerInvariant(c);
}
