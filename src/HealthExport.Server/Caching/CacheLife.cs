namespace HealthExport.Server.Caching;

/// <summary>
/// How long the server itself keeps an answer. Only how long: an answer that is no longer true is never found, whatever
/// its life, since it is kept under the versions of what it says.
/// </summary>
/// <param name="Here">In this process.</param>
/// <param name="Shared">Where servers share answers as well; zero for not at all.</param>
sealed record CacheLife(TimeSpan Here, TimeSpan Shared)
{
    /// <summary>In this process alone, which is enough for what is cheap to work out or rarely asked for twice.
    /// </summary>
    public static CacheLife InProcess { get; } = new(TimeSpan.FromMinutes(10), TimeSpan.Zero);

    /// <summary>In this process and among servers.</summary>
    public static CacheLife Minutes(int minutes) => new(TimeSpan.FromMinutes(minutes), TimeSpan.FromMinutes(minutes));

    public override string ToString() =>
        Shared > TimeSpan.Zero ? $"{Shared.TotalMinutes:0} min, shared" : $"{Here.TotalMinutes:0} min";
}
