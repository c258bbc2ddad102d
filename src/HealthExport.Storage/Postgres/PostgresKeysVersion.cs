using HealthExport.Pushes;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// The number that grows with every change to any key, asked of the server at most once a second: a revocation holds at
/// once in this process, and within a second in every other. Safe for concurrent use.
/// </summary>
sealed class PostgresKeysVersion(PostgresDatabase database)
{
    static readonly TimeSpan s_age = TimeSpan.FromSeconds(1);

    readonly SemaphoreSlim _gate = new(1, 1);

    // Grows with every change made here, so that an answer that was on its way then is not kept.
    int _changes;

    // Replaced as a whole.
    volatile Answer? _answer;

    sealed record Answer(long Version, long AskedAt);

    /// <exception cref="StoreUnavailableException">The server is away: a remembered number is not good
    /// enough.</exception>
    public ValueTask<long> GetAsync(CancellationToken cancellationToken) =>
        FindFresh() is { } fresh ? new(fresh.Version) : AskAsync(cancellationToken);

    /// <summary>For whoever changes keys, in the same transaction.</summary>
    public static async ValueTask RaiseAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var raise = new NpgsqlCommand(
            "update keys_version set version = version + 1 where user_id = 0", connection);
        await raise.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>After that transaction, whether or not it is known to be committed.</summary>
    public void Forget()
    {
        Interlocked.Increment(ref _changes);
        _answer = null;
    }

    Answer? FindFresh() =>
        _answer is { } answer && database.Clock.GetElapsedTime(answer.AskedAt) < s_age ? answer : null;

    async ValueTask<long> AskAsync(CancellationToken cancellationToken)
    {
        // One question answers all who came before it was asked.
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (FindFresh() is { } fresh) return fresh.Version;
            var changes = Volatile.Read(ref _changes);
            var askedAt = database.Clock.GetTimestamp();
            var version = await database.ReadAsync(
                async (connection, cancellationToken) =>
                {
                    await using var read = new NpgsqlCommand(
                        "select version from keys_version where user_id = 0", connection);
                    return (long?)await read.ExecuteScalarAsync(cancellationToken) ?? 0;
                },
                cancellationToken);
            _answer = new(version, askedAt);
            if (changes != Volatile.Read(ref _changes)) _answer = null;
            return version;
        }
        finally
        {
            _gate.Release();
        }
    }
}
