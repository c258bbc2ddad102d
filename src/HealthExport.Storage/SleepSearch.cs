namespace HealthExport.Storage;

/// <summary>How stored sessions are searched, alike in both engines.</summary>
static class SleepSearch
{
    /// <summary>
    /// So many sessions that start before an instant are looked at for those that reach across it. Of one source, no
    /// two overlap by more than half of the shorter: three at most hold any one instant, and of those that begin before
    /// it they begin last.
    /// </summary>
    public const int MostAcross = 8;
}
