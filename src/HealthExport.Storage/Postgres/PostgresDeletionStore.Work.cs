using HealthExport.Deletions;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;
using Npgsql;
using NpgsqlTypes;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresDeletionStore
{
    /// <summary>A table of rows that are no samples.</summary>
    /// <param name="RowKey">Columns that name a row, after the user.</param>
    /// <param name="Name">What its rows are counted as, in SQL.</param>
    sealed record Part(string Table, string RowKey, string Name, string Condition = "true");

    static readonly Part[] s_sleep =
    [
        new("sleep_stages", "start_at, stage, source_id", $"'{ItemTypes.Sleep}'"),
        new("sleep_sessions", "start_at, source_id", $"'{ItemTypes.Sleep}'"),
    ];

    // Series, routes and voltages go with what they belong to.
    static readonly Part s_workouts = new("workouts", "id", $"'{ItemTypes.Workouts}'");
    static readonly Part s_events = new("health_events", "kind, identity", "kind", "($8::text is null or kind = $8)");

    static readonly Part s_removedSleep =
        new("removed_samples", "ingestion, ordinal", "''", "kind in ('sleep_sessions', 'sleep_stages')");

    // Events of the one kind that has its text for a part of its identity.
    static readonly Part s_removedEvents = new(
        "removed_samples", "ingestion, ordinal", "''",
        "kind = 'health_events' and ($8::text is null or $8 = 'heart_rate_notification')");

    static IEnumerable<Part> PartsOf(Deletion deletion)
    {
        if (deletion.Name is null or ItemTypes.Sleep)
            foreach (var part in s_sleep) yield return part;
        if (deletion.Name is null or ItemTypes.Workouts) yield return s_workouts;
        yield return s_events;
    }

    /// <summary>What a deletion covers, in the connection's transaction.</summary>
    sealed class Work(NpgsqlConnection connection, long userId, Deletion deletion)
    {
        // From day on the key is a date, and the row starts at that date less its offset.
        const string OfSamples =
            $"""
            ($2 = 0 or {PostgresSampleRow.EffectiveSource} = $2)
                and start_at - case when grain >= 3 then utc_offset else 0 end * interval '1 minute' >= $3
                and start_at - case when grain >= 3 then utc_offset else 0 end * interval '1 minute' < $4
                and start_at + case when grain < 3 then utc_offset else 0 end * interval '1 minute' >= $5
                and start_at + case when grain < 3 then utc_offset else 0 end * interval '1 minute' < $6
            """;

        const string OfOthers =
            """
            ($2 = 0 or source_id = $2)
                and case
                    when start_at is null then $7
                    else start_at >= $3 and start_at < $4
                        and start_at + utc_offset * interval '1 minute' >= $5
                        and start_at + utc_offset * interval '1 minute' < $6
                    end
            """;

        readonly PostgresSources _sources = new(connection, userId);

        // 0 is no source at all: then every source is meant.
        int _source;

        public PostgresUserMetrics Metrics { get; } = new(connection, userId);

        /// <param name="metric">Null to load what is known of all.</param>
        /// <returns>False when the user has no such source, so that nothing that is stored is covered.</returns>
        public async ValueTask<bool> BeginAsync(bool isLocked, int? metric, CancellationToken cancellationToken)
        {
            await using (var batch = new NpgsqlBatch(connection))
            {
                batch.AddPlannerSettings();
                if (isLocked)
                {
                    batch.AddIdleLimit();
                    batch.AddUserLock(userId);
                }
                Metrics.AddLoad(batch, metric);
                _sources.AddLoad(batch);
                await using var row = await batch.ExecuteReaderAsync(cancellationToken);
                await row.NextResultAsync(cancellationToken);
                for (var before = 0; isLocked && before < 2; before++) await row.NextResultAsync(cancellationToken);
                await Metrics.ReadLoadAsync(row, cancellationToken);
                await row.NextResultAsync(cancellationToken);
                await _sources.ReadLoadAsync(row, cancellationToken);
            }
            await _sources.LookUpAsync([deletion.Source], cancellationToken);
            if (_sources.Find(deletion.Source) is not { } source) return false;
            _source = source;
            return true;
        }

        public async ValueTask<List<(int Id, string Name)>> ListMetricsAsync(CancellationToken cancellationToken)
        {
            await using var list = new NpgsqlCommand(
                """
                select m.id, m.name
                from (
                    select metric_id
                    from user_metrics
                    where user_id = $1
                    union
                    select metric_id
                    from removed_samples
                    where user_id = $1 and kind = 'samples') mine
                join metrics m on m.id = mine.metric_id
                order by m.id
                """,
                connection);
            list.Parameters.Bind(userId);
            List<(int, string)> metrics = [];
            await using var row = await list.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
                if (deletion.CoversName(row.GetString(1))) metrics.Add((row.GetInt32(0), row.GetString(1)));
            return metrics;
        }

        /// <summary>The span on the key itself, widened by what an offset can be; null where the metric has no row.
        /// </summary>
        public (Instant From, Instant To)? KeyRange(int metric)
        {
            if (Metrics.FindKeys(metric, Grain.Year) is not var (first, last)) return null;
            var span = deletion.Span;
            var reach = TimeSpanBounds.OffsetReach;
            var from = Math.Max(
                span.From?.Microseconds - reach ?? long.MinValue,
                span.FromDate is { } firstDate ? Instant.From(firstDate).Microseconds - reach : long.MinValue);
            var to = Math.Min(
                span.To?.Microseconds + reach ?? long.MaxValue,
                span.ToDate is { } lastDate ? Instant.From(lastDate).Microseconds + reach : long.MaxValue);
            if (from > first.Microseconds) first = new(from);
            if (to < last.Microseconds) last = new(to);
            return first > last ? null : (first, last);
        }

        public async ValueTask<long> CountSamplesAsync(int metric, CancellationToken cancellationToken)
        {
            if (KeyRange(metric) is not var (from, to)) return 0;
            await using var count = new NpgsqlCommand(
                $"""
                select count(*)
                from samples
                where user_id = $1 and metric_id = $7 and grain in (0, 1, 2, 3, 4, 5, 6)
                    and start_at between $8 and $9 and {OfSamples}
                """,
                connection);
            Bind(count.Parameters).Bind(metric).Bind(from).Bind(to);
            return (long)(await count.ExecuteScalarAsync(cancellationToken))!;
        }

        /// <summary>Deletes samples of keys in a span and notes it for <see cref="Metrics"/>.</summary>
        /// <returns>How many, and the first and the last key.</returns>
        public async ValueTask<(long Rows, Instant First, Instant Last)> DeleteSamplesAsync(
            int metric, Instant from, Instant to, CancellationToken cancellationToken)
        {
            await using var delete = new NpgsqlCommand(
                $"""
                with gone as (
                    delete from samples
                    where user_id = $1 and metric_id = $7 and grain in (0, 1, 2, 3, 4, 5, 6)
                        and start_at between $8 and $9 and {OfSamples}
                    returning {PostgresSampleRow.EffectiveSource} as source, start_at)
                select source, count(*), min(start_at), max(start_at)
                from gone
                group by source
                """,
                connection);
            Bind(delete.Parameters).Bind(metric).Bind(from).Bind(to);
            var (rows, first, last) = (0L, to, from);
            await using var row = await delete.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                Metrics.Count(metric, row.GetInt32(0), -row.GetInt64(1));
                rows += row.GetInt64(1);
                if (row.GetInstant(2) is var start && start < first) first = start;
                if (row.GetInstant(3) is var end && end > last) last = end;
            }
            if (rows > 0) Metrics.NoteRemoval(metric);
            return (rows, first, last);
        }

        public async ValueTask<int> ForgetRemovedAsync(int metric, int limit, CancellationToken cancellationToken)
        {
            await using var forget = new NpgsqlCommand(
                $"""
                delete from removed_samples
                where user_id = $1 and (ingestion, ordinal) in (
                    select ingestion, ordinal
                    from removed_samples
                    where user_id = $1 and metric_id = $7 and kind = 'samples' and {OfSamples}
                    limit $8)
                """,
                connection);
            Bind(forget.Parameters).Bind(metric).Bind(limit);
            return await forget.ExecuteNonQueryAsync(cancellationToken);
        }

        public async ValueTask CountOthersAsync(
            Part part, Action<string, long> add, CancellationToken cancellationToken)
        {
            await using var count = new NpgsqlCommand(
                $"""
                select {part.Name}, count(*)
                from {part.Table}
                where user_id = $1 and {part.Condition} and {OfOthers}
                group by 1
                """,
                connection);
            BindOthers(count.Parameters);
            await using var row = await count.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken)) add(row.GetString(0), row.GetInt64(1));
        }

        public async ValueTask<int> DeleteOthersAsync(
            Part part, int limit, Action<string, long> add, CancellationToken cancellationToken)
        {
            await using var delete = new NpgsqlCommand(
                $"""
                with gone as (
                    delete from {part.Table}
                    where user_id = $1 and ({part.RowKey}) in (
                        select {part.RowKey}
                        from {part.Table}
                        where user_id = $1 and {part.Condition} and {OfOthers}
                        limit $9)
                    returning {part.Name} as name)
                select name, count(*)
                from gone
                group by name
                """,
                connection);
            BindOthers(delete.Parameters).Bind(limit);
            var rows = 0L;
            await using var row = await delete.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                add(row.GetString(0), row.GetInt64(1));
                rows += row.GetInt64(1);
            }
            return (int)rows;
        }

        NpgsqlParameterCollection BindOthers(NpgsqlParameterCollection parameters) =>
            Bind(parameters).Bind(deletion.Span == default).BindText(deletion.Name);

        NpgsqlParameterCollection Bind(NpgsqlParameterCollection parameters)
        {
            var span = deletion.Span;
            parameters.Bind(userId).Bind(_source);
            BindBound(parameters, span.From, long.MinValue);
            BindBound(parameters, span.To, long.MaxValue);
            BindBound(parameters, span.FromDate is { } from ? Instant.From(from) : null, long.MinValue);
            BindBound(parameters, span.ToDate is { } to ? Instant.From(to) : null, long.MaxValue);
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
