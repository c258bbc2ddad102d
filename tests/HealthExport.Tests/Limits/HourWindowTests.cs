using HealthExport.Limits;
using HealthExport.Time;

namespace HealthExport.Tests.Limits;

public sealed class HourWindowTests : HourContract
{
    [Fact]
    public void It_holds_sixty_steps_at_most_however_long_it_is_used()
    {
        var window = new HourWindow();
        for (var second = 0; second < 4 * 3_600; second += 7)
            window.Take(new(second * Instant.PerSecond), new(1_000_000, 1), Cost.OneRequest);
        Assert.Equal(60, window.ToArray().Length);
        Assert.Equal(Enumerable.Range(180, 60), window.ToArray().Select(step => step.Minute));
    }

    internal override IHour Make() => new InProcess();

    sealed class InProcess : IHour
    {
        readonly HourWindow _window = new();

        public ValueTask<Verdict> TakeAsync(Instant now, Allowance allowance, Cost cost) =>
            new(_window.Take(now, allowance, cost));

        public ValueTask<Verdict> GiveBackAsync(Instant now, Allowance allowance, Cost cost, int minute) =>
            new(_window.GiveBack(now, allowance, cost, minute));
    }
}
