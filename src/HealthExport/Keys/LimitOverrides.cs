namespace HealthExport.Keys;

/// <summary>
/// Where the limits of one key differ from its profile's; null where they do not. Each counts over a sliding hour, 1 or
/// more.
/// </summary>
/// <param name="IngestRequests">Requests of the class ingest.</param>
/// <param name="IngestBytes">Decoded bytes of those.</param>
/// <param name="ReadRequests">Requests of the class read.</param>
/// <param name="ReadBytes">Decoded bytes of those.</param>
public readonly record struct LimitOverrides(
    long? IngestRequests = null, long? IngestBytes = null, long? ReadRequests = null, long? ReadBytes = null)
{
    /// <summary>Whether everything is as the profile has it.</summary>
    public bool IsNone => this == default;
}
