using System.IO.Pipes;
using System.Text.Json;
using HealthExport.Server.Http;
using HealthExport.Server.Settings;

namespace HealthExport.Server.Caching;

/// <param name="Since">When this server started.</param>
/// <param name="Requests">Reads whose answers are cached; the four after it, by what became of each, add up to it.
/// </param>
/// <param name="NotModified">The client had the answer.</param>
/// <param name="HitRate">The part that did not have to be worked out, 0 to 1; null before the first.</param>
/// <param name="Warmed">Answers that were worked out before anybody asked again.</param>
/// <param name="Evictions">Answers that had to make room.</param>
/// <param name="Redis">connected or disconnected; null where answers are not shared.</param>
sealed record CacheStatusAnswer(
    int ProcessId, DateTimeOffset Since, long Requests, long Hits, long SharedHits, long NotModified, long Misses,
    double? HitRate, long Warmed, long Evictions, int Entries, long SizeBytes, long CapacityBytes, string? Redis);

/// <summary>
/// Tells whoever looks in on this machine what the caches of this process have done, for the verb <c>cache status</c>:
/// through a named pipe, which the network does not reach. It says the figures to each who connects, and takes nothing.
/// </summary>
sealed partial class CacheWindow(
    CacheFigures figures, ServerSettings settings, TimeProvider clock, ILogger<CacheWindow> log) : BackgroundService
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);
    static readonly TimeSpan s_again = TimeSpan.FromMinutes(1);

    readonly string _name = CachePipes.MakeName(settings.DatabaseUrl);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var pipe = new NamedPipeServerStream(
                    _name, PipeDirection.Out, NamedPipeServerStream.MaxAllowedServerInstances,
                    PipeTransmissionMode.Byte, PipeOptions.Asynchronous);
                while (true) await TellAsync(pipe, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Such as a folder for temporary files that cannot be written.
                NotOpened(e.GetType().Name, s_again.TotalSeconds);
                await Task.Delay(s_again, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task TellAsync(NamedPipeServerStream pipe, CancellationToken stoppingToken)
    {
        await pipe.WaitForConnectionAsync(stoppingToken);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        patience.CancelAfter(s_patience);
        try
        {
            await JsonSerializer.SerializeAsync(
                pipe, figures.Describe(), ServerJson.Default.CacheStatusAnswer, patience.Token);
        }
        catch (Exception e) when (
            e is IOException || (e is OperationCanceledException && !stoppingToken.IsCancellationRequested))
        {
            // Who looked in has left, or does not listen.
        }
        finally
        {
            pipe.Disconnect();
        }
    }

    [LoggerMessage(1223, LogLevel.Warning,
        "Figures of the caches cannot be asked for on this machine ({Exception}); again in {DelaySeconds:0} s")]
    partial void NotOpened(string exception, double delaySeconds);
}
