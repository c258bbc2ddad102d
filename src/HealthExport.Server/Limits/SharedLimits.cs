using HealthExport.Limits;

namespace HealthExport.Server.Limits;

/// <summary>
/// Finds the place where servers count together before the first request comes, unless that takes too long, and says in
/// the log when it goes and when it is back.
/// </summary>
sealed partial class SharedLimits(ISharedUsage usage, ILogger<SharedLimits> log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        usage.SharingChanged += Tell;
        return usage.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        usage.SharingChanged -= Tell;
        return Task.CompletedTask;
    }

    void Tell(string? cause)
    {
        if (cause is null) Shared();
        else Apart(cause);
    }

    [LoggerMessage(1211, LogLevel.Information, "Limits are counted in Redis")]
    partial void Shared();

    [LoggerMessage(1212, LogLevel.Warning,
        "Redis is away ({Cause}): limits are counted by this server alone until it is back")]
    partial void Apart(string cause);
}
