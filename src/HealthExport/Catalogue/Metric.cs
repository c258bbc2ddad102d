namespace HealthExport.Catalogue;

public sealed class Metric
{
    public required string Name { get; init; }
    public required string Unit { get; init; }
}
