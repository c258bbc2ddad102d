using System.Buffers.Binary;
using System.Text;
using HealthExport.Events;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Stores;

namespace HealthExport.Server.Events;

/// <summary>
/// GET /v1/events: what is neither a metric nor sleep nor a workout, newest first; GET /v1/events/{id}: one, with its
/// voltages.
/// </summary>
static class ListEvents
{
    public static readonly string[] Parameters = ["kind", "from", "to", "cursor", "limit"];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, IEventStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var kind = query.Text("kind");
        var span = query.Span();
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;

        var list = FormattableString.Invariant($"events {caller.UserId} {kind} {span}");
        var found = await store.ListAsync(
            new(caller.UserId, span, kind, ReadCursor(list, cursor), limit + 1), cancellationToken);

        using var rows = new JsonRows(context.Response);
        foreach (var row in found.Take(limit))
        {
            rows.BeginRow();
            Write(rows, row);
            await rows.EndRowAsync(cancellationToken);
        }
        await rows.EndAsync(
            found.Count > limit ? WriteCursor(list, EventPlace.Of(found[limit - 1])) : null, cancellationToken);
        return TypedResults.Empty;
    }

    public static async Task<IResult> HandleOneAsync(
        string id, HttpContext context, Caller caller, IEventStore store, CancellationToken cancellationToken)
    {
        if (EventId.Read(id) is not var (kind, identity)
            || await store.FindAsync(caller.UserId, kind, identity, cancellationToken) is not { } found)
            return Problems.NotFound("There is no event of this id.", "GET /v1/events lists yours.");

        using var row = JsonRows.ForOne(context.Response);
        row.BeginRow();
        Write(row, found);
        if (found.Voltages is { } voltages)
        {
            row.BeginGroup("voltages");
            row.Number("frequency_hz", voltages.FrequencyHz);
            row.Time("start_at", voltages.StartAt, found.OffsetMinutes);
            row.Numbers("microvolts", voltages.Microvolts);
            row.EndGroup();
        }
        else row.Json("voltages", null);
        await row.EndRowAsync(cancellationToken);
        await row.EndAsync(null, cancellationToken);
        return TypedResults.Empty;
    }

    static void Write(JsonRows rows, HealthEvent row)
    {
        rows.Text("id", EventId.Write(row.Kind, row.Identity));
        rows.Text("kind", row.Kind);
        rows.Time("start_at", row.StartAt, row.OffsetMinutes);
        rows.Time("end_at", row.EndAt, row.OffsetMinutes);
        rows.Text("code", row.Code);
        rows.Text("text", row.Text);
        rows.Number("value", row.Value ?? double.NaN);
        rows.Text("value_code", row.ValueCode);
        rows.Text("value_text", row.ValueText);
        rows.Text("source", row.Source);
        rows.Json("payload", Encoding.UTF8.GetString(row.Payload.Span));
    }

    const int KindAt = sizeof(long);

    static string WriteCursor(string list, EventPlace place)
    {
        var id = Encoding.ASCII.GetBytes(EventId.Write(place.Kind, place.Identity));
        var bytes = new byte[KindAt + id.Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, place.StartAt.Microseconds);
        id.CopyTo(bytes, KindAt);
        return OpaqueCursor.Write(list, bytes);
    }

    static EventPlace? ReadCursor(string list, string? cursor)
    {
        if (cursor is null) return null;
        var bytes = OpaqueCursor.Read(list, cursor);
        if (bytes.Length < KindAt || EventId.Read(Encoding.ASCII.GetString(bytes.AsSpan(KindAt))) is not var (kind, identity))
            throw new InvalidCursorException();
        return new(new(BinaryPrimitives.ReadInt64BigEndian(bytes)), kind, identity);
    }
}
