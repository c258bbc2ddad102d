using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Totals;

/// <summary>
/// Tells on which local day and in which local hour a row starts: by the row's own offset, or by one zone for all rows.
/// Rows of grain day and coarser keep their own date in either case. Not for concurrent use.
/// </summary>
/// <param name="zone">Null for each row's own offset.</param>
public sealed class LocalClock(TimeZoneInfo? zone = null)
{
    long _quarter = long.MinValue;
    int _offset;

    public bool HasZone => zone is not null;

    /// <summary>Minutes east of UTC that the clock shows when the row starts.</summary>
    public int OffsetOf(in SampleRow row) =>
        zone is null || row.Grain >= Grain.Day ? row.Row.OffsetMinutes : OffsetAt(row.Row.StartAt);

    public DateOnly DateOf(in SampleRow row) =>
        row.Grain >= Grain.Day ? row.LocalDate : row.Row.StartAt.DateAt(OffsetOf(row));

    /// <summary>
    /// The instant the local hour of a row begins. Two hours that both show 02:00 are two instants; in a zone at half
    /// past the hour, hours begin at half past in UTC.
    /// </summary>
    public Instant HourOf(in SampleRow row)
    {
        var offset = OffsetOf(row) * Instant.PerMinute;
        var local = new Instant(row.Row.StartAt.Microseconds + offset).FloorTo(Instant.PerHour);
        return new(local.Microseconds - offset);
    }

    /// <summary>The offset of the earliest row finer than a week, the least where several are; null without any.
    /// </summary>
    internal int? EarliestOffset(DayRows day) => EarliestOffset(day.Samples, day.Minutes, day.Hours, day.Days);

    /// <inheritdoc cref="EarliestOffset(DayRows)"/>
    internal int? EarliestOffset(params ReadOnlySpan<List<SampleRow>> all)
    {
        (Instant At, int Offset)? earliest = null;
        foreach (var rows in all)
        {
            foreach (var row in rows)
            {
                var at = row.StartInstant;
                if (earliest is { } other && at > other.At) continue;
                var offset = OffsetOf(row);
                if (earliest is null || at < earliest.Value.At || offset < earliest.Value.Offset)
                    earliest = (at, offset);
            }
        }
        return earliest?.Offset;
    }

    /// <summary>When a local day begins.</summary>
    /// <param name="ownOffset">What holds where there is no zone.</param>
    public (Instant Start, int Offset) StartOf(DateOnly date, int ownOffset)
    {
        var midnight = Instant.From(date).Microseconds;
        if (zone is null) return (new(midnight - ownOffset * Instant.PerMinute), ownOffset);
        // The first minute that shows this date; where the clock skips midnight, that is not 00:00.
        long before = midnight - Instant.PerDay, from = midnight + Instant.PerDay;
        while (from - before > Instant.PerMinute)
        {
            var middle = new Instant(before + (from - before) / 2).FloorTo(Instant.PerMinute);
            if (middle.DateAt(OffsetAt(middle)) < date) before = middle.Microseconds;
            else from = middle.Microseconds;
        }
        return (new(from), OffsetAt(new(from)));
    }

    int OffsetAt(Instant at)
    {
        // Zones change their offset on quarters of an hour: rows of one quarter need one look-up.
        var quarter = at.FloorTo(Instant.PerHour / 4).Microseconds;
        if (quarter != _quarter)
        {
            _quarter = quarter;
            _offset = (int)zone!.GetUtcOffset(new Instant(quarter).At(0)).TotalMinutes;
        }
        return _offset;
    }
}
