using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqliteSampleStore
{
    // From day on the key is a date, and the row starts at that date less its offset.
    const string SampleFilter =
        $"""
        (?2 = 0 or {SqliteSampleRow.EffectiveSource} = ?2)
            and start_at - case when grain >= 3 then utc_offset * 60000000 else 0 end >= ?3
            and start_at - case when grain >= 3 then utc_offset * 60000000 else 0 end < ?4
        """;

    // An event without a start is as old as can be, which is what Deletion.Covers makes of it.
    const string OtherFilter =
        """
        (?2 = 0 or source_id = ?2)
            and coalesce(start_at, -9223372036854775808) >= ?3
            and coalesce(start_at, -9223372036854775808) < ?4
        """;

    /// <remarks>
    /// Sleep goes with the metric name <c>sleep_analysis</c>, workouts (their series and routes too) with
    /// <c>workouts</c>, an event with its kind, and all of them where no name is given; source and span hold for them
    /// as for samples. Only sample rows are counted. What had been superseded goes as well.
    /// </remarks>
    public async ValueTask<long> DeleteAsync(
        long userId, Deletion deletion, bool dryRun, CancellationToken cancellationToken)
    {
        if (dryRun)
        {
            using var reader = database.RentReader();
            reader.Session.BeginRead();
            return CountSamples(reader.Session, userId, deletion);
        }
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        var (samples, others) = Delete(session, userId, deletion);
        Remember(session, userId, deletion);
        if (samples + others > 0)
            SqlitePushTransaction.RaiseDataVersion(session, userId, Instant.From(clock.GetUtcNow()));
        session.Commit();
        return samples;
    }

    static long CountSamples(SqliteSession session, long userId, Deletion deletion)
    {
        if (new SqliteSources(session, userId).Find(deletion.Source) is not { } source) return 0;
        var count = 0L;
        foreach (var metric in ListMetricIds(session, userId, deletion))
            foreach (var (_, _, rows) in CountBySource(session, userId, metric, source, deletion)) count += rows;
        return count;
    }

    static (long Samples, long Others) Delete(SqliteSession session, long userId, Deletion deletion)
    {
        // A source that the user does not have covers nothing that is stored.
        if (new SqliteSources(session, userId).Find(deletion.Source) is not { } source) return (0, 0);
        var userMetrics = new SqliteUserMetrics(session, userId);
        var samples = 0L;
        foreach (var metric in ListMetricIds(session, userId, deletion))
        {
            foreach (var (grain, of, rows) in CountBySource(session, userId, metric, source, deletion))
            {
                userMetrics.Touch(new(metric, grain));
                userMetrics.Count(metric, of, -rows);
            }
            samples += DeleteSamples(session, userId, metric, source, deletion);
            SqliteDailyTotalStore.MarkChanged(session, userId, metric, deletion.From, deletion.To);
            using var forget = session.Prepare(
                $"""
                delete from removed_samples
                where user_id = ?1 and metric_id = ?5 and kind = 'samples' and {SampleFilter}
                """);
            Bind(forget, userId, source, deletion).Bind(5, metric).Run();
        }
        userMetrics.Save();
        return (samples, DeleteOthers(session, userId, source, deletion));
    }

    static long DeleteSamples(
        SqliteSession session, long userId, int metric, long source, Deletion deletion)
    {
        using var delete = session.Prepare(
            $"""
            delete from samples
            where user_id = ?1 and metric_id = ?5 and grain = ?6 and start_at between ?7 and ?8 and {SampleFilter}
            """);
        var deleted = 0L;
        foreach (var grain in EveryGrain) deleted += Bind(delete, userId, source, deletion, metric, grain).Run();
        return deleted;
    }

    static long DeleteOthers(SqliteSession session, long userId, long source, Deletion deletion)
    {
        var others = 0L;
        if (deletion.MetricName is null or ItemTypes.Sleep)
        {
            others += RunOther("delete from sleep_stages where user_id = ?1 and " + OtherFilter);
            others += RunOther("delete from sleep_sessions where user_id = ?1 and " + OtherFilter);
            RunOther("delete from removed_samples where user_id = ?1 and kind = 'sleep_sessions' and " + OtherFilter);
        }
        if (deletion.MetricName is null or ItemTypes.Workouts)
        {
            var workouts = RunOther("delete from workouts where user_id = ?1 and " + OtherFilter);
            if (workouts > 0) DeleteTracksWithoutWorkout(session, userId);
            others += workouts;
        }
        using var events = session.Prepare(
            $"""
            delete from health_events
            where user_id = ?1 and (?5 is null or kind = ?5) and {OtherFilter}
            """);
        var gone = Bind(events, userId, source, deletion).Bind(5, deletion.MetricName).Run();
        if (gone > 0) DeleteVoltagesWithoutEvent(session, userId);
        return others + gone;

        long RunOther(string sql)
        {
            using var delete = session.Prepare(sql);
            return Bind(delete, userId, source, deletion).Run();
        }
    }

    static void DeleteTracksWithoutWorkout(SqliteSession session, long userId)
    {
        using var boxes = session.Prepare(
            """
            delete from workout_route_boxes
            where id in (
                select r.rowid
                from workout_routes r
                where r.user_id = ?1 and not exists (
                    select 1
                    from workouts w
                    where w.user_id = r.user_id and w.id = r.workout_id))
            """);
        boxes.Bind(1, userId).Run();
        foreach (var table in (ReadOnlySpan<string>)["workout_routes", "workout_series"])
        {
            using var delete = session.Prepare(
                $"""
                delete from {table}
                where user_id = ?1 and not exists (
                    select 1
                    from workouts w
                    where w.user_id = {table}.user_id and w.id = {table}.workout_id)
                """);
            delete.Bind(1, userId).Run();
        }
    }

    static void DeleteVoltagesWithoutEvent(SqliteSession session, long userId)
    {
        using var delete = session.Prepare(
            """
            delete from ecg_voltages
            where user_id = ?1 and not exists (
                select 1
                from health_events e
                where e.user_id = ecg_voltages.user_id and e.kind = ecg_voltages.kind
                    and e.identity = ecg_voltages.identity)
            """);
        delete.Bind(1, userId).Run();
    }

    static IReadOnlyList<int> ListMetricIds(SqliteSession session, long userId, Deletion deletion)
    {
        if (deletion.MetricName is { } name) return SqliteMetrics.ListIds(session, name);
        using var list = session.Prepare(
            """
            select metric_id
            from user_metrics
            where user_id = ?1
            union
            select metric_id
            from removed_samples
            where user_id = ?1 and kind = 'samples'
            """);
        list.Bind(1, userId);
        var ids = new List<int>();
        while (list.Step()) ids.Add(list.GetInt32(0));
        return ids;
    }

    static List<(Grain Grain, long Source, long Rows)> CountBySource(
        SqliteSession session, long userId, int metric, long source, Deletion deletion)
    {
        using var count = session.Prepare(
            $"""
            select {SqliteSampleRow.EffectiveSource}, count(*)
            from samples
            where user_id = ?1 and metric_id = ?5 and grain = ?6 and start_at between ?7 and ?8 and {SampleFilter}
            group by 1
            """);
        var counts = new List<(Grain, long, long)>();
        foreach (var grain in EveryGrain)
        {
            Bind(count, userId, source, deletion, metric, grain);
            while (count.Step()) counts.Add((grain, count.GetInt64(0), count.GetInt64(1)));
        }
        return counts;
    }

    void Remember(SqliteSession session, long userId, Deletion deletion)
    {
        using var remember = session.Prepare(
            """
            insert into deletions (
                user_id, id, up_to_ingestion, created_at, metric_name, source, from_at, to_at)
            select ?1, coalesce((select max(id) from deletions where user_id = ?1), 0) + 1, last_ingestion, ?2, ?3, ?4,
                ?5, ?6
            from users
            where id = ?1
            """);
        remember.Bind(1, userId).Bind(2, Instant.From(clock.GetUtcNow()))
            .Bind(3, deletion.MetricName).Bind(4, deletion.Source).Bind(5, deletion.From).Bind(6, deletion.To).Run();
    }

    // 0 is no source at all: then every source is meant.
    static SqliteStatement Bind(SqliteStatement statement, long userId, long source, Deletion deletion) => statement
        .Bind(1, userId)
        .Bind(2, source)
        .Bind(3, deletion.From?.Microseconds ?? long.MinValue)
        .Bind(4, deletion.To?.Microseconds ?? long.MaxValue);

    // With the span on the key itself, widened by what an offset can be, for the index.
    static SqliteStatement Bind(
        SqliteStatement statement, long userId, long source, Deletion deletion, int metric, Grain grain) =>
        Bind(statement, userId, source, deletion).Bind(5, metric).Bind(6, (long)grain)
            .Bind(7, deletion.From is { } from ? from.Microseconds - SqliteSampleRow.OffsetReach : long.MinValue)
            .Bind(8, deletion.To is { } to ? to.Microseconds + SqliteSampleRow.OffsetReach : long.MaxValue);
}
