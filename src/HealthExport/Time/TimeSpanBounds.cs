namespace HealthExport.Time;

/// <summary>
/// A span of time whose ends are instants or local days. A day is compared with each row's local date at the row's own
/// offset; an instant with the row's instant. Start inclusive, end exclusive; null for no bound.
/// </summary>
public readonly record struct TimeSpanBounds(Instant? From, DateOnly? FromDate, Instant? To, DateOnly? ToDate)
{
    /// <summary>
    /// How far a local date lies from UTC's at most, in microseconds: offsets reach 14 hours either way, and an hour
    /// more costs nothing.
    /// </summary>
    public const long OffsetReach = 15 * Instant.PerHour;

    /// <summary>The instants [from, to] outside of which nothing within can start; null for no bound.</summary>
    public (Instant? From, Instant? To) Reach => (
        From ?? Shifted(FromMidnight, -OffsetReach), To ?? Shifted(ToMidnight, OffsetReach));

    /// <summary>Midnight in UTC of the first day; null for no such bound.</summary>
    public Instant? FromMidnight => Midnight(FromDate);

    /// <summary>Midnight in UTC of the day behind the last; null for no such bound.</summary>
    public Instant? ToMidnight => Midnight(ToDate);

    /// <summary>Whether a row of that instant and local date lies within.</summary>
    public bool Holds(Instant at, DateOnly date) =>
        !(at < From) && !(at >= To) && !(date < FromDate) && !(date >= ToDate);

    /// <summary>Whether a row of that local date may lie within, at some offset.</summary>
    public bool MayTouch(DateOnly date)
    {
        if (date < FromDate || date >= ToDate) return false;
        var midnight = Instant.From(date).Microseconds;
        return !(From?.Microseconds >= midnight + Instant.PerDay + OffsetReach)
            && !(To?.Microseconds <= midnight - OffsetReach);
    }

    /// <summary>Whether every row of that local date lies within, at whatever offset.</summary>
    public bool HoldsWhole(DateOnly date)
    {
        if (date < FromDate || date >= ToDate) return false;
        var midnight = Instant.From(date).Microseconds;
        return !(From?.Microseconds > midnight - OffsetReach)
            && !(To?.Microseconds < midnight + Instant.PerDay + OffsetReach);
    }

    static Instant? Midnight(DateOnly? date) => date is { } day ? Instant.From(day) : null;

    static Instant? Shifted(Instant? at, long by) => at is { } instant ? new(instant.Microseconds + by) : null;
}
