using System.Text;
using HealthExport.Samples;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Server.Metrics;

/// <summary>GET /v1/metrics/latest: of each metric of this user, the row that starts last.</summary>
static class ListLatest
{
    public static readonly string[] Parameters = ["cursor", "limit"];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, ISampleStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;

        var list = $"latest {caller.UserId}";
        var after = cursor is null ? "" : Encoding.UTF8.GetString(OpaqueCursor.Read(list, cursor));
        var page = (await store.ListMetricsAsync(caller.UserId, cancellationToken))
            .Where(metric => string.CompareOrdinal(PlaceOf(metric), after) > 0)
            .OrderBy(PlaceOf, StringComparer.Ordinal)
            .Take(limit + 1).ToArray();

        using var rows = new JsonRows(context.Response);
        foreach (var metric in page.Take(limit))
        {
            rows.BeginRow();
            rows.Text("name", metric.Metric.Name);
            rows.Text("display_name", metric.Metric.DisplayName);
            rows.Text("unit", metric.Metric.Unit);
            rows.Time("start_at", Instant.From(metric.LastAt), (int)metric.LastAt.TotalOffsetMinutes);
            rows.Number("value", metric.LatestValue ?? double.NaN);
            await rows.EndRowAsync(cancellationToken);
        }
        await rows.EndAsync(
            page.Length > limit ? OpaqueCursor.Write(list, Encoding.UTF8.GetBytes(PlaceOf(page[limit - 1]))) : null,
            cancellationToken);
        return TypedResults.Empty;
    }

    // A name holds no line feed.
    static string PlaceOf(UserMetric metric) => $"{metric.Metric.Name}\n{metric.Metric.Unit}";
}
