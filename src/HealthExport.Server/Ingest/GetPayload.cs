using HealthExport.Audit;
using HealthExport.Pushes;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;
using HealthExport.Server.Security;

namespace HealthExport.Server.Ingest;

/// <summary>GET /v1/ingestions/{id}/payload: the exact bytes of the decoded body, streamed.</summary>
static class GetPayload
{
    const int PieceBytes = 64 << 10;

    public static async Task<IResult> HandleAsync(
        Guid id, HttpContext context, Caller caller, IIngestionStore store, AuditTrail trail,
        CancellationToken cancellationToken)
    {
        var ingestion = await store.FindAsync(caller.UserId, id, cancellationToken);
        if (ingestion is not { HasPayload: true }) return Problems.NotFound();
        try
        {
            var payload = store.OpenPayload(ingestion.UserId, ingestion.Number);
            trail.Record(
                context, AuditAction.PayloadRead, id.ToString(), new() { ["size_bytes"] = ingestion.SizeBytes });
            return new PayloadResult(ingestion, payload);
        }
        catch (KeyNotFoundException)
        {
            // Thinned away since.
            return Problems.NotFound();
        }
    }

    sealed class PayloadResult(Ingestion ingestion, Stream payload) : IResult
    {
        public async Task ExecuteAsync(HttpContext context)
        {
            await using var closing = payload;
            var response = context.Response;
            response.ContentType = IsHeaderText(ingestion.ContentType)
                ? ingestion.ContentType
                : "application/octet-stream";
            response.ContentLength = ingestion.SizeBytes;
            response.Headers.ContentDisposition = $"attachment; filename=\"{ingestion.Id:D}\"";
            var writer = response.BodyWriter;
            while (payload.Read(writer.GetMemory(PieceBytes).Span) is var taken and > 0)
            {
                writer.Advance(taken);
                if ((await writer.FlushAsync(context.RequestAborted)).IsCompleted) return;
            }
        }

        static bool IsHeaderText(string? text) =>
            text is { Length: > 0 } && !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
    }
}
