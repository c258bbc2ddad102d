namespace HealthExport.Totals;

/// <summary>
/// What one metric's rows of a local day, each row's own, say together: what series by day and longer are made of. Rows
/// of a week, month or year are no part of it.
/// </summary>
/// <param name="OffsetMinutes">East of UTC, of the day's earliest row.</param>
/// <param name="Figures">Null when rows are there but none says anything.</param>
/// <param name="Means">Of a measurement, so that days can be joined to longer spans; of an amount all zero.</param>
public sealed record DayTotal(DateOnly Date, int OffsetMinutes, Figures? Figures, DayMeans Means = default);

/// <summary>What the averages of a day of a measurement were made of.</summary>
/// <param name="Samples">How many samples have a value.</param>
/// <param name="SampleSum">Their plain sum.</param>
/// <param name="TimedSamples">How many of them have a duration, too.</param>
/// <param name="TimedSum">Sum of value times seconds over those.</param>
/// <param name="TimedSeconds">Sum of their seconds.</param>
/// <param name="WeightedSum">Sum of value times minutes over hours of samples and over buckets.</param>
/// <param name="Weight">Sum of those minutes.</param>
/// <param name="HasBuckets">Whether a bucket is among them: then the average is over time.</param>
public readonly record struct DayMeans(
    long Samples, double SampleSum, long TimedSamples, double TimedSum, double TimedSeconds, double WeightedSum,
    double Weight, bool HasBuckets);

/// <summary>Works out days. Pure; not for concurrent use.</summary>
sealed class DayTotals(
    Catalogue.MetricKind kind, LocalClock clock, SourceRanks ranks, bool mergesSources = true)
{
    public CumulativeTotals Amounts { get; } = new(clock, ranks, mergesSources);

    /// <param name="day">At least one row.</param>
    public DayTotal Of(DayRows day)
    {
        var offset = clock.EarliestOffset(day) ?? 0;
        if (kind == Catalogue.MetricKind.Cumulative) return new(day.Date, offset, Amounts.OfDay(day));
        var totals = DiscreteTotals.OfDay(day, clock);
        return new(day.Date, offset, totals.Figures(), totals.Means);
    }
}
