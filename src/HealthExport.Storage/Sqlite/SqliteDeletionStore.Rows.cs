using HealthExport.Deletions;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqliteDeletionStore
{
    static readonly string[] s_ofWorkout =
    [
        """
        delete from workout_route_boxes
        where id in (
            select rowid
            from workout_routes
            where user_id = ?1 and workout_id = ?2)
        """,
        "delete from workout_routes where user_id = ?1 and workout_id = ?2",
        "delete from workout_series where user_id = ?1 and workout_id = ?2",
        "delete from workouts where user_id = ?1 and id = ?2",
    ];

    static readonly string[] s_ofEvent =
    [
        "delete from ecg_voltages where user_id = ?1 and kind = ?2 and identity = ?3",
        "delete from health_events where user_id = ?1 and kind = ?2 and identity = ?3",
    ];

    /// <summary>One step.</summary>
    /// <param name="limit">How many rows to look at, at most.</param>
    /// <param name="add">To be told what was deleted that people count.</param>
    /// <returns>How many rows were looked at, and whether any was changed.</returns>
    delegate (int Looked, bool Changed) Step(SqliteSession session, int limit, Action<string, long> add);

    public async ValueTask<DeletionState?> DeleteRowsAsync(
        long userId, long number, CancellationToken cancellationToken)
    {
        if (await FindAsync(userId, number, cancellationToken) is not { Stage: DeletionStage.Rows } state)
            return await FindAsync(userId, number, cancellationToken);
        long? source;
        IReadOnlyList<(int Id, string Name)> metrics;
        using (var reader = database.RentReader())
        {
            source = new SqliteSources(reader.Session, userId).Find(state.Deletion.Source);
            metrics = ListMetrics(reader.Session, new(userId, 0, state.Deletion));
        }
        // A source that the user does not have covers nothing that is stored.
        if (source is { } known)
        {
            var filter = new Filter(userId, known, state.Deletion);
            foreach (var (id, name) in metrics)
            {
                foreach (var grain in s_everyGrain)
                    await DeleteSamplesAsync(state, filter, id, name, grain, cancellationToken);
                // After the rows: a push received before may move some to the removed meanwhile.
                await RunAsync(
                    state,
                    (session, limit, _) => filter.ForgetRemoved(session, id, limit) is var rows ? (rows, rows > 0) : default,
                    cancellationToken);
            }
            foreach (var part in PartsOf(state.Deletion))
            {
                var belongings = part == s_workouts ? s_ofWorkout : part == s_events ? s_ofEvent : null;
                await RunAsync(
                    state,
                    (session, limit, add) =>
                    {
                        var rows = belongings is null
                            ? filter.DeleteOthers(session, part, limit, add)
                            : filter.DeleteWithBelongings(session, part, limit, belongings, add);
                        return (rows, rows > 0);
                    },
                    cancellationToken);
            }
            foreach (var part in (Part[])[s_removedSleep, s_removedEvents])
                if (part == s_removedEvents || PartsOf(state.Deletion).Contains(s_sleep[0]))
                    await RunAsync(
                        state,
                        (session, limit, _) => filter.DeleteOthers(session, part, limit, (_, _) => { }) is var rows
                            ? (rows, rows > 0) : default,
                        cancellationToken);
        }
        await EndRowsAsync(state, cancellationToken);
        return await FindAsync(userId, number, cancellationToken);
    }

    ValueTask DeleteSamplesAsync(
        DeletionState state, Filter filter, int metric, string name, Grain grain, CancellationToken cancellationToken)
    {
        var (next, last) = filter.KeyRange();
        return RunAsync(
            state,
            (session, limit, add) =>
            {
                var end = FindSliceEnd(session, state.UserId, metric, grain, next, last, limit);
                var to = end - 1 ?? last;
                var found = filter.CountSamples(session, metric, grain, next, to);
                if (found.Count > 0)
                {
                    var userMetrics = new SqliteUserMetrics(session, state.UserId);
                    userMetrics.Touch(new(metric, grain));
                    foreach (var one in found) userMetrics.Count(metric, one.Source, -one.Rows);
                    add(name, filter.DeleteSamples(session, metric, grain, next, to));
                    userMetrics.Save();
                    if (grain <= Grain.Day)
                        SqliteDailyTotalStore.MarkChanged(
                            session, state.UserId, metric, found.Min(one => one.First), found.Max(one => one.Last));
                }
                if (end is { } further) next = further;
                return (end is null ? 0 : limit, found.Count > 0);
            },
            cancellationToken);
    }

    /// <summary>Where the next step begins; null when this one is the last. A start is never cut in two.</summary>
    static long? FindSliceEnd(
        SqliteSession session, long userId, int metric, Grain grain, long from, long to, int rows)
    {
        using var find = session.Prepare(
            """
            select start_at
            from samples
            where user_id = ?1 and metric_id = ?2 and grain = ?3 and start_at between ?4 and ?5
            order by start_at
            limit 1 offset ?6
            """);
        find.Bind(1, userId).Bind(2, metric).Bind(3, (long)grain).Bind(4, from).Bind(5, to).Bind(6, (long)rows);
        return find.Step() ? Math.Max(find.GetInt64(0), from + 1) : null;
    }

    /// <summary>Goes on step by step until one looks at fewer rows than it might.</summary>
    async ValueTask RunAsync(DeletionState state, Step step, CancellationToken cancellationToken)
    {
        var batch = new EraseBatch();
        int looked;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var writer = await database.RentWriterAsync(cancellationToken);
            var session = writer.Session;
            batch.Start();
            session.Begin();
            // Another process may have come to the end, or the person is being erased.
            if (Find(session, state.UserId, state.Number) is not { Stage: DeletionStage.Rows } now) return;
            var counts = now.Counts;
            (looked, var changed) = step(
                session, batch.Rows, (name, rows) => counts = StoredDeletion.Add(counts, name, rows));
            if (!changed) continue;
            if (counts != now.Counts)
            {
                SaveCounts(session, state, counts);
                SqlitePushTransaction.RaiseDataVersion(session, state.UserId, Instant.From(clock.GetUtcNow()));
            }
            session.Commit();
        }
        while (batch.End(looked));
    }

    static void SaveCounts(SqliteSession session, DeletionState state, IReadOnlyDictionary<string, long> counts)
    {
        using var save = session.Prepare("update deletions set counts = ?3 where user_id = ?1 and id = ?2");
        save.Bind(1, state.UserId).Bind(2, state.Number).Bind(3, StoredDeletion.WriteCounts(counts)).Run();
    }
}
