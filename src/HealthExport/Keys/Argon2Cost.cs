namespace HealthExport.Keys;

/// <summary>What one Argon2id derivation costs (RFC 9106, 3.1).</summary>
/// <param name="MemoryKib">KiB of memory, at least 8 for each lane, at most 262,144 (256 MiB).</param>
/// <param name="Passes">Passes over that memory, 1 to 16.</param>
/// <param name="Parallelism">Lanes, 1 to 16. They shape the result; here they are computed one after another.</param>
/// <remarks>The upper bounds are ours, not the RFC's: a stored text must not be able to stall the server.</remarks>
public readonly record struct Argon2Cost(int MemoryKib, int Passes, int Parallelism)
{
    public const int MaxMemoryKib = 262_144;
    public const int MaxPasses = 16;
    public const int MaxParallelism = 16;

    /// <summary>19 MiB, 2 passes, 1 lane: OWASP's first recommendation for Argon2id.</summary>
    public static Argon2Cost Default => new(19_456, 2, 1);

    /// <summary>Whether every number is within its bounds.</summary>
    public bool IsWithinBounds =>
        Parallelism is >= 1 and <= MaxParallelism
        && Passes is >= 1 and <= MaxPasses
        && MemoryKib <= MaxMemoryKib
        && MemoryKib >= 8 * Parallelism;
}
