using HealthExport.Time;

namespace HealthExport.Samples;

/// <summary>What is stored of one metric, finer than a day and at one grain, within an hour of one clock.</summary>
/// <param name="Wall">What the clock showed when the hour began, as if it were UTC.</param>
/// <param name="OffsetMinutes">Of that clock, from UTC.</param>
/// <param name="Sum">Of the values; NaN if no row has one.</param>
/// <param name="Count">Of the rows with a value.</param>
public readonly record struct LocalHour(Instant Wall, short OffsetMinutes, double Sum, long Count)
{
    public Instant StartAt => new(Wall.Microseconds - OffsetMinutes * Instant.PerMinute);

    public DateOnly Date => Wall.DateAt(0);
}
