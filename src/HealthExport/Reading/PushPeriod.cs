using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>
/// What the header <c>automation-period</c> says of the span that a push covers: a bucket that starts before it may be
/// only a sliver of the whole.
/// </summary>
readonly struct PushPeriod
{
    readonly Instant _receivedAt;
    readonly int? _daysBefore;

    public PushPeriod(string? header, Instant receivedAt)
    {
        _receivedAt = receivedAt;
        var period = Header.Fold(header);
        IsSinceLastSync = period is "sincelastsync" or "lastsync";
        _daysBefore = period switch
        {
            "today" => 0,
            "yesterday" or "default" => 1,
            "previous7days" => 7,
            _ => null,
        };
    }

    /// <summary>The span begins at the last sync, somewhere within the first bucket of every array.</summary>
    public bool IsSinceLastSync { get; }

    /// <summary>Whether it is known on which local day the span begins.</summary>
    public bool IsKnown => _daysBefore is not null;

    /// <summary>Whether a bucket that starts on this local day, at this offset, starts before the span.</summary>
    public bool StartsBefore(DateOnly date, int offsetMinutes) =>
        _daysBefore is { } days && date < _receivedAt.DateAt(offsetMinutes).AddDays(-days);
}
