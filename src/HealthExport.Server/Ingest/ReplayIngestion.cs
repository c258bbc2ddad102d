using HealthExport.Audit;
using HealthExport.Pushes;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;
using HealthExport.Server.Security;

namespace HealthExport.Server.Ingest;

/// <summary>
/// POST /v1/ingestions/{id}/replay: processes a settled push again, under its own number, so that it brings no old
/// value back. One still in work is left as it is.
/// </summary>
static class ReplayIngestion
{
    public static async Task<IResult> HandleAsync(
        Guid id, HttpContext context, Caller caller, IIngestionStore store, PushWorker worker, AuditTrail trail,
        CancellationToken cancellationToken)
    {
        if (await store.ReplayAsync(caller.UserId, id, cancellationToken) is not { } ingestion)
            return Problems.NotFound();
        trail.Record(context, AuditAction.IngestionReplayed, id.ToString());
        worker.Wake();
        return IngestionAnswer.Later(ingestion);
    }
}
