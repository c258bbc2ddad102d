using System.Text.Json.Serialization;
using HealthExport.Limits;
using HealthExport.Migrations;
using HealthExport.Pushes;
using HealthExport.Server.Http;
using HealthExport.Server.Ingest;

namespace HealthExport.Server.Health;

/// <param name="Status">ready or not_ready.</param>
/// <param name="Database">connected or disconnected.</param>
/// <param name="Migrations">applied, pending, newer (than this server), or unknown while the store is away.</param>
/// <param name="Worker">running or stopped.</param>
/// <param name="Redis">connected or disconnected; null where none is configured. The server is ready without.</param>
sealed record ReadyAnswer(
    string Status, string Database, string Migrations, string Worker,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Redis);

/// <summary>GET /ready: whether pushes can be taken and worked on.</summary>
static class GetReady
{
    public static async Task<IResult> HandleAsync(
        IMigrationStore store, PushWorker worker, IUsage usage, CancellationToken cancellationToken)
    {
        var isThere = await StoreAnswer.IsThereAsync(store, cancellationToken);
        var schema = isThere ? await FindSchemaAsync(store, cancellationToken) : null;
        var isReady = schema == SchemaState.Fits && worker.IsRunning;
        return TypedResults.Json(
            new ReadyAnswer(
                isReady ? "ready" : "not_ready", isThere ? "connected" : "disconnected",
                schema switch
                {
                    SchemaState.Fits => "applied",
                    SchemaState.Older => "pending",
                    SchemaState.Newer => "newer",
                    _ => "unknown",
                },
                worker.IsRunning ? "running" : "stopped",
                usage.IsShared switch { true => "connected", false => "disconnected", null => null }),
            ServerJson.Default.ReadyAnswer, statusCode: isReady ? 200 : 503);
    }

    static async ValueTask<SchemaState?> FindSchemaAsync(IMigrationStore store, CancellationToken cancellationToken)
    {
        try
        {
            return SchemaWatch.Compare(await store.ListAsync(cancellationToken));
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }
}
