using System.Text;
using HealthExport.Catalogue;
using HealthExport.Samples;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Server.Metrics;

/// <summary>GET /v1/metrics: what this user has, and how much; with all=true what else could be sent.</summary>
static class ListMetrics
{
    public static readonly string[] Parameters = ["all", "cursor", "limit"];

    static readonly string[] s_yesOrNo = ["true", "false"];

    /// <param name="Stored">Null for a metric of the catalogue that the user has no rows of.</param>
    readonly record struct Item(Metric Metric, UserMetric? Stored)
    {
        /// <summary>By name, then unit; a name holds no line feed.</summary>
        public string Place => $"{Metric.Name}\n{Metric.Unit}";
    }

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, ISampleStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var all = query.Choice("all", s_yesOrNo) == "true";
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;

        var list = $"metrics {caller.UserId} {all}";
        var after = cursor is null ? "" : Encoding.UTF8.GetString(OpaqueCursor.Read(list, cursor));
        var items = (await store.ListMetricsAsync(caller.UserId, cancellationToken))
            .Select(stored => new Item(stored.Metric, stored)).ToList();
        if (all) items.AddRange(Missing(items.Select(item => item.Metric).ToHashSet()));
        Item[] page =
        [
            .. items
                .Where(item => string.CompareOrdinal(item.Place, after) > 0)
                .OrderBy(item => item.Place, StringComparer.Ordinal)
                .Take(limit + 1),
        ];

        using var rows = new JsonRows(context.Response);
        foreach (var item in page.Take(limit)) await WriteAsync(rows, item, cancellationToken);
        await rows.EndAsync(
            page.Length > limit ? OpaqueCursor.Write(list, Encoding.UTF8.GetBytes(page[limit - 1].Place)) : null,
            cancellationToken);
        return TypedResults.Empty;
    }

    static IEnumerable<Item> Missing(HashSet<Metric> had) =>
        from metric in MetricCatalogue.All
        where metric.Shape is not (MetricShape.BloodPressure or MetricShape.Sleep) && !had.Contains(metric)
        select new Item(metric, null);

    static ValueTask WriteAsync(JsonRows rows, Item item, CancellationToken cancellationToken)
    {
        var (metric, stored) = item;
        rows.BeginRow();
        rows.Text("name", metric.Name);
        rows.Text("display_name", metric.DisplayName);
        rows.Text("unit", metric.Unit);
        rows.Text("kind", metric.Kind == MetricKind.Cumulative ? "cumulative" : "discrete");
        rows.Text("category", metric.Category);
        rows.Text("loinc", metric.Loinc);
        rows.Count("count", stored?.Count ?? 0);
        Time("first_at", stored?.FirstAt);
        Time("last_at", stored?.LastAt);
        rows.Texts("grains", stored?.Grains.Select(GrainNames.Of) ?? []);
        rows.Texts("sources", stored?.Sources ?? []);
        return rows.EndRowAsync(cancellationToken);

        void Time(string column, DateTimeOffset? at) => rows.Time(
            column, at is { } time ? Instant.From(time) : Instant.None, (int)(at?.TotalOffsetMinutes ?? 0));
    }
}
