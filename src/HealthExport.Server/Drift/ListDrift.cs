using System.Buffers.Binary;
using System.Text;
using HealthExport.Drift;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Stores;

namespace HealthExport.Server.Drift;

/// <summary>GET /v1/drift: what pushes held that the reader did not know, by name; of the newest push first.</summary>
static class ListDrift
{
    public static readonly string[] Parameters = ["kind", "cursor", "limit"];

    /// <summary>By number of <see cref="DriftKind"/>.</summary>
    public static readonly string[] Kinds = ["section", "metric", "unit", "field"];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, IDriftStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var kind = query.Choice("kind", Kinds) is { } name ? (DriftKind?)Array.IndexOf(Kinds, name) : null;
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;

        var list = FormattableString.Invariant($"drift {caller.UserId} {kind}");
        var found = await store.ListAsync(
            new(caller.UserId, kind, ReadCursor(list, cursor), limit + 1), cancellationToken);

        using var rows = new JsonRows(context.Response);
        foreach (var row in found.Take(limit))
        {
            rows.BeginRow();
            rows.Text("kind", Kinds[(int)row.Kind]);
            rows.Text("item_type", row.ItemType.Length > 0 ? row.ItemType : null);
            rows.Text("name", row.Name.Length > 0 ? row.Name : null);
            rows.Count("items", row.Items);
            rows.Count("pushes", row.Pushes);
            rows.Time("first_seen_at", row.FirstSeenAt, 0);
            rows.Time("last_seen_at", row.LastSeenAt, 0);
            rows.Text("last_ingestion", row.LastIngestion.ToString("D"));
            await rows.EndRowAsync(cancellationToken);
        }
        await rows.EndAsync(
            found.Count > limit ? WriteCursor(list, found[limit - 1].Place) : null, cancellationToken);
        return TypedResults.Empty;
    }

    const int KindAt = sizeof(long);
    const int NamesAt = KindAt + sizeof(byte);

    // No name holds a control character.
    const char Between = '\n';

    static string WriteCursor(string list, DriftPlace place)
    {
        var names = Encoding.UTF8.GetBytes($"{place.ItemType}{Between}{place.Name}");
        var bytes = new byte[NamesAt + names.Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, place.LastNumber);
        bytes[KindAt] = (byte)place.Kind;
        names.CopyTo(bytes, NamesAt);
        return OpaqueCursor.Write(list, bytes);
    }

    static DriftPlace? ReadCursor(string list, string? cursor)
    {
        if (cursor is null) return null;
        var bytes = OpaqueCursor.Read(list, cursor);
        if (bytes.Length < NamesAt || bytes[KindAt] >= Kinds.Length) throw new InvalidCursorException();
        var names = Encoding.UTF8.GetString(bytes.AsSpan(NamesAt)).Split(Between);
        // A name that nobody gave out: one with a zero byte is no text for every store.
        if (names is not [var itemType, var name] || name.Contains('\0') || itemType.Contains('\0'))
            throw new InvalidCursorException();
        return new(BinaryPrimitives.ReadInt64BigEndian(bytes), (DriftKind)bytes[KindAt], itemType, name);
    }
}
