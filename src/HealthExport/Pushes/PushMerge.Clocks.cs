using HealthExport.Reading;
using HealthExport.Samples;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Pushes;

sealed partial class PushMerge
{
    // An offset of no clock: nothing is left out by it.
    const short NoOffset = short.MinValue;
    const long WestMost = 14 * Instant.PerHour;

    /// <summary>
    /// Puts rows whose times were read by the user's zone on the clock of what is stored of the same dates, where that
    /// is another. Where nothing foreign is stored it costs one look-up for each stretch of one offset.
    /// </summary>
    async ValueTask PutOnStoredClockAsync(SampleRun run, int metricId)
    {
        if (!run.Array.IsOnWallClock || zone is null || run.Array.Grain is not (Grain.Minute or Grain.Hour)) return;
        var spans = ListSpans(run.Samples);
        List<LocalHour> stored = [];
        foreach (var (first, last, own) in spans)
        {
            var foreign = await transaction.ListLocalHoursAsync(metricId, first, last, own, cancellationToken);
            if (!foreign.Any(hour => !StoredClock.IsOwn(hour, zone))) continue;
            stored.AddRange(
                await transaction.ListLocalHoursAsync(metricId, first, last, NoOffset, cancellationToken));
        }
        // Spans touch at the edges: what both have says the same twice.
        if (stored.Count > 0) new StoredClock(stored, zone).Settle(run.Samples);
    }

    /// <summary>
    /// The instants that, by any clock, the dates of consecutive rows with one offset can have.
    /// </summary>
    static List<(Instant First, Instant Last, short Offset)> ListSpans(ReadOnlySpan<Sample> rows)
    {
        List<(Instant, Instant, short)> spans = [];
        for (int i = 0, start = 0; i < rows.Length; i++)
        {
            if (i + 1 < rows.Length && rows[i + 1].OffsetMinutes == rows[i].OffsetMinutes) continue;
            var (first, last) = (rows[start].StartAt, rows[start].StartAt);
            foreach (ref readonly var row in rows[start..(i + 1)])
            {
                if (row.StartAt < first) first = row.StartAt;
                if (row.StartAt > last) last = row.StartAt;
            }
            var offset = rows[i].OffsetMinutes;
            spans.Add((
                new(DayOf(first, offset) - WestMost), new(DayOf(last, offset) + Instant.PerDay + WestMost), offset));
            start = i + 1;
        }
        return spans;

        static long DayOf(Instant at, short offset) =>
            new Instant(at.Microseconds + offset * Instant.PerMinute).FloorTo(Instant.PerDay).Microseconds;
    }

    /// <summary>
    /// Finds, for workouts that are not stored at their times, those that the same clock shows at another offset: one of
    /// CSV, whose times have none, is the one that came with its own, and the other way round.
    /// </summary>
    /// <param name="sent">Those found get the times of what is stored, as far as theirs were only guessed.</param>
    async ValueTask FindByClockAsync(Workout[] sent, Stored<Workout>?[] found)
    {
        var taken = found.Select(stored => stored?.Row.Id).ToHashSet();
        for (var i = 0; i < sent.Length; i++)
        {
            if (found[i] is not null) continue;
            var same = sent[i].IsOnWallClock ? await FindWithOffsetAsync(sent[i]) : await FindWithoutOffsetAsync(sent[i]);
            if (same is null || !taken.Add(same.Row.Id)) continue;
            if (sent[i].IsOnWallClock)
                sent[i] = sent[i] with
                {
                    StartAt = same.Row.StartAt, EndAt = same.Row.EndAt, OffsetMinutes = same.Row.OffsetMinutes,
                };
            // The offset of a row stays what it was, but for one that was only guessed.
            else same = same with { Row = same.Row with { OffsetMinutes = sent[i].OffsetMinutes } };
            found[i] = same;
        }
    }

    async ValueTask<Stored<Workout>?> FindWithOffsetAsync(Workout sent)
    {
        var others = await transaction.FindAroundAsync(
            new(sent.StartAt.Microseconds - 2 * WestMost), new(sent.StartAt.Microseconds + 2 * WestMost),
            cancellationToken);
        return others.Where(other => IsByOtherClock(sent, other))
            .MinBy(other => Math.Abs((other.DurationSeconds - sent.DurationSeconds) ?? 0)) is { } same
            ? (await transaction.FindAsync([same], cancellationToken))[0]
            : null;
    }

    static bool IsByOtherClock(Workout sent, Workout other) =>
        sent.OffsetMinutes != other.OffsetMinutes
        && (sent.Activity is null || other.Activity is null || sent.Activity == other.Activity)
        && WallMinute(sent.StartAt, sent.OffsetMinutes) == WallMinute(other.StartAt, other.OffsetMinutes)
        && (sent.DurationSeconds is { } one && other.DurationSeconds is { } another
            ? Math.Abs(one - another) < 1
            : WallMinute(sent.EndAt, sent.OffsetMinutes) == WallMinute(other.EndAt, other.OffsetMinutes));

    /// <summary>
    /// Looks where the zone would have put CSV of what is told with its offset: away from home, or about the time when
    /// the clock at home is put back.
    /// </summary>
    async ValueTask<Stored<Workout>?> FindWithoutOffsetAsync(Workout sent)
    {
        if (zone is null || sent.StampPrecision >= WorkoutMerge.CoarsePrecision) return null;
        var wall = sent.StartAt.Microseconds + sent.OffsetMinutes * Instant.PerMinute;
        var (before, after) = (
            Timestamps.OffsetAt(zone, wall - Instant.PerDay), Timestamps.OffsetAt(zone, wall + Instant.PerDay));
        foreach (var offset in new HashSet<short> { before, after })
        {
            if (offset == sent.OffsetMinutes) continue;
            var by = TimeSpan.FromMinutes(sent.OffsetMinutes - offset);
            var guess = sent with { StartAt = sent.StartAt + by, EndAt = sent.EndAt + by };
            if ((await transaction.FindAsync([guess], cancellationToken))[0] is { } stored
                && stored.Row is { IdIsMade: true, StampPrecision: >= WorkoutMerge.CoarsePrecision }
                && stored.Row.OffsetMinutes == offset && IsByOtherClock(sent, stored.Row)) return stored;
        }
        return null;
    }

    static Instant WallMinute(Instant at, short offset) =>
        new Instant(at.Microseconds + offset * Instant.PerMinute).FloorTo(Instant.PerMinute);
}
