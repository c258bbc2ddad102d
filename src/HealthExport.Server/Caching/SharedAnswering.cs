using HealthExport.Caching;

namespace HealthExport.Server.Caching;

/// <summary>
/// Finds the place where servers share answers before the first request comes, unless that takes too long, and says in
/// the log when it goes and when it is back.
/// </summary>
sealed partial class SharedAnswering(ISharedAnswers answers, ILogger<SharedAnswering> log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        answers.Changed += Tell;
        return answers.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        answers.Changed -= Tell;
        return Task.CompletedTask;
    }

    void Tell(string? cause)
    {
        if (cause is null) Shared();
        else Apart(cause);
    }

    [LoggerMessage(1221, LogLevel.Information, "Answers are shared in Redis")]
    partial void Shared();

    [LoggerMessage(1222, LogLevel.Warning,
        "Redis is away ({Cause}): answers are kept by this server alone until it is back")]
    partial void Apart(string cause);
}
