using System.Data;
using System.Runtime.CompilerServices;
using HealthExport.Samples;
using HealthExport.Stores;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>Samples in PostgreSQL. A read sees what was committed when it began, whatever goes on beside.</summary>
sealed class PostgresSampleStore(PostgresDatabase database) : ISampleStore
{
    // Beside a page's rows, those that may turn out to have been in the page before, or to come later.
    const int RowsBeside = 64;

    // More than those who read ask for at once, so that they get it in one statement.
    const int RowsOfARead = 32_768;

    static readonly Grain[] s_everyGrain = Enum.GetValues<Grain>();

    public ValueTask<IReadOnlyList<UserMetric>> ListMetricsAsync(long userId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                // In one statement, so that metrics and sources are of one moment.
                await using var list = new NpgsqlCommand(
                    """
                    select um.metric_id, um.count, um.first_at, um.first_offset, um.last_at, um.last_offset,
                        um.latest_value, um.grains, m.name, m.unit, m.kind,
                        array(
                            select s.text
                            from user_metric_sources ums
                            cross join lateral (
                                select text
                                from sources
                                where user_id = $1 and id = ums.source_id
                                offset 0) s
                            where ums.user_id = $1 and ums.metric_id = um.metric_id
                            order by s.text collate "C")
                    from user_metrics um
                    cross join lateral (
                        select name, unit, kind
                        from metrics
                        where id = um.metric_id
                        offset 0) m
                    where um.user_id = $1
                    order by m.name collate "C", m.unit collate "C"
                    """,
                    connection);
                list.Parameters.Bind(userId);
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                List<UserMetric> metrics = [];
                while (await row.ReadAsync(cancellationToken))
                {
                    var grains = row.GetInt32(7);
                    metrics.Add(new(
                        row.GetInt32(0),
                        PostgresMetrics.Describe(row.GetString(8), row.GetString(9), row.GetString(10)),
                        row.GetInt64(1),
                        row.GetInstant(2).At(row.GetInt16(3)), row.GetInstant(4).At(row.GetInt16(5)), row.FindDouble(6),
                        [.. s_everyGrain.Where(grain => (grains & 1 << (int)grain) != 0)],
                        row.GetFieldValue<string[]>(11)));
                }
                return (IReadOnlyList<UserMetric>)metrics;
            },
            cancellationToken);

    public ValueTask<Page<SampleRow>> ListAsync(SampleQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.Limit);
        return database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var reading = await connection.BeginTransactionAsync(
                    IsolationLevel.RepeatableRead, cancellationToken);
                return await ListAsync(connection, query, cancellationToken);
            },
            cancellationToken);
    }

    public async IAsyncEnumerable<SampleRow> ReadAsync(
        long userId, int metricId, Grain finest, TimeSpanBounds span,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sources = default(PostgresSources)!;
        var metrics = default(PostgresUserMetrics)!;
        await using var connection = await BeginReadAsync(
            async connection =>
            {
                (sources, metrics) = (new(connection, userId), new(connection, userId));
                await LoadAsync(connection, metrics, sources, metricId, cancellationToken);
            },
            cancellationToken);
        foreach (var grain in ListGrains(metrics, metricId))
        {
            if (grain < finest) continue;
            var keys = metrics.FindKeys(metricId, grain)!.Value;
            var stream = new PostgresSampleStream(
                connection, sources, userId, new(metricId, grain), keys, metrics.Listed[metricId].Count, span, null,
                descending: false, after: null, RowsOfARead);
            while (await TranslateAsync(() => stream.MoveNextAsync(cancellationToken)))
            {
                yield return stream.Current;
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    static async ValueTask<Page<SampleRow>> ListAsync(
        NpgsqlConnection connection, SampleQuery query, CancellationToken cancellationToken)
    {
        var sources = new PostgresSources(connection, query.UserId);
        var metrics = new PostgresUserMetrics(connection, query.UserId);
        await LoadAsync(connection, metrics, sources, query.MetricId, cancellationToken);
        var list = NameOf(query);
        var after = query.Cursor is null
            ? null
            : await ReadCursorAsync(list, query.Cursor, sources, cancellationToken);
        await sources.LookUpAsync([query.Source], cancellationToken);
        if (sources.Find(query.Source) is not { } source) return new([], null);

        List<PostgresSampleStream> streams = [];
        foreach (var grain in ListGrains(metrics, query.MetricId))
        {
            if (query.Grain is { } only && only != grain) continue;
            var keys = metrics.FindKeys(query.MetricId, grain)!.Value;
            var stream = new PostgresSampleStream(
                connection, sources, query.UserId, new(query.MetricId, grain), keys,
                metrics.Listed[query.MetricId].Count, query.Span, query.Source is null ? null : source,
                query.Descending, after, query.Limit + RowsBeside);
            if (await stream.MoveNextAsync(cancellationToken)) streams.Add(stream);
        }
        return await MergeAsync(streams, query, list, sources, cancellationToken);
    }

    static async ValueTask<Page<SampleRow>> MergeAsync(
        List<PostgresSampleStream> streams, SampleQuery query, string list, PostgresSources sources,
        CancellationToken cancellationToken)
    {
        var order = new SampleOrder(query.Descending);
        List<SampleRow> rows = new(Math.Min(query.Limit, 1_024));
        while (streams.Count > 0)
        {
            var first = streams[0];
            foreach (var stream in streams)
                if (order.Compare(SampleOrder.Position.Of(stream.Current), SampleOrder.Position.Of(first.Current)) < 0)
                    first = stream;
            if (rows.Count == query.Limit)
            {
                var last = SampleOrder.Position.Of(rows[^1]);
                await sources.LookUpAsync([last.Source], cancellationToken);
                return new(rows, last.ToCursor(list, sources.Get(last.Source)));
            }
            rows.Add(first.Current);
            if (!await first.MoveNextAsync(cancellationToken)) streams.Remove(first);
        }
        return new(rows, null);
    }

    static async ValueTask LoadAsync(
        NpgsqlConnection connection, PostgresUserMetrics metrics, PostgresSources sources, int metricId,
        CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.AddPlannerSettings();
        metrics.AddLoad(batch, metricId);
        sources.AddLoad(batch);
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        await metrics.ReadLoadAsync(row, cancellationToken);
        await row.NextResultAsync(cancellationToken);
        await sources.ReadLoadAsync(row, cancellationToken);
    }

    static IEnumerable<Grain> ListGrains(PostgresUserMetrics metrics, int metricId) =>
        metrics.Listed.TryGetValue(metricId, out var known)
            ? s_everyGrain.Where(grain => (known.Grains & 1 << (int)grain) != 0)
            : [];

    // What must be the same for a cursor to go on: everything but the page's size.
    static string NameOf(SampleQuery query)
    {
        var span = query.Span;
        return FormattableString.Invariant($"samples {query.UserId} {query.MetricId} {(int?)query.Grain} ")
            + FormattableString.Invariant($"{query.Descending} {span.From?.Microseconds} {span.FromDate?.DayNumber} ")
            + FormattableString.Invariant($"{span.To?.Microseconds} {span.ToDate?.DayNumber} {query.Source}");
    }

    static async ValueTask<SampleOrder.Position?> ReadCursorAsync(
        string list, string cursor, PostgresSources sources, CancellationToken cancellationToken)
    {
        var (place, sourceId) = SampleOrder.Position.FromCursor(list, cursor);
        try
        {
            var source = checked((int)sourceId);
            await sources.LookUpAsync([source], cancellationToken);
            return place with { Source = sources.GetText(source) };
        }
        catch (KeyNotFoundException)
        {
            throw new InvalidCursorException();
        }
    }

    // With a transaction open, which ends with the connection. One found dead is replaced.
    async ValueTask<NpgsqlConnection> BeginReadAsync(
        Func<NpgsqlConnection, ValueTask> load, CancellationToken cancellationToken)
    {
        for (var isSecond = false; ; isSecond = true)
        {
            var connection = await database.OpenAsync(cancellationToken);
            try
            {
                await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
                await load(connection);
                return connection;
            }
            catch (Exception error)
            {
                await connection.DisposeAsync();
                if (!isSecond && PostgresErrors.IsBrokenConnection(error)) continue;
                if (PostgresErrors.Describe(error) is { } described) throw described;
                throw;
            }
        }
    }

    static async ValueTask<T> TranslateAsync<T>(Func<ValueTask<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception error) when (PostgresErrors.Describe(error) is { } described)
        {
            throw described;
        }
    }
}
