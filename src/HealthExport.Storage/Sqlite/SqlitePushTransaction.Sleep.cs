using HealthExport.Pushes;
using HealthExport.Sleep;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqlitePushTransaction
{
    public ValueTask<Stored<SleepStage>?[]> FindAsync(
        IReadOnlyList<SleepStage> rows, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var found = new Stored<SleepStage>?[rows.Count];
        using var find = _session.Prepare(
            """
            select end_at, utc_offset, stage_as_sent, extra, ingestion
            from sleep_stages
            where user_id = ?1 and start_at = ?2 and stage = ?3 and source_id = ?4
            """);
        find.Bind(1, User);
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            if (_sources.Find(row.Source) is not { } source) continue;
            if (find.Bind(2, row.StartAt).Bind(3, row.Stage).Bind(4, source).Step())
            {
                found[i] = new(
                    new()
                    {
                        StartAt = row.StartAt,
                        EndAt = find.GetInstant(0),
                        OffsetMinutes = (short)find.GetInt64(1),
                        Stage = row.Stage,
                        StageAsSent = find.FindString(2),
                        Source = row.Source,
                        Extra = find.FindString(3),
                    },
                    find.GetInt64(4));
            }
            find.Reset();
        }
        return new(found);
    }

    public ValueTask WriteAsync(
        IReadOnlyList<SleepStage> rows, ReadOnlyMemory<RowChange> changes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        for (var i = 0; i < rows.Count; i++)
        {
            switch (changes.Span[i])
            {
                case RowChange.Insert:
                    Insert(rows[i]);
                    break;
                case RowChange.Update:
                    Update(rows[i]);
                    break;
                case RowChange.Touch:
                    Touch(rows[i]);
                    break;
            }
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<Stored<SleepSession>>> FindOverlappingAsync(
        SleepSession session, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_sources.Find(session.Source) is not { } source) return new([]);
        // One that starts at the same time has the same key, even if it is empty. The index is named because the
        // planner would take the key, in which other sources' sessions lie between.
        using var list = _session.Prepare(
            $"""
            select {SessionColumns}
            from (
                select *
                from (
                    select *
                    from sleep_sessions indexed by sleep_sessions_source
                    where user_id = ?1 and source_id = ?2 and start_at < ?3 and end_at > start_at
                    order by start_at desc
                    limit {SleepSearch.MostAcross})
                union all
                select *
                from sleep_sessions
                where user_id = ?1 and source_id = ?2 and start_at = ?3
                union all
                select *
                from sleep_sessions indexed by sleep_sessions_source
                where user_id = ?1 and source_id = ?2 and start_at > ?3 and start_at < ?4 and end_at > start_at)
            where start_at = ?3 or end_at > ?3
            order by start_at
            """);
        list.Bind(1, User).Bind(2, source).Bind(3, session.StartAt).Bind(4, session.EndAt);
        var found = new List<Stored<SleepSession>>();
        while (list.Step()) found.Add(ReadSession(list));
        return new(found);
    }

    public ValueTask ReplaceAsync(
        SleepSession session, IReadOnlyList<SleepSession> replaced, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var old in replaced) MoveToRemoved(old);
        using var insert = _session.Prepare(
            """
            insert into sleep_sessions (
                user_id, source_id, start_at, end_at, utc_offset, in_bed_start_at, in_bed_end_at, in_bed_minutes,
                asleep_minutes, core_minutes, deep_minutes, rem_minutes, awake_minutes, extra, ingestion)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
            """);
        insert.Bind(1, User).Bind(2, _sources.GetOrAdd(session.Source))
            .Bind(3, session.StartAt).Bind(4, session.EndAt).Bind(5, session.OffsetMinutes)
            .Bind(6, session.InBedStartAt).Bind(7, session.InBedEndAt).Bind(8, session.InBedMinutes)
            .Bind(9, session.AsleepMinutes).Bind(10, session.CoreMinutes).Bind(11, session.DeepMinutes)
            .Bind(12, session.RemMinutes).Bind(13, session.AwakeMinutes).Bind(14, session.Extra).Bind(15, Push).Run();
        return ValueTask.CompletedTask;
    }

    void Insert(SleepStage row)
    {
        using var insert = _session.Prepare(
            """
            insert into sleep_stages (
                user_id, start_at, stage, source_id, end_at, stage_as_sent, extra, ingestion, utc_offset)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """);
        MustChangeOne(Bind(insert, row).Bind(9, row.OffsetMinutes).Run());
    }

    void Update(SleepStage row)
    {
        // The first offset of a row is kept.
        using var update = _session.Prepare(
            """
            update sleep_stages
            set end_at = ?5, stage_as_sent = ?6, extra = ?7, ingestion = ?8
            where user_id = ?1 and start_at = ?2 and stage = ?3 and source_id = ?4
            """);
        MustChangeOne(Bind(update, row).Run());
    }

    SqliteStatement Bind(SqliteStatement statement, SleepStage row) => statement
        .Bind(1, User).Bind(2, row.StartAt).Bind(3, row.Stage).Bind(4, _sources.GetOrAdd(row.Source))
        .Bind(5, row.EndAt).Bind(6, row.StageAsSent).Bind(7, row.Extra).Bind(8, Push);

    void Touch(SleepStage row)
    {
        using var touch = _session.Prepare(
            """
            update sleep_stages
            set ingestion = ?5
            where user_id = ?1 and start_at = ?2 and stage = ?3 and source_id = ?4
            """);
        MustChangeOne(touch
            .Bind(1, User).Bind(2, row.StartAt).Bind(3, row.Stage).Bind(4, _sources.Find(row.Source) ?? -1)
            .Bind(5, Push).Run());
    }

    void MoveToRemoved(SleepSession old)
    {
        using var find = _session.Prepare(
            $"""
            select {SessionColumns}
            from sleep_sessions
            where user_id = ?1 and source_id = ?2 and start_at = ?3
            """);
        var source = _sources.Find(old.Source) ?? -1;
        if (!find.Bind(1, User).Bind(2, source).Bind(3, old.StartAt).Step()) MustChangeOne(0);
        var (stored, writtenBy) = ReadSession(find);

        using var keep = _session.Prepare(
            """
            insert into removed_samples (
                user_id, ingestion, ordinal, kind, metric_id, grain, start_at, source_id, end_at, utc_offset, extra,
                written_by)
            values (?1, ?2, ?3, 'sleep_sessions', 0, 0, ?4, ?5, ?6, ?7, ?8, ?9)
            """);
        keep.Bind(1, User).Bind(2, Push).Bind(3, TakeRemovedOrdinal())
            .Bind(4, stored.StartAt).Bind(5, source).Bind(6, stored.EndAt).Bind(7, stored.OffsetMinutes)
            .BindText(8, RemovedSession.Write(stored)).Bind(9, writtenBy).Run();

        using var delete = _session.Prepare(
            """
            delete from sleep_sessions
            where user_id = ?1 and source_id = ?2 and start_at = ?3
            """);
        MustChangeOne(delete.Bind(1, User).Bind(2, source).Bind(3, stored.StartAt).Run());
    }

    const string SessionColumns = SqliteSleepStore.SessionColumns + ", source_id, ingestion";

    Stored<SleepSession> ReadSession(SqliteStatement row) => new(
        SqliteSleepStore.ReadSession(row, _sources.GetText(row.GetInt64(SqliteSleepStore.SessionWidth))),
        row.GetInt64(SqliteSleepStore.SessionWidth + 1));
}
