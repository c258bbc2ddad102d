namespace HealthExport.Keys;

/// <summary>
/// Where the limits of one key differ from its profile's; null where they do not. Each counts over a sliding hour, from
/// 1 to <see cref="Most"/>.
/// </summary>
/// <param name="IngestRequests">Requests of the class ingest.</param>
/// <param name="IngestBytes">Bytes of their bodies, decoded.</param>
/// <param name="ReadRequests">Requests of the class read.</param>
/// <param name="ReadBytes">Bytes of their bodies, decoded.</param>
public readonly record struct LimitOverrides(
    long? IngestRequests = null, long? IngestBytes = null, long? ReadRequests = null, long? ReadBytes = null)
{
    /// <summary>What every counter of a limit can hold exactly.</summary>
    public const long Most = (1L << 53) - 1;

    /// <summary>Whether everything is as the profile has it.</summary>
    public bool IsNone => this == default;
}
