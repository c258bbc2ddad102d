using HealthExport.Samples;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresPushTransaction
{
    const int MostMovedAtOnce = 10_000;

    // Null until it is read, and after a roll back.
    int? _nextRemoved;

    public ValueTask<int> RemoveVanishedAsync(
        Series series, Instant after, Instant before, ReadOnlyMemory<Instant> kept,
        CancellationToken cancellationToken) =>
        RunAsync(async () =>
        {
            // Outside of these there is no row, and perhaps no partition.
            if (_userMetrics.FindKeys(series.MetricId, series.Grain) is not { } keys) return 0;
            var vanished = await ListVanishedAsync(
                series, after < keys.First ? new(keys.First.Microseconds - 1) : after,
                before > keys.Last ? new(keys.Last.Microseconds + 1) : before, kept, cancellationToken);
            if (vanished.Count > 0) await SetDueSavepointAsync(cancellationToken);
            foreach (var some in vanished.Chunk(MostMovedAtOnce))
                await MoveToRemovedAsync(series, some, cancellationToken);
            foreach (var (_, _, source) in vanished) _userMetrics.Count(series.MetricId, source, -1);
            if (vanished.Count > 0) _userMetrics.NoteRemoval(series.MetricId);
            return vanished.Count;
        });

    async ValueTask<List<(Instant Start, int Source, int EffectiveSource)>> ListVanishedAsync(
        Series series, Instant after, Instant before, ReadOnlyMemory<Instant> kept, CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand(
            $"""
            select start_at, source_id, {PostgresSampleRow.EffectiveSource} as effective_source
            from samples
            where user_id = $1 and metric_id = $2 and grain = $3 and start_at > $4 and start_at < $5
                and ingestion <= $6
            order by start_at, source_id
            """,
            _connection);
        list.Parameters.Bind(User).Bind(series.MetricId).Bind((short)series.Grain).Bind(after).Bind(before).Bind(Push);
        List<(Instant, int, int)> vanished = [];
        var at = 0;
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var start = PostgresSampleRow.GetStart(row);
            while (at < kept.Length && kept.Span[at] < start) at++;
            if (at < kept.Length && kept.Span[at] == start) continue;
            vanished.Add((start, row.GetInt32(1), row.GetInt32(2)));
        }
        return vanished;
    }

    async ValueTask MoveToRemovedAsync(
        Series series, (Instant Start, int Source, int EffectiveSource)[] rows, CancellationToken cancellationToken)
    {
        var next = await GetNextRemovedAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(_connection);
        // The span holds little but these and what the push lists: hashing it is linear in the push, whatever the
        // planner thinks of the number of rows.
        batch.Add("select set_config('enable_hashjoin', 'on', true), set_config('enable_nestloop', 'off', true)");
        batch.Add(
            """
            with gone as (
                delete from samples s
                using unnest($6, $7) w (start_at, source_id)
                where s.user_id = $1 and s.metric_id = $2 and s.grain = $3 and s.start_at = w.start_at
                    and s.source_id = w.source_id and s.start_at between $4 and $5
                returning s.*)
            insert into removed_samples (
                user_id, ingestion, ordinal, kind, metric_id, grain, start_at, source_id, end_at, value, min, max,
                utc_offset, reported_source_id, sent_unit, extra, written_by)
            select user_id, $8, $9 - 1 + (row_number() over (order by start_at, source_id))::int, 'samples', metric_id,
                grain, start_at, source_id, end_at, value, min, max, utc_offset, reported_source_id, sent_unit, extra,
                ingestion
            from gone
            """)
            .Bind(User).Bind(series.MetricId).Bind((short)series.Grain).Bind(rows[0].Start).Bind(rows[^1].Start)
            .BindTimes(rows.Select(one => one.Start)).BindNumbers(rows.Select(one => one.Source))
            .Bind(Push).Bind(next);
        batch.Add("select set_config('enable_hashjoin', 'off', true), set_config('enable_nestloop', 'on', true)");
        await batch.ExecuteNonQueryAsync(cancellationToken);
        MustChange(rows.Length, (long)batch.BatchCommands[1].RecordsAffected);
        _nextRemoved = next + rows.Length;
    }

    // Tells, for keys that are not there, which push removed them last.
    async ValueTask FindRemovedAsync(
        Series series, ReadOnlyMemory<Sample> rows, Memory<StoredSample> found, CancellationToken cancellationToken)
    {
        List<int> places = [];
        for (var i = 0; i < rows.Length; i++)
            if (!found.Span[i].Exists && FindKeySource(series, rows.Span[i]) is not null) places.Add(i);
        if (places.Count == 0) return;
        await using var find = new NpgsqlCommand(
            """
            select w.at::int, r.ingestion
            from unnest($4, $5) with ordinality w (start_at, source_id, at)
            cross join lateral (
                select max(ingestion) as ingestion
                from removed_samples
                where user_id = $1 and metric_id = $2 and grain = $3 and start_at = w.start_at
                    and source_id = w.source_id and kind = 'samples'
                offset 0) r
            where r.ingestion is not null and exists (
                select 1
                from removed_samples
                where user_id = $1 and metric_id = $2 and grain = $3 and start_at between $6 and $7
                    and kind = 'samples')
            """,
            _connection);
        find.Parameters.Bind(User).Bind(series.MetricId).Bind((short)series.Grain)
            .BindTimes(places.Select(at => rows.Span[at].StartAt))
            .BindNumbers(places.Select(at => FindKeySource(series, rows.Span[at])!.Value))
            .Bind(rows.Span[0].StartAt).Bind(rows.Span[^1].StartAt);
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) found.Span[places[row.GetInt32(0) - 1]].Push = row.GetInt64(1);
    }

    // Null when the user has no such source, and so no such row.
    int? FindKeySource(Series series, in Sample row) => series.KeyHasSource ? _sources.Find(row.Source) : 0;

    async ValueTask<int> GetNextRemovedAsync(CancellationToken cancellationToken) =>
        _nextRemoved ?? await ReadNextOrdinalAsync(
            """
            select coalesce(max(ordinal) + 1, 0)
            from removed_samples
            where user_id = $1 and ingestion = $2
            """,
            cancellationToken);

    async ValueTask<int> ReadNextOrdinalAsync(string sql, CancellationToken cancellationToken)
    {
        await using var read = new NpgsqlCommand(sql, _connection);
        read.Parameters.Bind(User).Bind(Push);
        return (int)(await read.ExecuteScalarAsync(cancellationToken))!;
    }
}
