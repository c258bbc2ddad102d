using HealthExport.Migrations;
using HealthExport.Pushes;
using HealthExport.Server.Http;

namespace HealthExport.Server.Health;

/// <param name="Status">healthy or unhealthy.</param>
/// <param name="Database">connected or disconnected.</param>
sealed record HealthAnswer(string Status, string Database);

/// <summary>GET /health: whether the process answers and its store does.</summary>
static class GetHealth
{
    public static async Task<IResult> HandleAsync(IMigrationStore store, CancellationToken cancellationToken) =>
        await StoreAnswer.IsThereAsync(store, cancellationToken)
            ? TypedResults.Json(new HealthAnswer("healthy", "connected"), ServerJson.Default.HealthAnswer)
            : TypedResults.Json(
                new HealthAnswer("unhealthy", "disconnected"), ServerJson.Default.HealthAnswer, statusCode: 503);
}

static class StoreAnswer
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>Whether the store answers, and soon: a probe does not wait.</summary>
    public static async ValueTask<bool> IsThereAsync(IMigrationStore store, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            await store.PingAsync(patience.Token);
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
