namespace HealthExport.Server.Settings;

/// <summary>Which answers are kept, and where.</summary>
sealed record CacheSettings
{
    /// <summary>Of all answers kept in this process; 0 keeps none anywhere.</summary>
    public long MemoryBytes { get; init; } = 32L << 20;

    /// <summary>Of one of them.</summary>
    public int EntryBytes { get; init; } = 4 << 20;

    /// <summary>What who has read within this time asked for is worked out again after a push; zero for nothing.
    /// </summary>
    public TimeSpan Warm { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Whether servers share answers in Redis, where there is one.</summary>
    public bool IsShared { get; init; } = true;

    /// <summary>How long a read waits for Redis.</summary>
    public TimeSpan SharedPatience { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <exception cref="InvalidSettingException">A value is not among those allowed.</exception>
    public static CacheSettings From(IConfiguration configuration) => new()
    {
        MemoryBytes = ServerSettings.Number(configuration, SettingList.CacheMemoryBytes),
        EntryBytes = (int)ServerSettings.Number(configuration, SettingList.CacheEntryBytes),
        Warm = ServerSettings.Seconds(configuration, SettingList.CacheWarmSeconds),
        IsShared = ServerSettings.Flag(configuration, SettingList.CacheShared),
        SharedPatience = ServerSettings.Milliseconds(configuration, SettingList.CacheSharedMilliseconds),
    };
}
