using HealthExport.Catalogue;
using HealthExport.Samples;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Stores;

namespace HealthExport.Server.Metrics;

/// <summary>GET /v1/metrics/{name}/samples: the rows of a metric as they are stored, whatever their grain.</summary>
static class ListSamples
{
    public static readonly string[] Parameters =
        ["from", "to", "grain", "source", "order", "unit", "sent_unit", "cursor", "limit"];

    static readonly string[] s_orders = ["asc", "desc"];

    static readonly string[] s_columns =
        ["start_at", "end_at", "value", "min", "max", "unit", "grain", "source", "sent_unit", "extra"];

    public static async Task<IResult> HandleAsync(
        string name, HttpContext context, Caller caller, ISampleStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var span = query.Span();
        var grain = GrainNames.Find(query.Choice("grain", GrainNames.All));
        var source = SourceName.Normalise(query.Text("source"));
        var descending = query.Choice("order", s_orders) == "desc";
        var sentUnit = query.TextOrEmpty("sent_unit");
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;

        var (asked, noMetric) = await AskedMetric.FindAsync(store, caller.UserId, name, sentUnit, cancellationToken);
        if (asked is null) return noMetric!;
        var (unit, conversion) = asked.ReadUnit(query);
        if (query.Problem is { } noUnit) return noUnit;
        // Nothing was ever listed, so no cursor can be right.
        if (asked.Stored is null && cursor is not null) throw new InvalidCursorException();
        var page = asked.Stored is null
            ? new([], null)
            : await store.ListAsync(
                new(caller.UserId, asked.Stored.MetricId, span, grain, source, descending, cursor, limit),
                cancellationToken);

        if (context.Request.PrefersCsv())
        {
            context.LinkNext(page.NextCursor);
            await WriteAsync(new CsvRows(context.Response, s_columns), page, conversion, unit, cancellationToken);
            return TypedResults.Empty;
        }
        using var rows = new JsonRows(context.Response);
        await WriteAsync(rows, page, conversion, unit, cancellationToken);
        return TypedResults.Empty;
    }

    static async ValueTask WriteAsync(
        IRowWriter rows, Page<SampleRow> page, UnitConversion conversion, string unit,
        CancellationToken cancellationToken)
    {
        foreach (var item in page.Items)
        {
            var row = item.Row;
            rows.BeginRow();
            rows.Time("start_at", item.StartInstant, row.OffsetMinutes);
            rows.Time("end_at", row.EndAt, row.OffsetMinutes);
            rows.Number("value", conversion.Invert(row.Value));
            rows.Number("min", conversion.Invert(row.Min));
            rows.Number("max", conversion.Invert(row.Max));
            rows.Text("unit", unit);
            rows.Text("grain", GrainNames.Of(item.Grain));
            rows.Text("source", row.Source);
            rows.Text("sent_unit", row.SentUnit);
            rows.Json("extra", row.Extra);
            await rows.EndRowAsync(cancellationToken);
        }
        await rows.EndAsync(page.NextCursor, cancellationToken);
    }
}
