using HealthExport.Keys;
using HealthExport.Limits;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Limits;

public sealed class LocalUsageTests
{
    static readonly UsageKey s_key = new("key", LimitClass.Ingest);

    [Fact]
    public async Task Of_sixty_four_at_once_never_more_are_let_in_than_fit()
    {
        using var usage = new LocalUsage(new FakeClock());
        var taken = 0;
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 1_000; i++)
                if (usage.Take(s_key, new(5_000, 1L << 40), new(1, 1_000)).IsTaken) Interlocked.Increment(ref taken);
        })));
        Assert.Equal(5_000, taken);
        Assert.Equal(
            new Cost(5_000, 5_000_000), usage.Take(s_key, new(5_000, 1L << 40), Cost.Nothing).Used);
    }

    [Fact]
    public async Task Bytes_given_back_while_others_take_never_let_in_more_than_fit()
    {
        using var usage = new LocalUsage(new FakeClock());
        var allowance = new Allowance(1_000_000, 1_000);
        var inHand = 0L;
        var most = 0L;
        await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() =>
        {
            for (var round = 0; round < 500; round++)
            {
                var verdict = usage.Take(s_key, allowance, new(1, 90 + i));
                if (!verdict.IsTaken) continue;
                InterlockedMax(ref most, Interlocked.Add(ref inHand, 90 + i));
                Interlocked.Add(ref inHand, -(90 + i));
                usage.GiveBack(s_key, allowance, new(0, 90 + i), verdict.Minute);
            }
        })));
        Assert.InRange(most, 90, 1_000);
        Assert.Equal(0, usage.Take(s_key, allowance, Cost.Nothing).Used.Bytes);
    }

    [Fact]
    public void Classes_and_keys_do_not_use_up_each_others()
    {
        using var usage = new LocalUsage(new FakeClock());
        Assert.True(usage.Take(s_key, new(1, 1), Cost.OneRequest).IsTaken);
        Assert.False(usage.Take(s_key, new(1, 1), Cost.OneRequest).IsTaken);
        Assert.True(usage.Take(s_key with { Class = LimitClass.Read }, new(1, 1), Cost.OneRequest).IsTaken);
        Assert.True(usage.Take(s_key with { KeyId = "other" }, new(1, 1), Cost.OneRequest).IsTaken);
    }

    [Fact]
    public void A_key_that_was_not_used_for_an_hour_takes_no_memory()
    {
        var clock = new FakeClock();
        using var usage = new LocalUsage(clock);
        for (var i = 0; i < 10_000; i++) usage.Take(new($"{i}", LimitClass.Read), new(9, 9), Cost.OneRequest);
        clock.Advance(TimeSpan.FromMinutes(30));
        usage.Take(s_key, new(9, 9), Cost.OneRequest);
        clock.Advance(TimeSpan.FromMinutes(29));
        Assert.Equal(10_001, usage.Count);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, usage.Count);
        Assert.Equal(1, usage.Take(s_key, new(9, 9), Cost.Nothing).Used.Requests);
        clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(0, usage.Count);
    }

    [Fact]
    public async Task Nothing_is_let_in_beside_the_count_while_idle_keys_are_forgotten()
    {
        var clock = new FakeClock();
        using var usage = new LocalUsage(clock);
        var allowance = new Allowance(10, 1);
        usage.Take(s_key, allowance, new(10, 0));
        for (var hour = 0; hour < 20; hour++)
        {
            // A second before what was taken an hour ago is free, and the key idle, and the sweep due.
            clock.Advance(TimeSpan.FromMinutes(hour == 0 ? 59 : 60) + TimeSpan.FromSeconds(hour == 0 ? 59 : -1));
            var (taken, isDone) = (0, false);
            using var going = new Barrier(5);
            await Task.WhenAll(Enumerable.Range(0, 5).Select(i => Task.Run(() =>
            {
                going.SignalAndWait();
                if (i == 0)
                {
                    clock.Advance(TimeSpan.FromSeconds(1));
                    Volatile.Write(ref isDone, true);
                    return;
                }
                for (var last = 20; last > 0; last -= Volatile.Read(ref isDone) ? 1 : 0)
                    if (usage.Take(s_key, allowance, Cost.OneRequest).IsTaken) Interlocked.Increment(ref taken);
            })));
            Assert.Equal(10, taken);
            Assert.Equal(10, usage.Take(s_key, allowance, Cost.Nothing).Used.Requests);
        }
    }

    [Fact]
    public void A_phone_with_ten_automations_every_five_minutes_is_never_refused()
    {
        var clock = new FakeClock();
        using var usage = new LocalUsage(clock);
        var phone = KeyLimits.Of(LimitProfile.Phone);
        for (var turn = 0; turn < 24 * 12; turn++)
        {
            for (var automation = 0; automation < 10; automation++)
            {
                Assert.True(usage.Take(s_key, phone.Ingest, new(1, 6 << 20)).IsTaken);
                Assert.True(usage.Take(s_key with { Class = LimitClass.Read }, phone.Read, new(4, 0)).IsTaken);
            }
            clock.Advance(TimeSpan.FromMinutes(5));
        }
    }

    static void InterlockedMax(ref long most, long value)
    {
        for (var seen = Interlocked.Read(ref most); value > seen; seen = Interlocked.Read(ref most))
            if (Interlocked.CompareExchange(ref most, value, seen) == seen) return;
    }
}
