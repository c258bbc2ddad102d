using HealthExport.Limits;

namespace HealthExport.Caching;

/// <summary>
/// Answers that several processes share, for a while, by tags that never mean another answer. Safe from any thread; no
/// method fails, or waits longer than <see cref="SharedAnswersOptions.Patience"/>: while the place is away nothing is
/// found and nothing is kept.
/// </summary>
public interface ISharedAnswers
{
    /// <summary>Whether the place is there at present.</summary>
    bool IsThere { get; }

    /// <summary>Raised with null when the place is there, and with the reason, without addresses and secrets, when it
    /// has gone or was not there at first.</summary>
    event Action<string?>? Changed;

    /// <summary>Looks for the place; returns when it is there, or the first try has failed. From then on it is looked
    /// for without end.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <returns>Null when there is none.</returns>
    ValueTask<byte[]?> FindAsync(Guid person, string tag);

    /// <summary>Keeps an answer of a person. Where too much waits to be kept already, it is not.</summary>
    ValueTask KeepAsync(Guid person, string tag, byte[] answer, TimeSpan life);

    /// <summary>Lets go of everything of a person.</summary>
    /// <returns>False when the place is away: what is there ends with its life.</returns>
    ValueTask<bool> ForgetAsync(Guid person);
}

/// <summary>Where answers are shared.</summary>
/// <param name="Redis">Where it is, and how long a connection and a change may take.</param>
/// <param name="Patience">How long a reader waits for it: no longer than an answer takes to be worked out anyhow.
/// </param>
public sealed record SharedAnswersOptions(SharedUsageOptions Redis, TimeSpan Patience);
