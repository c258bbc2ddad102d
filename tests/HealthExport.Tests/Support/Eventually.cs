using System.Diagnostics;

namespace HealthExport.Tests.Support;

/// <summary>Asks again until something holds, and fails at the deadline.</summary>
static class Eventually
{
    static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(10);

    public static async Task TrueAsync(Func<Task<bool>> holds)
    {
        var since = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(since.Elapsed < RunningServer.Deadline, "It did not come about before the deadline.");
            await Task.Delay(s_between);
        }
    }

    public static Task TrueAsync(Func<bool> holds) => TrueAsync(() => Task.FromResult(holds()));
}
