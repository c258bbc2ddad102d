using System.Data;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;
using Npgsql;
using NpgsqlTypes;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresSampleStore
{
    const string SleepType = "sleep_analysis";
    const string WorkoutsType = "workouts";

    // From day on the key is a date, and the row starts at that date less its offset.
    const string SampleFilter =
        $"""
        ($2 = 0 or {PostgresSampleRow.EffectiveSource} = $2)
            and start_at - case when grain >= 3 then utc_offset else 0 end * interval '1 minute' >= $3
            and start_at - case when grain >= 3 then utc_offset else 0 end * interval '1 minute' < $4
        """;

    // An event without a start is as old as can be, which is what Deletion.Covers makes of it.
    const string OtherFilter =
        """
        ($2 = 0 or source_id = $2)
            and coalesce(start_at, '-infinity') >= $3 and coalesce(start_at, '-infinity') < $4
        """;

    /// <remarks>
    /// Sleep goes with the metric name <c>sleep_analysis</c>, workouts (their series and routes too) with
    /// <c>workouts</c>, an event with its kind, and all of them where no name is given; source and span hold for them
    /// as for samples. Only sample rows are counted. What had been superseded goes as well. Waits while a push of the
    /// user is being applied.
    /// </remarks>
    public ValueTask<long> DeleteAsync(
        long userId, Deletion deletion, bool dryRun, CancellationToken cancellationToken) => dryRun
        ? database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var reading = await connection.BeginTransactionAsync(
                    IsolationLevel.RepeatableRead, cancellationToken);
                var work = new SampleDeletion(connection, userId, deletion);
                await work.BeginAsync(isLocked: false, cancellationToken);
                return await work.CountAsync(cancellationToken);
            },
            cancellationToken)
        : database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                var work = new SampleDeletion(connection, userId, deletion);
                await work.BeginAsync(isLocked: true, cancellationToken);
                return await work.RunAsync(Instant.From(database.Clock.GetUtcNow()), cancellationToken);
            },
            cancellationToken);

    /// <summary>One deletion in the connection's transaction.</summary>
    sealed class SampleDeletion(NpgsqlConnection connection, long userId, Deletion deletion)
    {
        readonly PostgresSources _sources = new(connection, userId);
        readonly PostgresUserMetrics _metrics = new(connection, userId);

        // Keys of the rows deleted, by metric.
        readonly List<(int Metric, Instant From, Instant To)> _deleted = [];

        public async ValueTask BeginAsync(bool isLocked, CancellationToken cancellationToken)
        {
            await using var batch = new NpgsqlBatch(connection);
            batch.AddPlannerSettings();
            if (isLocked) batch.AddUserLock(userId);
            _metrics.AddLoad(batch);
            _sources.AddLoad(batch);
            await using var row = await batch.ExecuteReaderAsync(cancellationToken);
            await row.NextResultAsync(cancellationToken);
            if (isLocked) await row.NextResultAsync(cancellationToken);
            await _metrics.ReadLoadAsync(row, cancellationToken);
            await row.NextResultAsync(cancellationToken);
            await _sources.ReadLoadAsync(row, cancellationToken);
        }

        public async ValueTask<long> CountAsync(CancellationToken cancellationToken)
        {
            if (await FindSourceAsync(cancellationToken) is not { } source) return 0;
            var samples = 0L;
            foreach (var metric in await ListMetricIdsAsync(cancellationToken))
            {
                var counts = await CountBySourceAsync(metric, source, cancellationToken);
                samples += counts.Sum(one => one.Count);
            }
            return samples;
        }

        public async ValueTask<long> RunAsync(Instant now, CancellationToken cancellationToken)
        {
            var (samples, others) = (0L, 0L);
            // A source that the user does not have covers nothing that is stored.
            if (await FindSourceAsync(cancellationToken) is { } source)
            {
                foreach (var metric in await ListMetricIdsAsync(cancellationToken))
                {
                    samples += await DeleteSamplesAsync(metric, source, cancellationToken);
                    await ForgetRemovedAsync(metric, source, cancellationToken);
                }
                others += await DeleteOthersAsync(source, cancellationToken);
            }
            await using var batch = new NpgsqlBatch(connection);
            batch.Add(
                """
                insert into deletions (user_id, id, up_to_ingestion, created_at, metric_name, source, from_at, to_at)
                select $1, coalesce((select max(id) from deletions where user_id = $1), 0) + 1, last_ingestion, $2, $3,
                    $4, $5, $6
                from users
                where id = $1
                for no key update
                """)
                .Bind(userId).Bind(now).BindText(deletion.MetricName).BindText(deletion.Source)
                .Bind(deletion.From).Bind(deletion.To);
            if (samples + others > 0)
                PostgresPushTransaction.AddRaiseDataVersion(batch, userId, now);
            foreach (var (metric, from, to) in _deleted)
                PostgresDailyTotalStore.AddMarkChanged(batch, userId, metric, from, to);
            await _metrics.AddSaveAsync(batch, cancellationToken);
            await batch.ExecuteNonQueryAsync(cancellationToken);
            return samples;
        }

        async ValueTask<int?> FindSourceAsync(CancellationToken cancellationToken)
        {
            await _sources.LookUpAsync([deletion.Source], cancellationToken);
            return _sources.Find(deletion.Source);
        }

        async ValueTask<List<int>> ListMetricIdsAsync(CancellationToken cancellationToken)
        {
            await using var list = new NpgsqlCommand(
                deletion.MetricName is null
                    ? """
                    select metric_id
                    from user_metrics
                    where user_id = $1
                    union
                    select metric_id
                    from removed_samples
                    where user_id = $1 and kind = 'samples'
                    """
                    : """
                    select id
                    from metrics
                    where name = $2 and $1 = $1
                    """,
                connection);
            list.Parameters.Bind(userId);
            if (deletion.MetricName is { } name) list.Parameters.BindText(name);
            List<int> ids = [];
            await using var row = await list.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken)) ids.Add(row.GetInt32(0));
            return ids;
        }

        async ValueTask<List<(int Source, long Count)>> CountBySourceAsync(
            int metric, int source, CancellationToken cancellationToken)
        {
            List<(int, long)> counts = [];
            if (KeyRange(metric) is not var (from, to)) return counts;
            await using var count = new NpgsqlCommand(
                $"""
                select {PostgresSampleRow.EffectiveSource}, count(*)
                from samples
                where user_id = $1 and metric_id = $5 and grain in (0, 1, 2, 3, 4, 5, 6)
                    and start_at between $6 and $7 and {SampleFilter}
                group by 1
                """,
                connection);
            Bind(count.Parameters, source).Bind(metric).Bind(from).Bind(to);
            await using var row = await count.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken)) counts.Add((row.GetInt32(0), row.GetInt64(1)));
            return counts;
        }

        async ValueTask<long> DeleteSamplesAsync(int metric, int source, CancellationToken cancellationToken)
        {
            var counts = await CountBySourceAsync(metric, source, cancellationToken);
            if (counts.Count == 0) return 0;
            var (from, to) = KeyRange(metric)!.Value;
            foreach (var (of, count) in counts) _metrics.Count(metric, of, -count);
            _metrics.NoteRemoval(metric);
            _deleted.Add((metric, from, to));
            await using var delete = new NpgsqlCommand(
                $"""
                delete from samples
                where user_id = $1 and metric_id = $5 and grain in (0, 1, 2, 3, 4, 5, 6)
                    and start_at between $6 and $7 and {SampleFilter}
                """,
                connection);
            Bind(delete.Parameters, source).Bind(metric).Bind(from).Bind(to);
            return await delete.ExecuteNonQueryAsync(cancellationToken);
        }

        async ValueTask ForgetRemovedAsync(int metric, int source, CancellationToken cancellationToken)
        {
            await using var forget = new NpgsqlCommand(
                $"""
                delete from removed_samples
                where user_id = $1 and metric_id = $5 and kind = 'samples' and {SampleFilter}
                """,
                connection);
            Bind(forget.Parameters, source).Bind(metric);
            await forget.ExecuteNonQueryAsync(cancellationToken);
        }

        // Series, routes and voltages go with what they belong to.
        async ValueTask<long> DeleteOthersAsync(int source, CancellationToken cancellationToken)
        {
            var others = 0L;
            if (deletion.MetricName is null or SleepType)
            {
                others += await DeleteAsync("sleep_stages", "true");
                others += await DeleteAsync("sleep_sessions", "true");
                await DeleteAsync("removed_samples", "kind = 'sleep_sessions'");
            }
            if (deletion.MetricName is null or WorkoutsType) others += await DeleteAsync("workouts", "true");
            return others + (deletion.MetricName is null
                ? await DeleteAsync("health_events", "true")
                : await DeleteAsync("health_events", "kind = $5"));

            async ValueTask<long> DeleteAsync(string table, string condition)
            {
                await using var delete = new NpgsqlCommand(
                    $"""
                    delete from {table}
                    where user_id = $1 and {condition} and {OtherFilter}
                    """,
                    connection);
                Bind(delete.Parameters, source);
                if (condition.Contains("$5")) delete.Parameters.BindText(deletion.MetricName);
                return await delete.ExecuteNonQueryAsync(cancellationToken);
            }
        }

        // The span on the key itself, widened by what an offset can be; null where the metric has no row.
        (Instant From, Instant To)? KeyRange(int metric)
        {
            if (_metrics.FindKeys(metric, Grain.Year) is not var (first, last)) return null;
            if (deletion.From is { } from && from.Microseconds - PostgresUserMetrics.OffsetReach is var lower
                && lower > first.Microseconds) first = new(lower);
            if (deletion.To is { } to && to.Microseconds + PostgresUserMetrics.OffsetReach is var upper
                && upper < last.Microseconds) last = new(upper);
            return first > last ? null : (first, last);
        }

        // 0 is no source at all: then every source is meant.
        NpgsqlParameterCollection Bind(NpgsqlParameterCollection parameters, int source)
        {
            parameters.Bind(userId).Bind(source);
            BindBound(parameters, deletion.From, long.MinValue);
            BindBound(parameters, deletion.To, long.MaxValue);
            return parameters;
        }

        // The server takes the ends of int64 for its infinities.
        static void BindBound(NpgsqlParameterCollection parameters, Instant? bound, long infinity) => parameters.Add(
            new NpgsqlParameter<long>
            {
                TypedValue = bound?.ToServer() ?? infinity, NpgsqlDbType = NpgsqlDbType.TimestampTz,
            });
    }
}
