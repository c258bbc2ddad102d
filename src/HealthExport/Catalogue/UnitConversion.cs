using System.Globalization;

namespace HealthExport.Catalogue;

/// <summary>
/// From one unit to another: <c>(value + offset) * multiplier / divisor</c>. The three parts are kept apart so that a
/// factor defined by division (1 kcal = 4.184 kJ) is not rounded before it is used.
/// </summary>
/// <param name="PreOffset">Added first; in the unit converted from.</param>
/// <param name="Multiplier">Not zero.</param>
/// <param name="Divisor">Not zero.</param>
public readonly record struct UnitConversion(double PreOffset, double Multiplier, double Divisor)
{
    /// <summary>Leaves every value as it is, to the last bit.</summary>
    public static UnitConversion Identity { get; } = new(0, 1, 1);

    public bool IsIdentity => PreOffset == 0 && Multiplier == Divisor;

    /// <summary>The value in the unit converted to.</summary>
    public double Apply(double value) =>
        IsIdentity ? value : (PreOffset == 0 ? value : value + PreOffset) * Multiplier / Divisor;

    /// <summary>The way back: the value in the unit converted from, equal to the original but for rounding.</summary>
    public double Invert(double value)
    {
        if (IsIdentity) return value;
        var unscaled = value * Divisor / Multiplier;
        return PreOffset == 0 ? unscaled : unscaled - PreOffset;
    }

    /// <summary>
    /// Reads <c>[offset then ]multiplier[/divisor]</c>, as the catalogue's files write it: <c>-32 then 5/9</c>.
    /// </summary>
    /// <exception cref="FormatException">The text is none.</exception>
    internal static UnitConversion Parse(ReadOnlySpan<char> text)
    {
        double offset = 0, divisor = 1;
        if (text.IndexOf(" then ") is >= 0 and var then)
        {
            offset = Number(text[..then]);
            text = text[(then + " then ".Length)..];
        }
        if (text.IndexOf('/') is >= 0 and var slash)
        {
            divisor = Number(text[(slash + 1)..]);
            text = text[..slash];
        }
        return new(offset, Number(text), divisor);

        static double Number(ReadOnlySpan<char> number) =>
            double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
