using HealthExport.Samples;

namespace HealthExport.Tests.Support;

/// <summary>Which grain an array has, and where its buckets begin.</summary>
static class ModelGrain
{
    /// <returns>The grain, and whether the header said so and the stamps agree.</returns>
    public static (Grain Grain, bool IsExplicit) Of(SentArray array, string? aggregation)
    {
        var stamps = array.Items.Where(item => item.Stamp is not null).Select(item => item.Stamp!.Value).ToList();
        var placed = array.Items.Where(item => item.Stamp is not null)
            .Select(item => (At: item.Stamp!.Value.UtcTicks, Source: item.Rows.FirstOrDefault()?.Source)).ToList();
        // Two sources at one stamp are what they measured, not buckets.
        var isOfSeveral = placed.Zip(placed.Skip(1)).Any(pair =>
            pair.First.At == pair.Second.At && (pair.First.Source ?? "") != (pair.Second.Source ?? ""));
        // The app's default is a minute: one stamp says little of anything coarser.
        var isLone = aggregation?.ToLowerInvariant() == "default" && placed.Select(item => item.At).Distinct().Count() == 1;
        var inferred = !array.IsCumulative ? Grain.Sample
            : stamps.Count == 0 || isOfSeveral ? Grain.Sample
            : isLone && stamps.All(stamp => stamp.TimeOfDay.Ticks % TimeSpan.TicksPerMinute == 0) ? Grain.Minute
            : stamps.All(stamp => stamp.TimeOfDay == TimeSpan.Zero) ? Grain.Day
            : stamps.All(stamp => stamp.TimeOfDay.Ticks % TimeSpan.TicksPerHour == 0) ? Grain.Hour
            : stamps.All(stamp => stamp.TimeOfDay.Ticks % TimeSpan.TicksPerMinute == 0) ? Grain.Minute
            : Grain.Sample;
        Grain? named = aggregation?.ToLowerInvariant() switch
        {
            "seconds" => Grain.Sample,
            "minutes" => Grain.Minute,
            "hours" => Grain.Hour,
            "days" => Grain.Day,
            "weeks" => Grain.Week,
            "months" => Grain.Month,
            "years" => Grain.Year,
            _ => null,
        };
        if (named is null) return (array.Type == "heart_rate" ? Grain.Sample : inferred, false);
        if (named == Grain.Sample) return (Grain.Sample, false);
        // The first bucket of a run may bear the time of its first sample instead of its edge.
        return stamps.Skip(1).All(stamp => Floor(stamp, named.Value) == stamp) ? (named.Value, true)
            : (inferred, false);
    }

    /// <summary>The start of the bucket that holds a stamp, on the clock of the stamp's own offset.</summary>
    public static DateTimeOffset Floor(DateTimeOffset stamp, Grain grain)
    {
        var unit = grain switch
        {
            Grain.Sample => 1L,
            Grain.Minute => TimeSpan.TicksPerMinute,
            Grain.Hour => TimeSpan.TicksPerHour,
            _ => TimeSpan.TicksPerDay,
        };
        return stamp.AddTicks(-(stamp.TimeOfDay.Ticks % unit));
    }

    /// <summary>What a stamp is keyed by: its instant, or its local date whatever the offset.</summary>
    public static long KeyOf(DateTimeOffset stamp, Grain grain) => grain >= Grain.Day
        ? new DateOnly(stamp.Year, stamp.Month, stamp.Day).DayNumber
        : Floor(stamp, grain).UtcTicks;
}
