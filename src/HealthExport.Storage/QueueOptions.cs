namespace HealthExport.Storage;

/// <summary>How the queue of pushes behaves.</summary>
sealed record QueueOptions
{
    /// <summary>How often a push is handed out before it is settled as failed: one that kills the process must stop.
    /// </summary>
    public int MaxAttempts { get; init; } = Pushes.ClaimedPush.MaxAttempts;

    /// <summary>How long an idempotency key is remembered.</summary>
    public TimeSpan IdempotencyWindow { get; init; } = TimeSpan.FromHours(24);
}
