using HealthExport.Limits;
using HealthExport.Time;

namespace HealthExport.Tests.Limits;

/// <summary>
/// What an hour is, said the long way: everything that was ever taken, by minute. What to wait is found by trying each
/// minute that begins.
/// </summary>
sealed class ModelHour
{
    readonly List<(int Minute, Cost Cost)> _taken = [];
    int _present;

    public Verdict Take(Instant now, Allowance allowance, Cost cost)
    {
        GoTo(now);
        var wait = WaitFor(now, allowance, cost);
        if (wait == TimeSpan.Zero) _taken.Add((_present, cost));
        return Describe(now, allowance, wait);
    }

    public Verdict GiveBack(Instant now, Allowance allowance, Cost cost, int minute)
    {
        GoTo(now);
        var there = Sum(_taken.Where(taken => taken.Minute == minute));
        if (minute > _present - 60)
            _taken.Add((minute, new(
                -Math.Min(cost.Requests, there.Requests), -Math.Min(cost.Bytes, there.Bytes))));
        return Describe(now, allowance, TimeSpan.Zero);
    }

    void GoTo(Instant now)
    {
        var minute = (int)Math.Floor(now.Microseconds / 60e6);
        // What is over stays over, whatever the clock does then.
        if (UsedIn(_present) == Cost.Nothing) _taken.Clear();
        _taken.RemoveAll(taken => taken.Minute <= _present - 60);
        if (_taken.Count == 0 || minute >= _present) _present = minute;
        else if (minute <= _present - 60)
        {
            var all = UsedIn(_present);
            _taken.Clear();
            _taken.Add((minute, all));
            _present = minute;
        }
    }

    Verdict Describe(Instant now, Allowance allowance, TimeSpan? wait) => new(
        wait == TimeSpan.Zero, UsedIn(_present), wait, WaitFor(now, allowance, new(1, 0)) ?? TimeSpan.Zero,
        WaitFor(now, allowance, new(0, 1)) ?? TimeSpan.Zero, _present);

    TimeSpan? WaitFor(Instant now, Allowance allowance, Cost cost)
    {
        if (cost.Requests > allowance.Requests || cost.Bytes > allowance.Bytes) return null;
        if (FitsIn(_present)) return TimeSpan.Zero;
        var minute = _present + 1;
        while (!FitsIn(minute)) minute++;
        return new Instant(minute * 60_000_000L) - now;

        bool FitsIn(int minute)
        {
            var used = UsedIn(minute);
            return (cost.Requests == 0 || used.Requests + cost.Requests <= allowance.Requests)
                && (cost.Bytes == 0 || used.Bytes + cost.Bytes <= allowance.Bytes);
        }
    }

    Cost UsedIn(int minute) => Sum(_taken.Where(taken => taken.Minute > minute - 60));

    static Cost Sum(IEnumerable<(int Minute, Cost Cost)> taken) =>
        taken.Aggregate(Cost.Nothing, (sum, next) =>
            new(sum.Requests + next.Cost.Requests, sum.Bytes + next.Cost.Bytes));
}
