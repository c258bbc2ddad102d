using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>A stamp as it was written.</summary>
/// <param name="At">The instant.</param>
/// <param name="OffsetMinutes">Minutes east of UTC, as written or by the person's zone.</param>
/// <param name="Precision">Microseconds of the finest field written: a day, a minute, a second, or less.</param>
public readonly record struct Timestamp(Instant At, short OffsetMinutes, long Precision);
