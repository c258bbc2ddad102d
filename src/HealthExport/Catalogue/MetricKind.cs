namespace HealthExport.Catalogue;

/// <summary>How the values of a metric combine over time.</summary>
public enum MetricKind : byte
{
    /// <summary>A measurement: values of a span are averaged, never added. Also what the catalogue lacks.</summary>
    Discrete = 0,

    /// <summary>An amount: values of a span are added.</summary>
    Cumulative = 1,
}
