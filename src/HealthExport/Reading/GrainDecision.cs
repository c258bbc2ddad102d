using HealthExport.Catalogue;
using HealthExport.Samples;

namespace HealthExport.Reading;

/// <summary>The grain of one metric array, and how sure it is.</summary>
/// <param name="IsContradicted">The header named a grain that the stamps do not bear out: it was inferred.</param>
/// <param name="ListsEveryBucket">The header named buckets, and the stamps bear it out.</param>
readonly record struct GrainDecision(Grain Grain, bool IsContradicted, bool ListsEveryBucket)
{
    /// <summary>Whether the array's rows are samples, whatever its stamps.</summary>
    public static bool IsCertainlySample(Metric metric, AggregationHeader aggregation) =>
        aggregation.Explicit == Grain.Sample
        || (aggregation.Explicit is null
            && (metric.Kind == MetricKind.Discrete
                || (aggregation.IsDefault && metric.Shape == MetricShape.MinAvgMax)));

    public static GrainDecision Make(Metric metric, AggregationHeader aggregation, StampPattern stamps)
    {
        if (IsCertainlySample(metric, aggregation)) return new(Grain.Sample, false, false);
        var isCumulative = metric.Kind == MetricKind.Cumulative;
        if (aggregation.Explicit is { } grain && stamps.Bears(grain))
            return new(grain, false, isCumulative);
        return new(isCumulative ? Infer(aggregation, stamps) : Grain.Sample, aggregation.Explicit is not null, false);
    }

    // The app's default interval is a minute: a lone stamp on the hour is then its first minute, not the hour.
    static Grain Infer(AggregationHeader aggregation, StampPattern stamps)
    {
        var grain = stamps.Infer();
        return aggregation.IsDefault && stamps.IsLone && grain > Grain.Minute ? Grain.Minute : grain;
    }
}
