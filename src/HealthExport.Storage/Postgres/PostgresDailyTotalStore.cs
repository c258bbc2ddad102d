using System.Runtime.CompilerServices;
using HealthExport.Samples;
using HealthExport.Time;
using HealthExport.Totals;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>Daily totals in PostgreSQL. Who changes them holds the user's lock.</summary>
sealed class PostgresDailyTotalStore(PostgresDatabase database) : IDailyTotalStore
{
    const int MetricColumn = 19;
    const int DaysAStatement = 20_000;

    const string Columns =
        """
        local_date, version = computed, utc_offset, count, sum, min, max, avg, latest, latest_at, grain, samples,
            sample_sum, timed_samples, timed_sum, timed_seconds, weighted_sum, weight, has_buckets
        """;

    public ValueTask<IReadOnlyList<KeptDay>> ListAsync(
        long userId, int metricId, DateOnly from, DateOnly end, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand(
                    $"""
                    select {Columns}
                    from daily_totals
                    where user_id = $1 and metric_id = $2 and local_date >= $3 and local_date < $4
                    order by local_date
                    limit $5
                    """,
                    connection);
                list.Parameters.Bind(userId).Bind(metricId).Bind(from).Bind(end).Bind(limit);
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                List<KeptDay> days = [];
                while (await row.ReadAsync(cancellationToken)) days.Add(ReadDay(row));
                return (IReadOnlyList<KeptDay>)days;
            },
            cancellationToken);

    public async IAsyncEnumerable<(int MetricId, KeptDay Day)> ReadAsync(
        long userId, IReadOnlyList<int> metricIds, DateOnly from, DateOnly end,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (metricIds.Count == 0) yield break;
        var after = (MetricId: int.MinValue, Date: from);
        IReadOnlyList<(int MetricId, KeptDay Day)> page;
        do
        {
            page = await ListAsync(userId, metricIds, from, end, after, cancellationToken);
            foreach (var day in page) yield return day;
            if (page.Count > 0) after = (page[^1].MetricId, page[^1].Day.Date);
        }
        while (page.Count == DaysAStatement);
    }

    ValueTask<IReadOnlyList<(int MetricId, KeptDay Day)>> ListAsync(
        long userId, IReadOnlyList<int> metricIds, DateOnly from, DateOnly end, (int MetricId, DateOnly Date) after,
        CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand(
                    $"""
                    select {Columns}, metric_id
                    from daily_totals
                    where user_id = $1 and metric_id = any ($2) and local_date >= $3 and local_date < $4
                        and (metric_id, local_date) > ($5, $6)
                    order by metric_id, local_date
                    limit {DaysAStatement}
                    """,
                    connection);
                list.Parameters.Bind(userId).BindNumbers(metricIds).Bind(from).Bind(end)
                    .Bind(after.MetricId).Bind(after.Date);
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                List<(int, KeptDay)> days = [];
                while (await row.ReadAsync(cancellationToken)) days.Add((row.GetInt32(MetricColumn), ReadDay(row)));
                return (IReadOnlyList<(int, KeptDay)>)days;
            },
            cancellationToken);

    public ValueTask<IReadOnlyList<(int MetricId, DateOnly Date)>> ListDatesAsync(
        long userId, DateOnly from, DateOnly end, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                // From the list of metrics, so that each is sought by its key.
                await using var list = new NpgsqlCommand(
                    """
                    select u.metric_id, t.local_date
                    from user_metrics u
                    cross join lateral (
                        select d.local_date
                        from daily_totals d
                        where d.user_id = $1 and d.metric_id = u.metric_id
                            and d.local_date >= $2 and d.local_date < $3) t
                    where u.user_id = $1
                    order by u.metric_id, t.local_date
                    """,
                    connection);
                list.Parameters.Bind(userId).Bind(from).Bind(end);
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                List<(int, DateOnly)> dates = [];
                while (await row.ReadAsync(cancellationToken))
                    dates.Add((row.GetInt32(0), row.GetFieldValue<DateOnly>(1)));
                return (IReadOnlyList<(int, DateOnly)>)dates;
            },
            cancellationToken);

    public ValueTask<IReadOnlyList<StaleDay>> ListStaleAsync(
        long userId, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand(
                    """
                    select metric_id, local_date, version
                    from daily_totals
                    where user_id = $1 and version <> computed
                    order by metric_id, local_date
                    limit $2
                    """,
                    connection);
                list.Parameters.Bind(userId).Bind(limit);
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                List<StaleDay> days = [];
                while (await row.ReadAsync(cancellationToken))
                    days.Add(new(row.GetInt32(0), row.GetFieldValue<DateOnly>(1), row.GetInt64(2)));
                return (IReadOnlyList<StaleDay>)days;
            },
            cancellationToken);

    public async ValueTask SaveAsync(
        long userId, int metricId, IReadOnlyList<WorkedOutDay> days, CancellationToken cancellationToken) =>
        await database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                await using var batch = new NpgsqlBatch(connection);
                // A push in work may need the very connection that would wait here for the push's end.
                batch.Add($"select set_config('lock_timeout', '{Patience}', true)");
                batch.AddIdleLimit();
                batch.AddUserLock(userId);
                AddForget(batch, userId, metricId, [.. days.Where(day => day.Total is null)]);
                AddSave(batch, userId, metricId, [.. days.Where(day => day.Total is not null)]);
                try
                {
                    return await batch.ExecuteNonQueryAsync(cancellationToken);
                }
                catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
                {
                    // What the push changes would have made them outdated anyway.
                    return 0;
                }
            },
            cancellationToken);

    const string Patience = "1s";

    public ValueTask<long?> FindStaleUserAsync(long afterUserId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand(
                    """
                    select user_id
                    from daily_totals
                    where user_id > $1 and version <> computed
                    order by user_id
                    limit 1
                    """,
                    connection);
                find.Parameters.Bind(afterUserId);
                return (long?)await find.ExecuteScalarAsync(cancellationToken);
            },
            cancellationToken);

    /// <summary>Adds to a batch of the caller's transaction that rows of these days have changed.</summary>
    public static void AddMarkChanged(
        NpgsqlBatch batch, long userId, IReadOnlyCollection<(int MetricId, DateOnly Date)> days) =>
        batch.Add(
            """
            insert into daily_totals (user_id, metric_id, local_date, version)
            select $1, d.*, 1
            from unnest($2, $3) d
            on conflict (user_id, metric_id, local_date) do update
            set version = daily_totals.version + 1
            """)
            .Bind(userId).BindNumbers(days.Select(day => day.MetricId)).BindDates(days.Select(day => day.Date));

    /// <summary>The same of every day there is of rows that start in a span.</summary>
    public static void AddMarkChanged(NpgsqlBatch batch, long userId, int metricId, Instant from, Instant to) =>
        batch.Add(
            """
            update daily_totals
            set version = version + 1
            where user_id = $1 and metric_id = $2 and local_date between $3 and $4
            """)
            .Bind(userId).Bind(metricId)
            .Bind(from.DateAt(0).AddDays(-1)).Bind(to.DateAt(0).AddDays(1));

    /// <summary>The same of every day on which ranks of sources may matter: of amounts that several measured.</summary>
    public static void AddMarkRanked(NpgsqlBatch batch, long userId) =>
        batch.Add(
            $"""
            update daily_totals
            set version = version + 1
            where user_id = $1 and metric_id in (
                select u.metric_id
                from user_metrics u
                join metrics m on m.id = u.metric_id and m.kind = 'cumulative'
                where u.user_id = $1 and u.grains & {1 << (int)Grain.Sample} <> 0
                    and (
                        select count(*)
                        from user_metric_sources s
                        where s.user_id = $1 and s.metric_id = u.metric_id) > 1)
            """).Bind(userId);

    static void AddForget(NpgsqlBatch batch, long userId, int metricId, List<WorkedOutDay> days)
    {
        if (days.Count == 0) return;
        batch.Add(
            """
            delete from daily_totals t
            using unnest($3, $4) d (local_date, version)
            where t.user_id = $1 and t.metric_id = $2 and t.local_date = d.local_date and t.version = d.version
            """)
            .Bind(userId).Bind(metricId)
            .BindDates(days.Select(day => day.Date)).BindNumbers(days.Select(day => day.Version));
    }

    static void AddSave(NpgsqlBatch batch, long userId, int metricId, List<WorkedOutDay> days)
    {
        if (days.Count == 0) return;
        var totals = days.Select(day => day.Total!).ToList();
        batch.Add(
            """
            update daily_totals t
            set computed = d.version, utc_offset = d.utc_offset, count = d.count, sum = d.sum, min = d.min,
                max = d.max, avg = d.avg, latest = d.latest, latest_at = d.latest_at, grain = d.grain,
                samples = d.samples, sample_sum = d.sample_sum, timed_samples = d.timed_samples,
                timed_sum = d.timed_sum, timed_seconds = d.timed_seconds, weighted_sum = d.weighted_sum,
                weight = d.weight, has_buckets = d.has_buckets
            from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) d (
                local_date, version, utc_offset, count, sum, min, max, avg, latest, latest_at, grain, samples,
                sample_sum, timed_samples, timed_sum, timed_seconds, weighted_sum, weight, has_buckets)
            where t.user_id = $1 and t.metric_id = $2 and t.local_date = d.local_date and t.version = d.version
            """)
            .Bind(userId).Bind(metricId)
            .BindDates(days.Select(day => day.Date)).BindNumbers(days.Select(day => day.Version))
            .BindNumbers(totals.Select(total => (short)total.OffsetMinutes))
            .BindNumbers(totals.Select(total => total.Figures?.Count ?? 0))
            .BindNumbers(totals.Select(total => Known(total.Figures?.Sum)))
            .BindNumbers(totals.Select(total => Known(total.Figures?.Min)))
            .BindNumbers(totals.Select(total => Known(total.Figures?.Max)))
            .BindNumbers(totals.Select(total => Known(total.Figures?.Average)))
            .BindNumbers(totals.Select(total => Known(total.Figures?.Latest)))
            .BindTimes(totals.Select(total => total.Figures?.LatestAt ?? Instant.None))
            .BindNumbers(totals.Select(total => (short)(total.Figures?.Grain ?? Grain.Sample)))
            .BindNumbers(totals.Select(total => total.Means.Samples))
            .BindNumbers(totals.Select(total => (double?)total.Means.SampleSum))
            .BindNumbers(totals.Select(total => total.Means.TimedSamples))
            .BindNumbers(totals.Select(total => (double?)total.Means.TimedSum))
            .BindNumbers(totals.Select(total => (double?)total.Means.TimedSeconds))
            .BindNumbers(totals.Select(total => (double?)total.Means.WeightedSum))
            .BindNumbers(totals.Select(total => (double?)total.Means.Weight))
            .Add(new NpgsqlParameter<bool[]> { TypedValue = [.. totals.Select(total => total.Means.HasBuckets)] });
    }

    static KeptDay ReadDay(NpgsqlDataReader row)
    {
        var date = row.GetFieldValue<DateOnly>(0);
        return new(date, row.GetBoolean(1) ? Read(row, date) : null);
    }

    static DayTotal Read(NpgsqlDataReader row, DateOnly date)
    {
        var count = row.GetInt64(3);
        return new(
            date, row.GetInt16(2),
            count == 0 ? null : new Figures(
                Number(row, 4), Number(row, 7), Number(row, 5), Number(row, 6), count, Number(row, 8),
                row.GetInstant(9), (Grain)row.GetInt16(10)),
            new(
                row.GetInt64(11), row.GetDouble(12), row.GetInt64(13), row.GetDouble(14), row.GetDouble(15),
                row.GetDouble(16), row.GetDouble(17), row.GetBoolean(18)));
    }

    static double? Known(double? value) => value is { } known && !double.IsNaN(known) ? known : null;
    static double Number(NpgsqlDataReader row, int column) => row.FindDouble(column) ?? double.NaN;
}
