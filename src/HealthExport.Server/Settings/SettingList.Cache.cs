namespace HealthExport.Server.Settings;

/// <summary>Which answers are kept, and where.</summary>
static partial class SettingList
{
    public static readonly Setting CacheMemoryBytes = new(
        "HEALTHEXPORT__CACHE__MEMORYBYTES", "33554432",
        "What answers kept for the next who asks may take of the memory, in bytes; 0 keeps none.")
        { Range = (0, 1L << 40) };

    public static readonly Setting CacheEntryBytes = new(
        "HEALTHEXPORT__CACHE__ENTRYBYTES", "4194304", "Largest answer that is kept, in bytes before it is compressed.")
        { Range = (1, 1 << 30) };

    public static readonly Setting CacheWarmSeconds = new(
        "HEALTHEXPORT__CACHE__WARMSECONDS", "900",
        "What was read within so many seconds is worked out again after a push, before anybody asks; 0 for nothing.")
        { Range = (0, 86_400) };

    public static readonly Setting CacheShared = new(
        "HEALTHEXPORT__CACHE__SHARED", "true",
        "Whether servers share answers in Redis, for ten minutes at most, where one is configured: true or false.");

    public static readonly Setting CacheSharedMilliseconds = new(
        "HEALTHEXPORT__CACHE__SHAREDMILLISECONDS", "50",
        "How long a read waits for an answer that is kept in Redis, in milliseconds.") { Range = (1, 10_000) };

    static Setting[] Cache =>
        [CacheMemoryBytes, CacheEntryBytes, CacheWarmSeconds, CacheShared, CacheSharedMilliseconds];
}
