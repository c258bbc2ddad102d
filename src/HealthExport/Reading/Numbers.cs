using System.Buffers.Text;

namespace HealthExport.Reading;

/// <summary>Numbers of a payload, to the last bit.</summary>
static class Numbers
{
    static readonly double[] PowersOfTen =
        [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// <summary>
    /// Reads a JSON number, or the content of a string that holds one: a decimal point, no group separators, not NaN or
    /// infinity by name. May give infinity for a number too large.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out double value)
    {
        // Up to 15 digits, both the digits and the power of ten are exact, so that one division rounds once: the
        // nearest double, as a full parse finds it, in a tenth of the time.
        long digits = 0;
        int i = 0, count = 0, point = -1;
        var isNegative = text.Length > 0 && text[0] == '-';
        if (isNegative) i = 1;
        for (; i < text.Length; i++)
        {
            var digit = (uint)(text[i] - '0');
            if (digit <= 9)
            {
                digits = digits * 10 + digit;
                if (++count > 15) break;
            }
            else if (text[i] == '.' && point < 0 && count > 0) point = i;
            else break;
        }
        if (i == text.Length && count > 0 && point != i - 1)
        {
            value = point < 0 ? digits : digits / PowersOfTen[i - point - 1];
            if (isNegative) value = -value;
            return true;
        }
        return TryParseSlow(text, out value);
    }

    static bool TryParseSlow(ReadOnlySpan<byte> text, out double value)
    {
        text = text.Trim((byte)' ');
        if (text.Length > 1 && text[0] == '+') text = text[1..];
        var first = text.Length > 1 && text[0] == '-' ? text[1] : text.Length > 0 ? text[0] : (byte)0;
        value = 0;
        return (char.IsAsciiDigit((char)first) || first == '.')
            && Utf8Parser.TryParse(text, out value, out var used) && used == text.Length;
    }
}
