using HealthExport.Samples;
using HealthExport.Time;
using HealthExport.Totals;

namespace HealthExport.Storage.Sqlite;

/// <summary>Daily totals in the database file; dates are days since 1970-01-01.</summary>
sealed class SqliteDailyTotalStore(SqliteDatabase database) : IDailyTotalStore
{
    // Statements are kept by their text: lists of metrics come in a few lengths only.
    const int MetricsAStep = 16;
    const int RowsBetweenChecks = 1_000;
    const int MetricColumn = 19;

    const string Columns =
        """
        local_date, version = computed, utc_offset, count, sum, min, max, avg, latest, latest_at, grain,
            samples, sample_sum, timed_samples, timed_sum, timed_seconds, weighted_sum, weight, has_buckets
        """;

    static readonly int s_unixDay = new DateOnly(1970, 1, 1).DayNumber;

    public ValueTask<IReadOnlyList<KeptDay>> ListAsync(
        long userId, int metricId, DateOnly from, DateOnly end, int limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare(
            $"""
            select {Columns}
            from daily_totals
            where user_id = ?1 and metric_id = ?2 and local_date >= ?3 and local_date < ?4
            order by local_date
            limit ?5
            """);
        list.Bind(1, userId).Bind(2, metricId).Bind(3, DayOf(from)).Bind(4, DayOf(end)).Bind(5, limit);
        List<KeptDay> days = [];
        while (list.Step()) days.Add(ReadDay(list));
        return new(days);
    }

    public IAsyncEnumerable<(int MetricId, KeptDay Day)> ReadAsync(
        long userId, IReadOnlyList<int> metricIds, DateOnly from, DateOnly end, CancellationToken cancellationToken) =>
        Read(userId, metricIds, from, end, cancellationToken).ToAsyncEnumerable();

    IEnumerable<(int MetricId, KeptDay Day)> Read(
        long userId, IReadOnlyList<int> metricIds, DateOnly from, DateOnly end, CancellationToken cancellationToken)
    {
        if (metricIds.Count == 0) yield break;
        cancellationToken.ThrowIfCancellationRequested();
        var count = (metricIds.Count + MetricsAStep - 1) / MetricsAStep * MetricsAStep;
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare(
            $"""
            select {Columns}, metric_id
            from daily_totals
            where user_id = ?1 and metric_id in ({string.Join(", ", Enumerable.Range(4, count).Select(i => $"?{i}"))})
                and local_date >= ?2 and local_date < ?3
            order by metric_id, local_date
            """);
        list.Bind(1, userId).Bind(2, DayOf(from)).Bind(3, DayOf(end));
        // What is left over names the last one again.
        for (var i = 0; i < count; i++) list.Bind(4 + i, metricIds[Math.Min(i, metricIds.Count - 1)]);
        var rows = 0;
        while (list.Step())
        {
            if (++rows % RowsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            yield return (list.GetInt32(MetricColumn), ReadDay(list));
        }
    }

    public ValueTask<IReadOnlyList<(int MetricId, DateOnly Date)>> ListDatesAsync(
        long userId, DateOnly from, DateOnly end, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        // From the list of metrics, so that each is sought by its key.
        using var list = reader.Session.Prepare(
            """
            select t.metric_id, t.local_date
            from user_metrics u
            cross join daily_totals t on t.user_id = u.user_id and t.metric_id = u.metric_id
                and t.local_date >= ?2 and t.local_date < ?3
            where u.user_id = ?1
            order by t.metric_id, t.local_date
            """);
        list.Bind(1, userId).Bind(2, DayOf(from)).Bind(3, DayOf(end));
        List<(int, DateOnly)> dates = [];
        while (list.Step()) dates.Add((list.GetInt32(0), DateOf(list.GetInt64(1))));
        return new(dates);
    }

    public ValueTask<IReadOnlyList<StaleDay>> ListStaleAsync(
        long userId, int limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare(
            """
            select metric_id, local_date, version
            from daily_totals
            where user_id = ?1 and version <> computed
            order by metric_id, local_date
            limit ?2
            """);
        list.Bind(1, userId).Bind(2, limit);
        List<StaleDay> days = [];
        while (list.Step()) days.Add(new(list.GetInt32(0), DateOf(list.GetInt64(1)), list.GetInt64(2)));
        return new(days);
    }

    public async ValueTask SaveAsync(
        long userId, int metricId, IReadOnlyList<WorkedOutDay> days, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        using (var save = session.Prepare(
            """
            update daily_totals
            set computed = ?4, utc_offset = ?5, count = ?6, sum = ?7, min = ?8, max = ?9, avg = ?10, latest = ?11,
                latest_at = ?12, grain = ?13, samples = ?14, sample_sum = ?15, timed_samples = ?16, timed_sum = ?17,
                timed_seconds = ?18, weighted_sum = ?19, weight = ?20, has_buckets = ?21
            where user_id = ?1 and metric_id = ?2 and local_date = ?3 and version = ?4
            """))
        using (var forget = session.Prepare(
            """
            delete from daily_totals
            where user_id = ?1 and metric_id = ?2 and local_date = ?3 and version = ?4
            """))
        {
            foreach (var (date, version, total) in days)
            {
                var statement = total is null ? forget : Bind(save, total);
                statement.Bind(1, userId).Bind(2, metricId).Bind(3, DayOf(date)).Bind(4, version).Run();
            }
        }
        session.Commit();
    }

    public ValueTask<long?> FindStaleUserAsync(long afterUserId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare(
            """
            select user_id
            from daily_totals
            where user_id > ?1 and version <> computed
            order by user_id
            limit 1
            """);
        return new(find.Bind(1, afterUserId).Step() ? find.GetInt64(0) : null);
    }

    /// <summary>Says, in the caller's transaction, that rows of these days have changed.</summary>
    public static void MarkChanged(SqliteSession session, long userId, int metricId, IEnumerable<DateOnly> days)
    {
        using var mark = session.Prepare(
            """
            insert into daily_totals (user_id, metric_id, local_date, version)
            values (?1, ?2, ?3, 1)
            on conflict (user_id, metric_id, local_date) do update
            set version = version + 1
            """);
        mark.Bind(1, userId).Bind(2, metricId);
        foreach (var day in days) mark.Bind(3, DayOf(day)).Run();
    }

    /// <summary>The same of every day there is in a span, by instants.</summary>
    public static void MarkChanged(SqliteSession session, long userId, int metricId, Instant? from, Instant? to)
    {
        using var mark = session.Prepare(
            """
            update daily_totals
            set version = version + 1
            where user_id = ?1 and metric_id = ?2 and local_date between ?3 and ?4
            """);
        mark.Bind(1, userId).Bind(2, metricId)
            .Bind(3, from is { } first ? DayOf(first.DateAt(0)) - 1 : long.MinValue)
            .Bind(4, to is { } last ? DayOf(last.DateAt(0)) + 1 : long.MaxValue).Run();
    }

    /// <summary>The same of every day on which ranks of sources may matter: of amounts that several measured.</summary>
    public static void MarkRanked(SqliteSession session, long userId)
    {
        using var mark = session.Prepare(
            $"""
            update daily_totals
            set version = version + 1
            where user_id = ?1 and metric_id in (
                select u.metric_id
                from user_metrics u
                join metrics m on m.id = u.metric_id and m.kind = 'cumulative'
                where u.user_id = ?1 and u.grains & {1 << (int)Grain.Sample}
                    and (
                        select count(*)
                        from user_metric_sources s
                        where s.user_id = ?1 and s.metric_id = u.metric_id) > 1)
            """);
        mark.Bind(1, userId).Run();
    }

    static SqliteStatement Bind(SqliteStatement save, DayTotal total)
    {
        // Without figures there is nothing that the other columns could be of.
        var figures = total.Figures ?? new(
            double.NaN, double.NaN, double.NaN, double.NaN, 0, double.NaN, Instant.None, Grain.Sample);
        var means = total.Means;
        return save.Bind(5, total.OffsetMinutes).Bind(6, figures.Count)
            .Bind(7, Known(figures.Sum)).Bind(8, Known(figures.Min)).Bind(9, Known(figures.Max))
            .Bind(10, Known(figures.Average)).Bind(11, Known(figures.Latest)).Bind(12, figures.LatestAt)
            .Bind(13, (long)figures.Grain).Bind(14, means.Samples).Bind(15, means.SampleSum)
            .Bind(16, means.TimedSamples).Bind(17, means.TimedSum).Bind(18, means.TimedSeconds)
            .Bind(19, means.WeightedSum).Bind(20, means.Weight).Bind(21, means.HasBuckets);
    }

    static KeptDay ReadDay(SqliteStatement row)
    {
        var date = DateOf(row.GetInt64(0));
        return new(date, row.GetBoolean(1) ? Read(row, date) : null);
    }

    static DayTotal Read(SqliteStatement row, DateOnly date)
    {
        var count = row.GetInt64(3);
        return new(
            date, row.GetInt32(2),
            count == 0 ? null : new Figures(
                Number(row, 4), Number(row, 7), Number(row, 5), Number(row, 6), count, Number(row, 8),
                row.GetInstant(9), (Grain)row.GetInt32(10)),
            new(
                row.GetInt64(11), row.GetDouble(12), row.GetInt64(13), row.GetDouble(14), row.GetDouble(15),
                row.GetDouble(16), row.GetDouble(17), row.GetBoolean(18)));
    }

    static double? Known(double value) => double.IsNaN(value) ? null : value;
    static double Number(SqliteStatement row, int column) => row.FindDouble(column) ?? double.NaN;
    static long DayOf(DateOnly date) => date.DayNumber - s_unixDay;
    static DateOnly DateOf(long day) => DateOnly.FromDayNumber((int)day + s_unixDay);
}
