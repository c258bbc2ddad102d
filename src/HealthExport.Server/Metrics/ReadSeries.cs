using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using HealthExport.Catalogue;
using HealthExport.Samples;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Stores;
using HealthExport.Time;
using HealthExport.Totals;

namespace HealthExport.Server.Metrics;

/// <summary>
/// GET /v1/metrics/{name}/series: figures of one metric, bucket by bucket; GET /v1/series: of several, one after
/// another. Empty buckets are left out.
/// </summary>
static class ReadSeries
{
    const int DefaultLimit = 10_000;
    const int MostMetrics = 50;

    static readonly string[] s_common = ["bucket", "from", "to", "agg", "tz", "by", "merge", "cursor", "limit"];

    public static readonly string[] Parameters = [.. s_common, "unit", "sent_unit"];
    public static readonly string[] ParametersOfMany = [.. s_common, "metrics"];

    static readonly string[] s_buckets = NamesOf<SeriesBucket>();
    static readonly string[] s_aggregations = NamesOf<Aggregation>();
    static readonly string[] s_groupings = ["source"];
    static readonly string[] s_merges = ["auto", "none"];

    /// <summary>What is asked of every metric alike.</summary>
    sealed record Asked(
        SeriesBucket Bucket, TimeSpanBounds Span, Aggregation? Aggregation, TimeZoneInfo? Zone, bool BySource,
        bool Merges, string? Cursor, int Limit)
    {
        /// <summary>Its inverse leads from the metric's unit to the one asked for.</summary>
        public UnitConversion Conversion { get; init; } = UnitConversion.Identity;


        public static Asked From(QueryReader query) => new(
            Choice(query, "bucket", s_buckets) is { } chosen ? (SeriesBucket)chosen : SeriesBucket.Day,
            query.Span(),
            (Aggregation?)Choice(query, "agg", s_aggregations),
            FindZone(query),
            query.Choice("by", s_groupings) is not null,
            query.Choice("merge", s_merges) != "none",
            query.Text("cursor"),
            query.Limit(DefaultLimit));

        /// <summary>What makes a list another one; the value chosen from each bucket does not move its points.
        /// </summary>
        public string ListOf(string what) => FormattableString.Invariant(
            $"series {what} {Bucket} {Span} {Zone?.Id} {BySource} {Merges}");

        public SeriesQuery Of(Metric metric, SeriesPosition? after) =>
            new(metric.Kind, Bucket, Span, Zone, BySource, Merges, After: after);
    }

    /// <summary>Where a list goes on: after a point of one of its metrics.</summary>
    readonly record struct Place(int Metric, SeriesPosition? After);

    public static async Task<IResult> HandleAsync(
        string name, HttpContext context, Caller caller, ISampleStore store, MetricSeries series,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var asked = Asked.From(query);
        var sentUnit = query.TextOrEmpty("sent_unit");
        if (query.Problem is { } problem) return problem;
        var (metric, noMetric) = await AskedMetric.FindAsync(store, caller.UserId, name, sentUnit, cancellationToken);
        if (metric is null) return noMetric!;
        var (_, conversion) = metric.ReadUnit(query);
        if (asked.Aggregation is Aggregation.Sum && conversion.PreOffset != 0)
            query.Refuse("unit", "must be the metric's own for a sum: what has no common zero does not add up.");
        if (query.Problem is { } noUnit) return noUnit;
        return await AnswerAsync(
            context, caller, series, asked with { Conversion = conversion }, [metric],
            asked.ListOf($"{caller.UserId} {metric.Stored?.MetricId}"),
            isOfMany: false, cancellationToken);
    }

    public static async Task<IResult> HandleManyAsync(
        HttpContext context, Caller caller, ISampleStore store, MetricSeries series,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var asked = Asked.From(query);
        var names = query.Text("metrics")?.Split(',', StringSplitOptions.TrimEntries);
        if (query.Problem is null && names is null or { Length: > MostMetrics } || names?.Contains("") is true)
            query.Refuse("metrics", $"must be 1 to {MostMetrics} names of metrics, separated by commas.");
        if (query.Problem is { } problem) return problem;

        var all = await store.ListMetricsAsync(caller.UserId, cancellationToken);
        var metrics = new List<AskedMetric>();
        foreach (var name in names!)
        {
            var (metric, noMetric) = AskedMetric.Find(all, name, sentUnit: null);
            if (metric is null) return noMetric!;
            if (!metrics.Contains(metric)) metrics.Add(metric);
        }
        var ids = string.Join(',', metrics.Select(metric => $"{metric.Metric.Name} {metric.Stored?.MetricId}"));
        return await AnswerAsync(
            context, caller, series, asked, metrics, asked.ListOf($"{caller.UserId} {ids}"), isOfMany: true,
            cancellationToken);
    }

    static async Task<IResult> AnswerAsync(
        HttpContext context, Caller caller, MetricSeries series, Asked asked, IReadOnlyList<AskedMetric> metrics,
        string list, bool isOfMany, CancellationToken cancellationToken)
    {
        var points = ReadAsync(
            series, caller.UserId, asked, metrics, ReadCursor(list, asked.Cursor), cancellationToken);
        string[] columns =
        [
            .. isOfMany ? (string[])["metric", "unit"] : [], "start", "date", "value", "min", "max", "count", "grain",
            .. asked.BySource ? (string[])["source"] : [],
        ];

        if (context.Request.PrefersCsv())
        {
            // Where it goes on stands in a header, so that a page has to be known before its first byte.
            var page = await points.Take(asked.Limit + 1).ToListAsync(cancellationToken);
            if (page.Count > asked.Limit) context.LinkNext(WriteCursor(list, page[asked.Limit - 1]));
            var lines = new CsvRows(context.Response, columns);
            foreach (var (metric, point) in page.Take(asked.Limit))
                await WriteAsync(lines, asked, isOfMany, metrics[metric].Metric, point, cancellationToken);
            await lines.EndAsync(null, cancellationToken);
            return TypedResults.Empty;
        }

        using var rows = new JsonRows(context.Response);
        var last = default((int, SeriesPoint));
        string? next = null;
        var count = 0;
        await foreach (var (metric, point) in points)
        {
            if (count++ == asked.Limit)
            {
                next = WriteCursor(list, last);
                break;
            }
            await WriteAsync(rows, asked, isOfMany, metrics[metric].Metric, point, cancellationToken);
            last = (metric, point);
        }
        await rows.EndAsync(next, cancellationToken);
        return TypedResults.Empty;
    }

    static async IAsyncEnumerable<(int Metric, SeriesPoint Point)> ReadAsync(
        MetricSeries series, long userId, Asked asked, IReadOnlyList<AskedMetric> metrics, Place begin,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var i = begin.Metric; i < metrics.Count; i++)
        {
            if (metrics[i].Stored is not { } stored) continue;
            var query = asked.Of(metrics[i].Metric, i == begin.Metric ? begin.After : null);
            await foreach (var point in series.ReadAsync(userId, stored, query, cancellationToken))
                yield return (i, point);
        }
    }

    static ValueTask WriteAsync(
        IRowWriter rows, Asked asked, bool isOfMany, Metric metric, SeriesPoint point,
        CancellationToken cancellationToken)
    {
        rows.BeginRow();
        if (isOfMany)
        {
            rows.Text("metric", metric.Name);
            rows.Text("unit", metric.Unit);
        }
        rows.Time("start", point.Start, point.OffsetMinutes);
        rows.Date("date", point.Date);
        var aggregation = asked.Aggregation
            ?? (metric.Kind == MetricKind.Cumulative ? Aggregation.Sum : Aggregation.Avg);
        var value = point.Figures.Of(aggregation);
        rows.Number("value", aggregation is Aggregation.Count ? value : asked.Conversion.Invert(value));
        rows.Number("min", asked.Conversion.Invert(point.Figures.Min));
        rows.Number("max", asked.Conversion.Invert(point.Figures.Max));
        rows.Count("count", point.Figures.Count);
        rows.Text("grain", GrainNames.Of(point.Figures.Grain));
        if (asked.BySource) rows.Text("source", point.Source);
        return rows.EndRowAsync(cancellationToken);
    }

    static TimeZoneInfo? FindZone(QueryReader query)
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

    const int StartAt = 2 * sizeof(int);
    const int SourceAt = StartAt + sizeof(long);

    static string WriteCursor(string list, (int Metric, SeriesPoint Point) last)
    {
        var position = last.Point.Position;
        var place = new byte[SourceAt + Encoding.UTF8.GetByteCount(position.Source)];
        BinaryPrimitives.WriteInt32BigEndian(place, last.Metric);
        BinaryPrimitives.WriteInt32BigEndian(place.AsSpan(sizeof(int)), position.Date.DayNumber);
        BinaryPrimitives.WriteInt64BigEndian(place.AsSpan(StartAt), position.Start.Microseconds);
        Encoding.UTF8.GetBytes(position.Source, place.AsSpan(SourceAt));
        return OpaqueCursor.Write(list, place);
    }

    static Place ReadCursor(string list, string? cursor)
    {
        if (cursor is null) return default;
        var place = OpaqueCursor.Read(list, cursor);
        if (place.Length < SourceAt) throw new InvalidCursorException();
        var metric = BinaryPrimitives.ReadInt32BigEndian(place);
        var day = BinaryPrimitives.ReadInt32BigEndian(place.AsSpan(sizeof(int)));
        if (metric < 0 || day < DateOnly.MinValue.DayNumber || day > DateOnly.MaxValue.DayNumber)
            throw new InvalidCursorException();
        return new(
            metric,
            new(
                DateOnly.FromDayNumber(day), new(BinaryPrimitives.ReadInt64BigEndian(place.AsSpan(StartAt))),
                Encoding.UTF8.GetString(place.AsSpan(SourceAt))));
    }
}
