using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Totals;

/// <summary>What is known of one bucket. Numbers are NaN where nothing says them.</summary>
/// <param name="Sum">The total; of a discrete metric the plain sum of the rows that count.</param>
/// <param name="Average">See <see cref="Aggregation.Avg"/>.</param>
/// <param name="Min">Least of the rows (hours, days) or of the days with data (longer buckets of an amount).</param>
/// <param name="Max">Greatest, likewise.</param>
/// <param name="Count">Rows that fed the bucket.</param>
/// <param name="Latest">Value of the row with the latest start, which is <paramref name="LatestAt"/>.</param>
/// <param name="Grain">The finest that fed the bucket.</param>
public readonly record struct Figures(
    double Sum, double Average, double Min, double Max, long Count, double Latest, Instant LatestAt, Grain Grain)
{
    public double Of(Aggregation aggregation) => aggregation switch
    {
        Aggregation.Sum => Sum,
        Aggregation.Avg => Average,
        Aggregation.Min => Min,
        Aggregation.Max => Max,
        Aggregation.Count => Count,
        Aggregation.Latest => Latest,
        _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "No such aggregation."),
    };
}
