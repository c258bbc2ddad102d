using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqlitePushTransaction
{
    // Null until it is read, and after a roll back.
    long? _nextRemoved;

    public ValueTask<int> RemoveVanishedAsync(
        Series series, Instant after, Instant before, ReadOnlyMemory<Instant> kept, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var vanished = ListVanished(series, after, before, kept.Span);
        foreach (var (start, source, effectiveSource) in vanished)
        {
            MoveToRemoved(series, start, source);
            _userMetrics.Count(series.MetricId, effectiveSource, -1);
        }
        if (vanished.Count > 0) _userMetrics.Touch(series);
        return new(vanished.Count);
    }

    List<(long Start, long Source, long EffectiveSource)> ListVanished(
        Series series, Instant after, Instant before, ReadOnlySpan<Instant> kept)
    {
        using var list = _session.Prepare(
            $"""
            select start_at, source_id, {SqliteSampleRow.EffectiveSource}, ingestion
            from samples
            where user_id = ?1 and metric_id = ?2 and grain = ?3 and start_at > ?4 and start_at < ?5
            order by start_at, source_id
            """);
        list.Bind(1, User).Bind(2, series.MetricId).Bind(3, (long)series.Grain)
            .Bind(4, after.Microseconds).Bind(5, before.Microseconds);
        var vanished = new List<(long, long, long)>();
        while (list.Step())
        {
            var start = list.GetInt64(0);
            while (kept is [var first, ..] && first.Microseconds < start) kept = kept[1..];
            if (kept is [var same, ..] && same.Microseconds == start) continue;
            if (list.GetInt64(3) <= Push) vanished.Add((start, list.GetInt64(1), list.GetInt64(2)));
        }
        return vanished;
    }

    void MoveToRemoved(Series series, long start, long source)
    {
        using var keep = _session.Prepare(
            """
            insert into removed_samples (
                user_id, ingestion, ordinal, kind, metric_id, grain, start_at, source_id, end_at, value, min, max,
                utc_offset, reported_source_id, sent_unit, extra, written_by)
            select user_id, ?6, ?7, 'samples', metric_id, grain, start_at, source_id, end_at, value, min, max,
                utc_offset, reported_source_id, sent_unit, extra, ingestion
            from samples
            where user_id = ?1 and metric_id = ?2 and grain = ?3 and start_at = ?4 and source_id = ?5
            """);
        MustChangeOne(BindKey(keep, 1, series, start, source).Bind(6, Push).Bind(7, TakeRemovedOrdinal()).Run());
        using var delete = _session.Prepare(
            """
            delete from samples
            where user_id = ?1 and metric_id = ?2 and grain = ?3 and start_at = ?4 and source_id = ?5
            """);
        MustChangeOne(BindKey(delete, 1, series, start, source).Run());
    }

    // Tells, for keys that are not there, which push removed them last.
    void FindRemoved(Series series, ReadOnlySpan<Sample> rows, Span<StoredSample> found)
    {
        if (!AnyRemoved(series, rows[0].StartAt, rows[^1].StartAt)) return;
        using var find = _session.Prepare(
            """
            select max(ingestion)
            from removed_samples
            where user_id = ?1 and metric_id = ?2 and grain = ?3 and start_at = ?4 and source_id = ?5
                and kind = 'samples'
            """);
        for (var i = 0; i < rows.Length; i++)
        {
            if (found[i].Exists || KeySource(series, rows[i]) is not { } source) continue;
            BindKey(find, 1, series, rows[i].StartAt.Microseconds, source).Step();
            found[i].Push = find.GetInt64(0);
            find.Reset();
        }
    }

    bool AnyRemoved(Series series, Instant first, Instant last)
    {
        using var find = _session.Prepare(
            """
            select 1
            from removed_samples
            where user_id = ?1 and metric_id = ?2 and grain = ?3 and start_at between ?4 and ?5 and kind = 'samples'
            limit 1
            """);
        return find.Bind(1, User).Bind(2, series.MetricId).Bind(3, (long)series.Grain)
            .Bind(4, first.Microseconds).Bind(5, last.Microseconds).Step();
    }

    long TakeRemovedOrdinal()
    {
        var next = _nextRemoved ?? ReadNextOrdinal(
            """
            select coalesce(max(ordinal) + 1, 0)
            from removed_samples
            where user_id = ?1 and ingestion = ?2
            """);
        _nextRemoved = next + 1;
        return next;
    }

    long ReadNextOrdinal(string sql)
    {
        using var read = _session.Prepare(sql);
        read.Bind(1, User).Bind(2, Push).Step();
        return read.GetInt64(0);
    }
}
