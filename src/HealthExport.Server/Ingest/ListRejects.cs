using System.Text.Json.Serialization;
using HealthExport.Pushes;
using HealthExport.Server.Http;
using HealthExport.Server.Security;

namespace HealthExport.Server.Ingest;

/// <summary>An item that was not stored, and why.</summary>
/// <param name="Item">As sent.</param>
sealed record RejectedItem(
    string ItemType, int ItemIndex, string Code, string Error, string? Hint, ItemDetails Details,
    [property: JsonConverter(typeof(SentItemConverter))] ReadOnlyMemory<byte> Item);

/// <summary>GET /v1/ingestions/{id}/rejects: every rejected item with its reason.</summary>
static class ListRejects
{
    public static readonly string[] Parameters = ["cursor", "limit"];

    public static async Task<IResult> HandleAsync(
        Guid id, HttpContext context, Caller caller, IIngestionStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;
        if (await store.FindAsync(caller.UserId, id, cancellationToken) is null) return Problems.NotFound();

        var page = await store.ListRejectsAsync(caller.UserId, id, cursor, limit, cancellationToken);
        return TypedResults.Json(
            new ListAnswer<RejectedItem>([.. page.Items.Select(Describe)], page.NextCursor),
            ServerJson.Default.ListAnswerRejectedItem);
    }

    static RejectedItem Describe(Reject reject) => new(
        reject.ItemType, reject.ItemIndex, reject.Code, reject.Error, reject.Hint, new(reject.Field, reject.Allowed),
        reject.Item);
}
