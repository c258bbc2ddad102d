using HealthExport.Samples;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// Samples in the database file. Reads go on beside a push and see what was committed when they began.
/// </summary>
sealed class SqliteSampleStore(SqliteDatabase database) : ISampleStore
{
    const int RowsBetweenChecks = 1_024;

    static readonly Grain[] EveryGrain = Enum.GetValues<Grain>();

    public ValueTask<IReadOnlyList<UserMetric>> ListMetricsAsync(long userId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        var session = reader.Session;
        session.BeginRead();
        var sources = ReadSources(session, userId);
        using var list = session.Prepare(
            """
            select um.metric_id, um.count, um.first_at, um.first_offset, um.last_at, um.last_offset, um.latest_value,
                um.grains
            from user_metrics um
            join metrics m on m.id = um.metric_id
            where um.user_id = ?1
            order by m.name, m.unit
            """);
        list.Bind(1, userId);
        var metrics = new List<UserMetric>();
        while (list.Step())
        {
            var id = list.GetInt32(0);
            var grains = list.GetInt32(7);
            metrics.Add(new(
                id, database.Metrics.Get(session, id), list.GetInt64(1),
                list.GetInstant(2).At(list.GetInt32(3)), list.GetInstant(4).At(list.GetInt32(5)), list.FindDouble(6),
                [.. EveryGrain.Where(grain => (grains & 1 << (int)grain) != 0)],
                sources.TryGetValue(id, out var texts) ? texts : []));
        }
        return new(metrics);
    }

    public ValueTask<Page<SampleRow>> ListAsync(SampleQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.Limit);
        using var reader = database.RentReader();
        var session = reader.Session;
        session.BeginRead();
        var sources = new SqliteSources(session, query.UserId);
        var list = NameOf(query);
        var after = query.Cursor is null ? null : ReadCursor(list, query.Cursor, sources);
        if (sources.Find(query.Source) is not { } source) return new(new Page<SampleRow>([], null));

        var streams = new List<SqliteSampleStream>();
        try
        {
            foreach (var grain in EveryGrain)
            {
                if (query.Grain is { } only && only != grain) continue;
                var stream = new SqliteSampleStream(
                    session, sources, query.UserId, new(query.MetricId, grain), query.Span,
                    query.Source is null ? null : source, query.Descending, after);
                streams.Add(stream);
                if (!stream.MoveNext()) Close(streams, stream);
            }
            return new(Merge(streams, query, list, sources));
        }
        finally
        {
            foreach (var stream in streams) stream.Dispose();
        }
    }

    public IAsyncEnumerable<SampleRow> ReadAsync(
        long userId, int metricId, Grain finest, TimeSpanBounds span, CancellationToken cancellationToken) =>
        Read(userId, metricId, finest, span, cancellationToken).ToAsyncEnumerable();

    IEnumerable<SampleRow> Read(
        long userId, int metricId, Grain finest, TimeSpanBounds span, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        var session = reader.Session;
        session.BeginRead();
        var sources = new SqliteSources(session, userId);
        var rows = 0;
        foreach (var grain in EveryGrain)
        {
            if (grain < finest) continue;
            using var stream = new SqliteSampleStream(
                session, sources, userId, new(metricId, grain), span, null, descending: false, after: null);
            while (stream.MoveNext())
            {
                if (rows++ % RowsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
                yield return stream.Current;
            }
        }
    }

    static Page<SampleRow> Merge(
        List<SqliteSampleStream> streams, SampleQuery query, string list, SqliteSources sources)
    {
        var order = new SampleOrder(query.Descending);
        var rows = new List<SampleRow>(Math.Min(query.Limit, 1_024));
        while (streams.Count > 0)
        {
            var first = streams[0];
            foreach (var stream in streams)
                if (order.Compare(SampleOrder.Position.Of(stream.Current), SampleOrder.Position.Of(first.Current)) < 0)
                    first = stream;
            if (rows.Count == query.Limit)
            {
                var last = SampleOrder.Position.Of(rows[^1]);
                return new(rows, last.ToCursor(list, sources.Find(last.Source) ?? 0));
            }
            rows.Add(first.Current);
            if (!first.MoveNext()) Close(streams, first);
        }
        return new(rows, null);
    }

    static void Close(List<SqliteSampleStream> streams, SqliteSampleStream stream)
    {
        streams.Remove(stream);
        stream.Dispose();
    }

    // What must be the same for a cursor to go on: everything but the page's size.
    static string NameOf(SampleQuery query)
    {
        var span = query.Span;
        return FormattableString.Invariant($"samples {query.UserId} {query.MetricId} {(int?)query.Grain} ")
            + FormattableString.Invariant($"{query.Descending} {span.From?.Microseconds} {span.FromDate?.DayNumber} ")
            + FormattableString.Invariant($"{span.To?.Microseconds} {span.ToDate?.DayNumber} {query.Source}");
    }

    static SampleOrder.Position? ReadCursor(string list, string cursor, SqliteSources sources)
    {
        var (place, sourceId) = SampleOrder.Position.FromCursor(list, cursor);
        try
        {
            return place with { Source = sources.GetText(sourceId) };
        }
        catch (KeyNotFoundException)
        {
            throw new InvalidCursorException();
        }
    }

    static Dictionary<int, List<string>> ReadSources(SqliteSession session, long userId)
    {
        using var list = session.Prepare(
            """
            select ums.metric_id, s.text
            from user_metric_sources ums
            join sources s on s.user_id = ums.user_id and s.id = ums.source_id
            where ums.user_id = ?1
            order by ums.metric_id, s.text
            """);
        list.Bind(1, userId);
        var sources = new Dictionary<int, List<string>>();
        while (list.Step())
        {
            var metric = list.GetInt32(0);
            if (!sources.TryGetValue(metric, out var texts)) sources.Add(metric, texts = []);
            texts.Add(list.GetString(1));
        }
        return sources;
    }
}
