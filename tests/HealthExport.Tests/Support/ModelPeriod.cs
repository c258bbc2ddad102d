using HealthExport.Samples;

namespace HealthExport.Tests.Support;

/// <summary>Which buckets of a push may be slivers: cut off by the period that the push covers.</summary>
static class ModelPeriod
{
    /// <param name="first">The array's earliest stamp.</param>
    public static bool MayBeSliver(
        string? period, DateTimeOffset stamp, DateTimeOffset first, Grain grain, DateTimeOffset receivedAt)
    {
        var word = period?.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();
        if (word == "sincelastsync") return ModelGrain.KeyOf(stamp, grain) == ModelGrain.KeyOf(first, grain);
        int? daysBack = word switch { "today" => 0, "yesterday" => 1, "default" => 1, "previous7days" => 7, _ => null };
        if (daysBack is not { } days) return false;
        var begins = ModelGrain.Floor(receivedAt.ToOffset(stamp.Offset), Grain.Day).AddDays(-days);
        return ModelGrain.Floor(stamp, grain) < begins;
    }
}
