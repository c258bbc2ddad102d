using System.Text;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Stores;
using HealthExport.Texts;

namespace HealthExport.Server.Texts;

/// <summary>GET /v1/unmapped: texts that are stored without a canonical code, and how often.</summary>
static class ListUnmapped
{
    public static readonly string[] Parameters = ["cursor", "limit"];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, ITextStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;

        var list = $"unmapped {caller.UserId}";
        var found = await store.ListAsync(caller.UserId, ReadCursor(list, cursor), limit + 1, cancellationToken);

        using var rows = new JsonRows(context.Response);
        foreach (var text in found.Take(limit))
        {
            rows.BeginRow();
            rows.Text("kind", text.Kind.Name);
            rows.Text("text", text.Text);
            rows.Count("count", text.Count);
            // Rows of one text may be of several offsets.
            rows.Time("first_at", text.FirstAt, 0);
            rows.Time("last_at", text.LastAt, 0);
            await rows.EndRowAsync(cancellationToken);
        }
        await rows.EndAsync(
            found.Count > limit ? WriteCursor(list, TextPlace.Of(found[limit - 1])) : null, cancellationToken);
        return TypedResults.Empty;
    }

    // No kind has a line feed in its name.
    static string WriteCursor(string list, TextPlace place) =>
        OpaqueCursor.Write(list, Encoding.UTF8.GetBytes($"{place.Kind}\n{place.Text}"));

    static TextPlace? ReadCursor(string list, string? cursor)
    {
        if (cursor is null) return null;
        var place = Encoding.UTF8.GetString(OpaqueCursor.Read(list, cursor)).Split('\n', 2);
        return place is [var kind, var text] ? new(kind, text) : throw new InvalidCursorException();
    }
}
