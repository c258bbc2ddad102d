namespace HealthExport.Tests.Support;

/// <summary>The system's clock, set wrong.</summary>
sealed class ShiftedClock(TimeSpan off) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + off;
}
