using HealthExport.Deletions;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresDeletionStore
{
    // A step deletes about as many rows as this, and keeps to few partitions.
    const long RowsOfStep = 50_000;
    const long ShortestStep = 31 * Instant.PerDay;

    /// <summary>One step.</summary>
    /// <param name="add">To be told what was deleted that people count.</param>
    /// <param name="batch">Takes what is to be written with it.</param>
    /// <returns>How many rows were deleted.</returns>
    delegate ValueTask<int> Step(
        NpgsqlConnection connection, NpgsqlBatch batch, Work work, Action<string, long> add,
        CancellationToken cancellationToken);

    public async ValueTask<DeletionState?> DeleteRowsAsync(
        long userId, long number, CancellationToken cancellationToken)
    {
        if (await FindAsync(userId, number, cancellationToken) is not { Stage: DeletionStage.Rows } state)
            return await FindAsync(userId, number, cancellationToken);
        var metrics = await database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var reading = await connection.BeginTransactionAsync(cancellationToken);
                var work = new Work(connection, userId, state.Deletion);
                return await work.BeginAsync(isLocked: false, metric: null, cancellationToken)
                    ? (await work.ListMetricsAsync(cancellationToken))
                        .ConvertAll(metric => (metric.Id, metric.Name, Steps: StepsOf(work, metric.Id)))
                    : null;
            },
            cancellationToken);
        // A source that the user does not have covers nothing that is stored.
        if (metrics is not null)
        {
            foreach (var (id, name, steps) in metrics)
            {
                foreach (var (from, to) in steps)
                    await DeleteSamplesAsync(state, id, name, from, to, cancellationToken);
                // After the rows: a push received before may move some to the removed meanwhile.
                await RunAsync(
                    state, id,
                    limit => (_, _, work, _, cancellationToken) =>
                        work.ForgetRemovedAsync(id, limit, cancellationToken),
                    cancellationToken);
            }
            var parts = PartsOf(state.Deletion).ToList();
            foreach (var part in (Part[])[.. parts, s_removedSleep, s_removedEvents])
            {
                if (part == s_removedSleep && !parts.Contains(s_sleep[0])) continue;
                await RunAsync(
                    state, 0,
                    limit => (_, _, work, add, cancellationToken) => work.DeleteOthersAsync(
                        part, limit, parts.Contains(part) ? add : (_, _) => { }, cancellationToken),
                    cancellationToken);
            }
        }
        await EndRowsAsync(state, cancellationToken);
        return await FindAsync(userId, number, cancellationToken);
    }

    static List<(Instant From, Instant To)> StepsOf(Work work, int metric)
    {
        List<(Instant, Instant)> steps = [];
        if (work.KeyRange(metric) is not var (first, last) || !work.Metrics.Listed.TryGetValue(metric, out var known))
            return steps;
        var all = (known.LastAt - known.FirstAt).TotalMicroseconds;
        var length = Math.Max(ShortestStep, (long)(all / known.Count * RowsOfStep));
        for (var at = first.Microseconds; at <= last.Microseconds; at += length)
            steps.Add((new(at), new(Math.Min(at + length - 1, last.Microseconds))));
        return steps;
    }

    ValueTask<int> DeleteSamplesAsync(
        DeletionState state, int metric, string name, Instant from, Instant to, CancellationToken cancellationToken) =>
        StepAsync(
            state, metric,
            async (_, batch, work, add, cancellationToken) =>
            {
                var (rows, first, last) = await work.DeleteSamplesAsync(metric, from, to, cancellationToken);
                if (rows == 0) return 0;
                add(name, rows);
                PostgresDailyTotalStore.AddMarkChanged(batch, state.UserId, metric, first, last);
                await work.Metrics.AddSaveAsync(batch, cancellationToken);
                return (int)rows;
            },
            cancellationToken);

    /// <summary>Goes on step by step until one deletes fewer rows than it might.</summary>
    async ValueTask RunAsync(
        DeletionState state, int metric, Func<int, Step> step, CancellationToken cancellationToken)
    {
        var batch = new EraseBatch();
        int rows;
        do
        {
            batch.Start();
            rows = await StepAsync(state, metric, step(batch.Rows), cancellationToken);
        }
        while (batch.End(rows));
    }

    ValueTask<int> StepAsync(DeletionState state, int metric, Step step, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                var work = new Work(connection, state.UserId, state.Deletion);
                if (!await work.BeginAsync(isLocked: true, metric, cancellationToken)) return 0;
                // Another process may have come to the end, or the person is being erased.
                if (await FindAsync(connection, state.UserId, state.Number, cancellationToken)
                    is not { Stage: DeletionStage.Rows } now) return 0;
                var counts = now.Counts;
                await using var batch = new NpgsqlBatch(connection);
                var rows = await step(
                    connection, batch, work, (name, rows) => counts = StoredDeletion.Add(counts, name, rows),
                    cancellationToken);
                if (counts != now.Counts)
                {
                    PostgresPushTransaction.AddRaiseDataVersion(
                        batch, state.UserId, Instant.From(database.Clock.GetUtcNow()));
                    batch.Add("update deletions set counts = $3 where user_id = $1 and id = $2")
                        .Bind(state.UserId).Bind(state.Number).BindText(StoredDeletion.WriteCounts(counts));
                }
                if (batch.BatchCommands.Count > 0) await batch.ExecuteNonQueryAsync(cancellationToken);
                return rows;
            },
            cancellationToken);
}
