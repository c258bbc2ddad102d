namespace HealthExport.Time;

/// <summary>
/// A point on the UTC time line, in whole microseconds since 1970-01-01T00:00:00Z (proleptic Gregorian, no leap
/// seconds). Half the size of a <see cref="DateTimeOffset"/>, which is why samples use it.
/// </summary>
public readonly record struct Instant(long Microseconds) : IComparable<Instant>
{
    public const long PerSecond = 1_000_000;
    public const long PerMinute = 60 * PerSecond;
    public const long PerHour = 60 * PerMinute;
    public const long PerDay = 24 * PerHour;

    /// <summary>Stands for "not known" where a field is optional and memory counts.</summary>
    public static readonly Instant None = new(long.MinValue);

    public bool IsNone => Microseconds == long.MinValue;

    public static Instant From(DateTimeOffset at) =>
        new((at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);

    public static Instant FromUnixSeconds(double seconds) => new((long)Math.Round(seconds * PerSecond));

    /// <summary>The instant <paramref name="date"/> begins at offset zero: the key of a day bucket.</summary>
    public static Instant From(DateOnly date) => new((date.DayNumber - UnixDay) * PerDay);

    /// <summary>This instant as a wall clock <paramref name="offsetMinutes"/> east of UTC shows it.</summary>
    public DateTimeOffset At(int offsetMinutes) =>
        DateTimeOffset.UnixEpoch.AddTicks(Microseconds * TimeSpan.TicksPerMicrosecond)
            .ToOffset(TimeSpan.FromMinutes(offsetMinutes));

    /// <summary>The local day of this instant, <paramref name="offsetMinutes"/> east of UTC.</summary>
    public DateOnly DateAt(int offsetMinutes) =>
        DateOnly.FromDayNumber((int)Floor(Microseconds + offsetMinutes * PerMinute, PerDay) + UnixDay);

    /// <summary>
    /// The start of the minute (hour, …) of <paramref name="unit"/> microseconds that holds this instant.
    /// </summary>
    public Instant FloorTo(long unit) => new(Floor(Microseconds, unit) * unit);

    public int CompareTo(Instant other) => Microseconds.CompareTo(other.Microseconds);

    public static Instant operator +(Instant at, TimeSpan span) => new(at.Microseconds + (long)span.TotalMicroseconds);
    public static TimeSpan operator -(Instant a, Instant b) =>
        TimeSpan.FromMicroseconds(a.Microseconds - b.Microseconds);
    public static bool operator <(Instant a, Instant b) => a.Microseconds < b.Microseconds;
    public static bool operator >(Instant a, Instant b) => a.Microseconds > b.Microseconds;
    public static bool operator <=(Instant a, Instant b) => a.Microseconds <= b.Microseconds;
    public static bool operator >=(Instant a, Instant b) => a.Microseconds >= b.Microseconds;

    static readonly int UnixDay = new DateOnly(1970, 1, 1).DayNumber;

    static long Floor(long value, long unit) => value >= 0 ? value / unit : -((-value + unit - 1) / unit);
}
