namespace HealthExport.Keys;

/// <summary>
/// Keeps one derivation's memory for the next. What a burst needs beyond that goes back to the operating system when
/// disposed, so that an idle server holds no more than a single check takes. Safe from any thread.
/// </summary>
sealed class Argon2MemoryPool
{
    /// <summary>Enough for the default cost; anything larger is rare, and not worth holding.</summary>
    public const int MaxKeptBytes = 32 * 1024 * 1024;

    public static readonly Argon2MemoryPool Shared = new();

    Argon2Memory? _kept;

    /// <summary>Takes the kept memory if it is large enough, or allocates.</summary>
    public Argon2Memory Rent(int bytes)
    {
        var memory = Interlocked.Exchange(ref _kept, null);
        if (memory is not null && memory.CapacityBytes < bytes)
        {
            memory.Free();
            memory = null;
        }

        memory ??= new Argon2Memory(this, bytes);
        memory.UsedBytes = bytes;
        return memory;
    }

    /// <summary>Takes erased memory back, unless some is kept already or this is too large.</summary>
    public bool TryKeep(Argon2Memory memory) =>
        memory.CapacityBytes <= MaxKeptBytes && Interlocked.CompareExchange(ref _kept, memory, null) is null;
}
