using HealthExport.Limits;
using HealthExport.Time;

namespace HealthExport.Tests.Limits;

/// <summary>What a sliding hour does, wherever it is kept.</summary>
public abstract class HourContract
{
    static readonly Instant s_noon = Instant.From(new DateTimeOffset(2026, 1, 15, 12, 0, 0, TimeSpan.Zero));
    static readonly Allowance s_three = new(3, 1_000);

    /// <summary>Empty.</summary>
    internal abstract IHour Make();

    [Fact]
    public async Task What_was_taken_in_a_minute_is_free_again_when_the_sixtieth_after_it_begins()
    {
        var hour = Make();
        for (var i = 0; i < 3; i++) Assert.True((await TakeAsync(hour, After(0, 59.9))).IsTaken);

        var refused = await TakeAsync(hour, After(1, 0));
        Assert.False(refused.IsTaken);
        Assert.Equal(new Cost(3, 0), refused.Used);
        Assert.Equal(TimeSpan.FromMinutes(59), refused.Wait);
        Assert.Equal(TimeSpan.FromMinutes(59), refused.RequestReset);
        Assert.False((await TakeAsync(hour, After(59, 59.999999))).IsTaken);
        Assert.True((await TakeAsync(hour, After(60, 0))).IsTaken);
    }

    [Fact]
    public async Task The_wait_is_exact_to_the_microsecond()
    {
        var hour = Make();
        for (var minute = 0; minute < 3; minute++) await TakeAsync(hour, After(minute, 30));

        var now = After(20, 12.345678);
        var wait = (await TakeAsync(hour, now)).Wait!.Value;
        Assert.Equal(TimeSpan.FromMinutes(40) - TimeSpan.FromMicroseconds(12_345_678), wait);
        Assert.False((await TakeAsync(hour, new Instant((now + wait).Microseconds - 1))).IsTaken);
        Assert.True((await TakeAsync(hour, now + wait)).IsTaken);
    }

    [Fact]
    public async Task The_wait_for_bytes_is_as_long_as_it_takes_to_free_enough()
    {
        var hour = Make();
        for (var minute = 0; minute < 5; minute++)
            Assert.True((await hour.TakeAsync(After(minute, 0), s_three, new(0, 200))).IsTaken);

        var refused = await hour.TakeAsync(After(10, 0), s_three, new(1, 450));
        Assert.Equal(TimeSpan.FromMinutes(52), refused.Wait);
        Assert.Equal(TimeSpan.Zero, refused.RequestReset);
        Assert.Equal(TimeSpan.FromMinutes(50), refused.ByteReset);
        Assert.Equal(new Cost(0, 1_000), refused.Used);
    }

    [Fact]
    public async Task A_cost_is_taken_whole_or_not_at_all()
    {
        var hour = Make();
        Assert.True((await hour.TakeAsync(s_noon, s_three, new(1, 900))).IsTaken);
        Assert.Equal(new Cost(1, 900), (await hour.TakeAsync(s_noon, s_three, new(1, 101))).Used);
        Assert.Equal(new Cost(2, 1_000), (await hour.TakeAsync(s_noon, s_three, new(1, 100))).Used);
    }

    [Fact]
    public async Task What_is_more_than_the_allowance_never_fits()
    {
        var hour = Make();
        Assert.Null((await hour.TakeAsync(s_noon, s_three, new(1, 1_001))).Wait);
        Assert.Null((await hour.TakeAsync(s_noon, s_three, new(4, 0))).Wait);
        Assert.Equal(Cost.Nothing, (await hour.TakeAsync(s_noon, s_three, Cost.Nothing)).Used);
    }

    [Fact]
    public async Task Asking_takes_nothing()
    {
        var hour = Make();
        await hour.TakeAsync(s_noon, s_three, new(3, 1_000));
        var asked = await hour.TakeAsync(s_noon, s_three, Cost.Nothing);
        Assert.True(asked.IsTaken);
        Assert.Equal(new Cost(3, 1_000), asked.Used);
    }

    [Fact]
    public async Task What_is_given_back_is_free_at_once_until_its_minute_has_gone()
    {
        var hour = Make();
        var taken = await hour.TakeAsync(After(0, 0), s_three, new(1, 800));
        await hour.TakeAsync(After(1, 0), s_three, new(1, 200));
        Assert.Equal(
            new Cost(2, 200), (await hour.GiveBackAsync(After(59, 0), s_three, new(0, 800), taken.Minute)).Used);
        Assert.Equal(
            new Cost(1, 200), (await hour.GiveBackAsync(After(60, 0), s_three, new(1, 800), taken.Minute)).Used);
    }

    [Fact]
    public async Task A_clock_set_back_frees_nothing_early()
    {
        var hour = Make();
        await TakeAsync(hour, After(0, 0));
        await TakeAsync(hour, After(30, 0));
        Assert.Equal(2, (await hour.TakeAsync(After(10, 0), s_three, Cost.Nothing)).Used.Requests);
        Assert.Equal(2, (await hour.TakeAsync(After(-600, 0), s_three, Cost.Nothing)).Used.Requests);
        Assert.Equal(2, (await hour.TakeAsync(After(-541, 59), s_three, Cost.Nothing)).Used.Requests);
        Assert.Equal(0, (await hour.TakeAsync(After(-540, 0), s_three, Cost.Nothing)).Used.Requests);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_comes_it_is_as_the_model_says(int seed)
    {
        var random = new Random(seed);
        for (var history = 0; history < Histories; history++)
        {
            var (hour, model) = (Make(), new ModelHour());
            var now = s_noon;
            List<(int Minute, Cost Cost)> taken = [];
            List<(Verdict Expected, Task<Verdict> Actual)> verdicts = [];
            for (var step = 0; step < 80; step++)
            {
                now += Leap(random);
                var allowance = new Allowance(random.Next(1, 40), random.Next(1, 4_000));
                if (random.Next(10) == 0 && taken.Count > 0)
                {
                    var (minute, given) = taken[random.Next(taken.Count)];
                    verdicts.Add((
                        model.GiveBack(now, allowance, given, minute),
                        hour.GiveBackAsync(now, allowance, given, minute).AsTask()));
                    continue;
                }
                var cost = random.Next(10) == 0
                    ? Cost.Nothing : new(random.Next(3), random.Next(2) * random.Next(600));
                var verdict = model.Take(now, allowance, cost);
                verdicts.Add((verdict, hour.TakeAsync(now, allowance, cost).AsTask()));
                if (verdict.IsTaken) taken.Add((verdict.Minute, cost));
            }
            for (var step = 0; step < verdicts.Count; step++)
                Assert.Equal(
                    (seed, history, step, verdicts[step].Expected),
                    (seed, history, step, await verdicts[step].Actual));
        }
    }

    protected virtual int Histories => 100;

    static TimeSpan Leap(Random random) => random.Next(20) switch
    {
        0 => TimeSpan.FromMinutes(random.Next(90)),
        1 => TimeSpan.FromSeconds(-random.Next(200)),
        2 when random.Next(5) == 0 => TimeSpan.FromMinutes(-random.Next(200)),
        < 10 => TimeSpan.Zero,
        _ => TimeSpan.FromMicroseconds(random.NextInt64(240_000_000)),
    };

    static Instant After(int minutes, double seconds) =>
        s_noon + TimeSpan.FromMinutes(minutes) + TimeSpan.FromMicroseconds(Math.Round(seconds * 1e6));

    static ValueTask<Verdict> TakeAsync(IHour hour, Instant now) => hour.TakeAsync(now, s_three, Cost.OneRequest);
}

/// <summary>One key's hour of one class, by a clock that the test sets.</summary>
interface IHour
{
    ValueTask<Verdict> TakeAsync(Instant now, Allowance allowance, Cost cost);

    ValueTask<Verdict> GiveBackAsync(Instant now, Allowance allowance, Cost cost, int minute);
}
