namespace HealthExport.Reading;

/// <summary>
/// A key of the payload came again with another value, after items of the first had been handed out: the last one wins,
/// so those items must not be stored. Roll back and read the payload again with <c>thorough: true</c>.
/// </summary>
public sealed class RepeatedKeyException()
    : Exception("A key of the payload is repeated; what was read so far does not hold.");
