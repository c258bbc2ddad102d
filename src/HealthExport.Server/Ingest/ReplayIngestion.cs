using HealthExport.Pushes;
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
        Guid id, Caller caller, IIngestionStore store, PushWorker worker, CancellationToken cancellationToken)
    {
        if (await store.ReplayAsync(caller.UserId, id, cancellationToken) is not { } ingestion)
            return Problems.NotFound();
        worker.Wake();
        return IngestionAnswer.Later(ingestion);
    }
}
