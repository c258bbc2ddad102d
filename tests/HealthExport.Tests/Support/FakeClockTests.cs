namespace HealthExport.Tests.Support;

public sealed class FakeClockTests
{
    [Fact]
    public void Both_clocks_move_when_told_and_only_then()
    {
        var clock = new FakeClock();
        var (start, stamp) = (clock.GetUtcNow(), clock.GetTimestamp());
        Assert.Equal(start, clock.GetUtcNow());
        clock.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(start.AddSeconds(90), clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(90), clock.GetElapsedTime(stamp));
    }

    [Fact]
    public void Timers_are_called_at_their_time_in_order_until_disposed()
    {
        var clock = new FakeClock();
        var start = clock.GetUtcNow();
        var calls = new List<(string Name, TimeSpan At)>();
        TimerCallback note = name => calls.Add(((string)name!, clock.GetUtcNow() - start));
        using var once = clock.CreateTimer(note, "once", TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        var often = clock.CreateTimer(note, "often", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        clock.Advance(TimeSpan.FromSeconds(5));
        often.Dispose();
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(
            [("often", TimeSpan.FromSeconds(2)), ("once", TimeSpan.FromSeconds(3)), ("often", TimeSpan.FromSeconds(4))],
            calls);
    }

    [Fact]
    public async Task A_delay_ends_when_the_clock_has_passed_it()
    {
        var clock = new FakeClock();
        var delay = Task.Delay(TimeSpan.FromMinutes(1), clock);
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(delay.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));
        await delay;
    }
}
