namespace HealthExport.Samples;

/// <summary>The rows of one metric and one grain: what a key is unique within, beside start and source.</summary>
/// <param name="MetricId">The store's number for the metric.</param>
/// <param name="Grain">From day on, and for minute and hour, the source is no part of the key.</param>
public readonly record struct Series(int MetricId, Grain Grain)
{
    /// <summary>Whether two sources at the same start are two rows.</summary>
    public bool KeyHasSource => Grain == Grain.Sample;
}
