using HealthExport.Samples;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresUserMetrics
{
    // What is looked for is nearly always in the first.
    const long NarrowestWindow = 40 * Instant.PerDay;

    static readonly Grain[] s_everyGrain = Enum.GetValues<Grain>();

    /// <summary>Adds to a batch what brings the tables up to date. Looks at rows before, where it must.</summary>
    public async ValueTask AddSaveAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        Settle();
        AddSourceCounts(batch);
        List<int> gone = [];
        Dictionary<int, Known> saved = [];
        Dictionary<int, Instant> changedLast = [];
        foreach (var metric in _written.Keys.Union(_lastUpdated.Keys).Union(_removedFrom))
        {
            _known.TryGetValue(metric, out var known);
            var count = (known?.Count ?? 0) + _written.GetValueOrDefault(metric);
            if (count <= 0)
            {
                if (known is not null) gone.Add(metric);
                continue;
            }
            if (InferEnds(metric, known) is { } ends)
            {
                saved[metric] = ends with { Count = count };
                if (_lastUpdated.TryGetValue(metric, out var updated)
                    && updated.Microseconds + TimeSpanBounds.OffsetReach >= ends.LastAt.Microseconds)
                    changedLast[metric] = ends.LastAt;
            }
            else if (await FindEndsAsync(metric, known, cancellationToken) is { } found)
                saved[metric] = found with { Count = count };
        }
        await LookAtLastAsync(changedLast, saved, cancellationToken);
        foreach (var (metric, known) in _known)
            if (saved.TryGetValue(metric, out var same) && same == known) saved.Remove(metric);
        if (saved.Count > 0) AddSave(batch, saved);
        if (gone.Count > 0)
            batch.Add(
                """
                delete from user_metrics
                where user_id = $1 and metric_id = any($2)
                """).Bind(userId).BindNumbers(gone);
    }

    // What the ends are when rows were only added and updated; null when that does not decide it.
    Known? InferEnds(int metric, Known? known)
    {
        if (_removedFrom.Contains(metric)) return null;
        if (!_endsBefore.TryGetValue(metric, out var added)) return known;
        var (first, last) = (added.First, added.Last);
        if (known is null)
            return new(0, first.At, first.OffsetMinutes, last.At, last.OffsetMinutes, last.Value, added.Grains);
        if (first.At == known.FirstAt || last.At == known.LastAt) return null;
        var isFirst = first.At < known.FirstAt;
        var isLast = last.At > known.LastAt;
        return known with
        {
            FirstAt = isFirst ? first.At : known.FirstAt,
            FirstOffset = isFirst ? first.OffsetMinutes : known.FirstOffset,
            LastAt = isLast ? last.At : known.LastAt,
            LastOffset = isLast ? last.OffsetMinutes : known.LastOffset,
            Latest = isLast ? last.Value : known.Latest,
            Grains = known.Grains | added.Grains,
        };
    }

    // The last row of each of these metrics is where it was, but perhaps not what it was.
    async ValueTask LookAtLastAsync(
        Dictionary<int, Instant> lastAt, Dictionary<int, Known> saved, CancellationToken cancellationToken)
    {
        if (lastAt.Count == 0) return;
        await using var look = new NpgsqlCommand(
            """
            select w.metric_id, s.utc_offset, s.value
            from unnest($2, $3) w (metric_id, at)
            cross join lateral (
                (
                    select grain, utc_offset, value
                    from samples
                    where user_id = $1 and metric_id = w.metric_id and grain in (0, 1, 2) and start_at = w.at
                        and start_at between $4 and $5
                    order by grain, utc_offset desc, value desc nulls last
                    limit 1)
                union all
                (
                    select grain, utc_offset, value
                    from samples
                    where user_id = $1 and metric_id = w.metric_id and grain in (3, 4, 5, 6)
                        and start_at between w.at - interval '15 hours' and w.at + interval '15 hours'
                        and start_at between $4 - interval '15 hours' and $5 + interval '15 hours'
                        and start_at - utc_offset * interval '1 minute' = w.at
                    order by grain, utc_offset desc, value desc nulls last
                    limit 1)
                order by grain
                limit 1) s
            """,
            connection);
        look.Parameters.Bind(userId).BindNumbers(lastAt.Keys).BindTimes(lastAt.Values)
            .Bind(lastAt.Values.Min()).Bind(lastAt.Values.Max());
        await using var row = await look.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var metric = row.GetInt32(0);
            saved[metric] = saved[metric] with
            {
                LastOffset = row.GetInt16(1), Latest = row.IsDBNull(2) ? double.NaN : row.GetDouble(2),
            };
        }
    }

    async ValueTask<Known?> FindEndsAsync(int metric, Known? known, CancellationToken cancellationToken)
    {
        var grains = (known?.Grains ?? 0) | (_endsBefore.TryGetValue(metric, out var added) ? added.Grains : 0);
        MetricEnds? ends = null;
        foreach (var grain in s_everyGrain)
        {
            if ((grains & 1 << (int)grain) == 0 || FindKeys(metric, grain) is not { } keys) continue;
            Series series = new(metric, grain);
            if (await FindEndAsync(series, keys, isFirst: true, cancellationToken) is not { } first) continue;
            var last = await FindEndAsync(series, keys, isFirst: false, cancellationToken) ?? first;
            var found = MetricEnds.Of(first).With(MetricEnds.Of(last));
            ends = ends is { } former ? former.With(found) : found;
        }
        return ends is not { } all ? null : new(
            0, all.First.At, all.First.OffsetMinutes, all.Last.At, all.Last.OffsetMinutes, all.Last.Value, all.Grains);
    }

    // Window by window from one end, so that few partitions are touched.
    async ValueTask<MetricEnd?> FindEndAsync(
        Series series, (Instant First, Instant Last) keys, bool isFirst, CancellationToken cancellationToken)
    {
        var direction = isFirst ? "asc" : "desc";
        // From day on, rows lie in the order of their dates; offsets differ by up to 26 hours, so that of two
        // neighbouring days the later date may begin the earlier. Never of three.
        var reach = series.Grain >= Grain.Day ? 2 * TimeSpanBounds.OffsetReach : 0;
        var (first, last) = (keys.First.Microseconds, keys.Last.Microseconds);
        for (var width = NarrowestWindow; first <= last; width *= 4)
        {
            var from = isFirst ? first : Math.Max(first, last - width) - reach;
            var to = isFirst ? Math.Min(last, first + width) + reach : last;
            await using var find = new NpgsqlCommand(
                $"""
                select start_at, utc_offset, value
                from samples
                where user_id = $1 and metric_id = $2 and grain = $3 and start_at between $4 and $5
                order by start_at {direction}, utc_offset {direction}{(isFirst ? "" : ", value desc nulls last")}
                limit {(reach == 0 ? 1 : 2)}
                """,
                connection);
            find.Parameters.Bind(userId).Bind(series.MetricId).Bind((short)series.Grain)
                .Bind(new Instant(from)).Bind(new Instant(to));
            MetricEnd? outermost = null;
            await using (var row = await find.ExecuteReaderAsync(cancellationToken))
                while (await row.ReadAsync(cancellationToken))
                {
                    var end = MetricEnd.Of(series.Grain, new()
                    {
                        StartAt = row.GetInstant(0), OffsetMinutes = row.GetInt16(1),
                        Value = row.IsDBNull(2) ? double.NaN : row.GetDouble(2),
                    });
                    if (outermost is not { } known || (isFirst ? end.IsBefore(known) : end.IsAfter(known)))
                        outermost = end;
                }
            if (outermost is not null) return outermost;
            if (isFirst) first += width + 1;
            else last -= width + 1;
        }
        return null;
    }

    void AddSave(NpgsqlBatch batch, Dictionary<int, Known> saved)
    {
        batch.Add(
            """
            insert into user_metrics (
                user_id, metric_id, count, first_at, first_offset, last_at, last_offset, latest_value, grains)
            select $1, m.*
            from unnest($2, $3, $4, $5, $6, $7, $8, $9) m
            on conflict (user_id, metric_id) do update
            set count = excluded.count, first_at = excluded.first_at, first_offset = excluded.first_offset,
                last_at = excluded.last_at, last_offset = excluded.last_offset,
                latest_value = excluded.latest_value, grains = excluded.grains
            """)
            .Bind(userId)
            .BindNumbers(saved.Keys)
            .BindNumbers(saved.Values.Select(one => one.Count))
            .BindTimes(saved.Values.Select(one => one.FirstAt))
            .BindNumbers(saved.Values.Select(one => one.FirstOffset))
            .BindTimes(saved.Values.Select(one => one.LastAt))
            .BindNumbers(saved.Values.Select(one => one.LastOffset))
            .BindMeasures(saved.Values.Select(one => one.Latest))
            .BindNumbers(saved.Values.Select(one => one.Grains));
    }

    /// <summary>Writes the counts up to the savepoint, which is not set yet.</summary>
    public async ValueTask SaveSourcesAsync(CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        AddSourceCounts(batch);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    void AddSourceCounts(NpgsqlBatch batch)
    {
        foreach (var ((metric, _), more) in _before) _written[metric] = _written.GetValueOrDefault(metric) + more;
        var counts = _before.Where(one => one.Key.Source != 0 && one.Value != 0).ToList();
        _before.Clear();
        if (counts.Count == 0) return;
        batch.Add(
            """
            insert into user_metric_sources (user_id, metric_id, source_id, count)
            select $1, c.*
            from unnest($2, $3, $4) c
            on conflict (user_id, metric_id, source_id) do update
            set count = user_metric_sources.count + excluded.count
            """)
            .Bind(userId)
            .BindNumbers(counts.Select(one => one.Key.Metric))
            .BindNumbers(counts.Select(one => one.Key.Source))
            .BindNumbers(counts.Select(one => one.Value));
        var fewer = counts.Where(one => one.Value < 0).ToList();
        if (fewer.Count == 0) return;
        batch.Add(
            """
            delete from user_metric_sources
            where user_id = $1 and metric_id = any($2) and count <= 0
            """)
            .Bind(userId)
            .BindNumbers(fewer.Select(one => one.Key.Metric).Distinct());
    }
}
