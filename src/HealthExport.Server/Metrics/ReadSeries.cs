using System.Buffers.Binary;
using System.Text;
using HealthExport.Catalogue;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Stores;
using HealthExport.Time;
using HealthExport.Totals;

namespace HealthExport.Server.Metrics;

/// <summary>GET /v1/metrics/{name}/series: figures bucket by bucket; empty buckets are left out.</summary>
static class ReadSeries
{
    const int DefaultLimit = 10_000;

    public static readonly string[] Parameters =
        ["bucket", "from", "to", "agg", "tz", "by", "merge", "sent_unit", "cursor", "limit"];

    static readonly string[] s_buckets = NamesOf<SeriesBucket>();
    static readonly string[] s_aggregations = NamesOf<Aggregation>();
    static readonly string[] s_groupings = ["source"];
    static readonly string[] s_merges = ["auto", "none"];
    static readonly string[] s_columns = ["start", "date", "value", "min", "max", "count", "grain"];
    static readonly string[] s_columnsBySource = [.. s_columns, "source"];

    public static async Task<IResult> HandleAsync(
        string name, HttpContext context, Caller caller, ISampleStore store, MetricSeries reader,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var bucket = Choice(query, "bucket", s_buckets) is { } chosen ? (SeriesBucket)chosen : SeriesBucket.Day;
        var span = query.Span();
        var aggregation = (Aggregation?)Choice(query, "agg", s_aggregations);
        var zone = Zone(query);
        var bySource = query.Choice("by", s_groupings) is not null;
        var merges = query.Choice("merge", s_merges) != "none";
        var sentUnit = query.TextOrEmpty("sent_unit");
        var cursor = query.Text("cursor");
        var limit = query.Limit(DefaultLimit);
        if (query.Problem is { } problem) return problem;

        var (asked, noMetric) = await AskedMetric.FindAsync(store, caller.UserId, name, sentUnit, cancellationToken);
        if (asked is null) return noMetric!;
        // What makes a list another one; the value chosen from each bucket does not move its points.
        var list = FormattableString.Invariant($"series {caller.UserId} {asked.Stored?.MetricId} {bucket} {span} ")
            + FormattableString.Invariant($"{zone?.Id} {bySource} {merges}");
        var series = new SeriesQuery(
            asked.Metric.Kind, bucket, span, zone, bySource, merges, After: ReadCursor(list, cursor));
        var points = asked.Stored is null
            ? AsyncEnumerable.Empty<SeriesPoint>()
            : reader.ReadAsync(caller.UserId, asked.Stored, series, cancellationToken);
        var value = aggregation
            ?? (asked.Metric.Kind == MetricKind.Cumulative ? Aggregation.Sum : Aggregation.Avg);

        if (context.Request.PrefersCsv())
        {
            // Where it goes on stands in a header, so that a page has to be known before its first byte.
            var page = await points.Take(limit + 1).ToListAsync(cancellationToken);
            if (page.Count > limit) context.LinkNext(WriteCursor(list, page[limit - 1].Position));
            var lines = new CsvRows(context.Response, bySource ? s_columnsBySource : s_columns);
            foreach (var point in page.Take(limit))
                await WriteAsync(lines, point, value, bySource, cancellationToken);
            await lines.EndAsync(null, cancellationToken);
            return TypedResults.Empty;
        }

        using var rows = new JsonRows(context.Response);
        var last = default(SeriesPosition);
        string? next = null;
        var count = 0;
        await foreach (var point in points)
        {
            if (count++ == limit)
            {
                next = WriteCursor(list, last);
                break;
            }
            await WriteAsync(rows, point, value, bySource, cancellationToken);
            last = point.Position;
        }
        await rows.EndAsync(next, cancellationToken);
        return TypedResults.Empty;
    }

    static ValueTask WriteAsync(
        IRowWriter rows, SeriesPoint point, Aggregation value, bool bySource, CancellationToken cancellationToken)
    {
        rows.BeginRow();
        rows.Time("start", point.Start, point.OffsetMinutes);
        rows.Date("date", point.Date);
        rows.Number("value", point.Figures.Of(value));
        rows.Number("min", point.Figures.Min);
        rows.Number("max", point.Figures.Max);
        rows.Count("count", point.Figures.Count);
        rows.Text("grain", GrainNames.Of(point.Figures.Grain));
        if (bySource) rows.Text("source", point.Source);
        return rows.EndRowAsync(cancellationToken);
    }

    static TimeZoneInfo? Zone(QueryReader query)
    {
        if (query.Text("tz") is not { } id) return null;
        if (TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && zone.HasIanaId) return zone;
        query.Refuse("tz", "must be an IANA time zone, such as Europe/Berlin.");
        return null;
    }

    static int? Choice(QueryReader query, string name, string[] choices) =>
        query.Choice(name, choices) is { } choice ? Array.IndexOf(choices, choice) : null;

    static string[] NamesOf<T>() where T : struct, Enum =>
        [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];

    const int SourceAt = sizeof(int) + sizeof(long);

    static string WriteCursor(string list, SeriesPosition position)
    {
        var place = new byte[SourceAt + Encoding.UTF8.GetByteCount(position.Source)];
        BinaryPrimitives.WriteInt32BigEndian(place, position.Date.DayNumber);
        BinaryPrimitives.WriteInt64BigEndian(place.AsSpan(sizeof(int)), position.Start.Microseconds);
        Encoding.UTF8.GetBytes(position.Source, place.AsSpan(SourceAt));
        return OpaqueCursor.Write(list, place);
    }

    static SeriesPosition? ReadCursor(string list, string? cursor)
    {
        if (cursor is null) return null;
        var place = OpaqueCursor.Read(list, cursor);
        if (place.Length < SourceAt) throw new InvalidCursorException();
        var day = BinaryPrimitives.ReadInt32BigEndian(place);
        if (day < DateOnly.MinValue.DayNumber || day > DateOnly.MaxValue.DayNumber) throw new InvalidCursorException();
        return new(
            DateOnly.FromDayNumber(day),
            new(BinaryPrimitives.ReadInt64BigEndian(place.AsSpan(sizeof(int)))),
            Encoding.UTF8.GetString(place.AsSpan(SourceAt)));
    }
}
