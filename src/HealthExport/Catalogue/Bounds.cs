using HealthExport.Samples;

namespace HealthExport.Catalogue;

/// <summary>What one value has to cover for an upper bound to apply to it.</summary>
public enum BoundsBasis : byte
{
    /// <summary>One measurement. An average of measurements is bounded by what bounds each of them.</summary>
    Sample = 0,

    /// <summary>The sum over at most one day; weeks, months and years hold more.</summary>
    Day,

    /// <summary>One night or nap.</summary>
    Session,
}

/// <summary>The hard limits of a metric, in its canonical unit, inclusive. What lies outside is rejected.</summary>
/// <param name="Lower">Holds at every grain; negative infinity for none.</param>
/// <param name="Upper">Holds at the grains that <paramref name="Basis"/> says; positive infinity for none.</param>
/// <param name="Basis">What the upper bound speaks of.</param>
public readonly record struct Bounds(double Lower, double Upper, BoundsBasis Basis)
{
    /// <summary>Every finite number, at every grain.</summary>
    public static Bounds None { get; } = new(double.NegativeInfinity, double.PositiveInfinity, BoundsBasis.Sample);

    /// <summary>Whether a value of that grain is possible. NaN and the infinities never are.</summary>
    public bool Allows(double value, Grain grain) =>
        double.IsFinite(value) && value >= Lower && (value <= Upper || (Basis == BoundsBasis.Day && grain > Grain.Day));
}
