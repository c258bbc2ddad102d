using HealthExport.Pushes;
using HealthExport.Sleep;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresPushTransaction
{
    public ValueTask<Stored<SleepStage>?[]> FindAsync(
        IReadOnlyList<SleepStage> rows, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        _sources.Trim();
        await _sources.LookUpAsync(rows.Select(row => row.Source), cancellationToken);
        var found = new Stored<SleepStage>?[rows.Count];
        int[] places = [.. Enumerable.Range(0, rows.Count)
            .Where(i => _sources.Find(rows[i].Source) is not null && PostgresText.IsStorable(rows[i].Stage))];
        if (places.Length == 0) return found;
        await using var find = new NpgsqlCommand(
            """
            select w.at::int, s.end_at, s.utc_offset, s.stage_as_sent, s.extra, s.ingestion
            from unnest($2, $3, $4) with ordinality w (start_at, stage, source_id, at)
            cross join lateral (
                select end_at, utc_offset, stage_as_sent, extra, ingestion
                from sleep_stages
                where user_id = $1 and start_at = w.start_at and stage = w.stage and source_id = w.source_id
                offset 0) s
            """,
            _connection);
        BindKeys(find.Parameters, [.. places.Select(at => rows[at])]);
        await using var stored = await find.ExecuteReaderAsync(cancellationToken);
        while (await stored.ReadAsync(cancellationToken))
        {
            var at = places[stored.GetInt32(0) - 1];
            found[at] = new(
                new()
                {
                    StartAt = rows[at].StartAt,
                    EndAt = stored.GetInstant(1),
                    OffsetMinutes = stored.GetInt16(2),
                    Stage = rows[at].Stage,
                    StageAsSent = stored.FindString(3),
                    Source = rows[at].Source,
                    Extra = stored.FindString(4),
                },
                stored.GetInt64(5));
        }
        return found;
    });

    public ValueTask WriteAsync(
        IReadOnlyList<SleepStage> rows, ReadOnlyMemory<RowChange> changes, CancellationToken cancellationToken) =>
        WriteAsync(async () =>
        {
            _sources.Trim();
            await _sources.AddAsync(rows.Select(row => row.Source), cancellationToken);
            const string Insert =
                """
                insert into sleep_stages (
                    user_id, ingestion, start_at, stage, source_id, end_at, stage_as_sent, extra, utc_offset)
                select $1, $2, n.*
                from unnest($3, $4, $5, $6, $7, $8, $9) n
                """;
            await RunAsync(Insert, rows, changes, RowChange.Insert, BindStages, cancellationToken);
            // Those are there: see UpdateSamples. The first offset of a row is kept.
            await RunAsync(
                $"""
                {Insert}
                on conflict (user_id, start_at, stage, source_id) do update
                set end_at = excluded.end_at, stage_as_sent = excluded.stage_as_sent, extra = excluded.extra,
                    ingestion = excluded.ingestion
                """,
                rows, changes, RowChange.Update, BindStages, cancellationToken);
            await RunAsync(
                $"""
                {Insert}
                on conflict (user_id, start_at, stage, source_id) do update
                set ingestion = excluded.ingestion
                """,
                rows, changes, RowChange.Touch, BindStages, cancellationToken);
        }, cancellationToken);

    public ValueTask<IReadOnlyList<Stored<SleepSession>>> FindOverlappingAsync(
        SleepSession session, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        _sources.Trim();
        await _sources.LookUpAsync([session.Source], cancellationToken);
        List<Stored<SleepSession>> found = [];
        if (_sources.Find(session.Source) is not { } source) return (IReadOnlyList<Stored<SleepSession>>)found;
        // One that starts at the same time has the same key, even if it is empty.
        await using var list = new NpgsqlCommand(
            $"""
            select {SessionColumns}
            from (
                (
                    select *
                    from sleep_sessions
                    where user_id = $1 and source_id = $2 and start_at < $3 and end_at > start_at
                    order by start_at desc
                    limit {SleepSearch.MostAcross})
                union all
                (
                    select *
                    from sleep_sessions
                    where user_id = $1 and source_id = $2 and start_at = $3)
                union all
                (
                    select *
                    from sleep_sessions
                    where user_id = $1 and source_id = $2 and start_at > $3 and start_at < $4 and end_at > start_at)
                ) s
            where start_at = $3 or end_at > $3
            order by start_at
            """,
            _connection);
        list.Parameters.Bind(User).Bind(source).Bind(session.StartAt).Bind(session.EndAt);
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) found.Add(ReadSession(row, session.Source));
        return found;
    });

    public ValueTask ReplaceAsync(
        SleepSession session, IReadOnlyList<SleepSession> replaced, CancellationToken cancellationToken) =>
        WriteAsync(async () =>
        {
            _sources.Trim();
            await _sources.AddAsync([session.Source, .. replaced.Select(old => old.Source)], cancellationToken);
            foreach (var old in replaced) await MoveToRemovedAsync(old, cancellationToken);
            await using var insert = new NpgsqlCommand(
                """
                insert into sleep_sessions (
                    user_id, source_id, start_at, end_at, utc_offset, in_bed_start_at, in_bed_end_at, in_bed_minutes,
                    asleep_minutes, core_minutes, deep_minutes, rem_minutes, awake_minutes, extra, ingestion)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                """,
                _connection);
            insert.Parameters.Bind(User).Bind(_sources.Get(session.Source))
                .Bind(session.StartAt).Bind(session.EndAt).Bind(session.OffsetMinutes)
                .Bind(session.InBedStartAt).Bind(session.InBedEndAt).Bind(session.InBedMinutes)
                .Bind(session.AsleepMinutes).Bind(session.CoreMinutes).Bind(session.DeepMinutes)
                .Bind(session.RemMinutes).Bind(session.AwakeMinutes).BindText(PostgresText.Check(session.Extra))
                .Bind(Push);
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }, cancellationToken);

    async ValueTask MoveToRemovedAsync(SleepSession old, CancellationToken cancellationToken)
    {
        var source = _sources.Get(old.Source);
        await using var take = new NpgsqlCommand(
            $"""
            delete from sleep_sessions
            where user_id = $1 and source_id = $2 and start_at = $3
            returning {SessionColumns}
            """,
            _connection);
        take.Parameters.Bind(User).Bind(source).Bind(old.StartAt);
        Stored<SleepSession> stored;
        await using (var row = await take.ExecuteReaderAsync(cancellationToken))
        {
            if (!await row.ReadAsync(cancellationToken)) MustChange(1, 0);
            stored = ReadSession(row, old.Source);
        }
        var next = await GetNextRemovedAsync(cancellationToken);
        await using var keep = new NpgsqlCommand(
            """
            insert into removed_samples (
                user_id, ingestion, ordinal, kind, metric_id, grain, start_at, source_id, end_at, utc_offset, extra,
                written_by)
            values ($1, $2, $3, 'sleep_sessions', 0, 0, $4, $5, $6, $7, $8, $9)
            """,
            _connection);
        keep.Parameters.Bind(User).Bind(Push).Bind(next)
            .Bind(stored.Row.StartAt).Bind(source).Bind(stored.Row.EndAt).Bind(stored.Row.OffsetMinutes)
            .BindText(System.Text.Encoding.UTF8.GetString(RemovedSession.Write(stored.Row))).Bind(stored.Push);
        await keep.ExecuteNonQueryAsync(cancellationToken);
        _nextRemoved = next + 1;
    }

    NpgsqlParameterCollection BindKeys(NpgsqlParameterCollection parameters, SleepStage[] rows) => parameters
        .Bind(User)
        .BindTimes(rows.Select(row => row.StartAt))
        .BindTexts(rows.Select(row => row.Stage))
        .BindNumbers(rows.Select(row => _sources.Get(row.Source)));

    NpgsqlParameterCollection BindStages(NpgsqlParameterCollection parameters, SleepStage[] rows) => parameters
        .Bind(User).Bind(Push)
        .BindTimes(rows.Select(row => row.StartAt))
        .BindTexts(rows.Select(row => row.Stage))
        .BindNumbers(rows.Select(row => _sources.Get(row.Source)))
        .BindTimes(rows.Select(row => row.EndAt))
        .BindTexts(rows.Select(row => row.StageAsSent))
        .BindTexts(rows.Select(row => row.Extra))
        .BindNumbers(rows.Select(row => row.OffsetMinutes));

    /// <summary>Runs one statement over those rows that are to be changed in one way.</summary>
    async ValueTask RunAsync<T>(
        string sql, IReadOnlyList<T> rows, ReadOnlyMemory<RowChange> changes, RowChange which,
        Func<NpgsqlParameterCollection, T[], NpgsqlParameterCollection> bind, CancellationToken cancellationToken)
    {
        T[] picked = [.. rows.Where((_, i) => changes.Span[i] == which)];
        if (picked.Length == 0) return;
        await using var command = new NpgsqlCommand(sql, _connection);
        bind(command.Parameters, picked);
        MustChange(picked.Length, await command.ExecuteNonQueryAsync(cancellationToken));
    }

    const string SessionColumns = PostgresSleepStore.SessionColumns + ", ingestion";

    static Stored<SleepSession> ReadSession(NpgsqlDataReader row, string? source) =>
        new(PostgresSleepStore.ReadSession(row, source), row.GetInt64(PostgresSleepStore.SessionWidth));
}
