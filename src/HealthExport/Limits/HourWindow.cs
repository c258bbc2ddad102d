using HealthExport.Time;

namespace HealthExport.Limits;

/// <summary>
/// What was used within the last hour, minute by minute: at most sixty steps, however much it was. Not for concurrent
/// use.
/// </summary>
/// <remarks>
/// <para>
/// The hour is the present minute and the fifty-nine before it, so that what is taken weighs for 59 to 60 minutes, until
/// a minute begins: then it is known to the microsecond when something fits again.
/// </para>
/// <para>
/// Time may go back. By less than an hour, the present minute stays until the clock has caught up; by more, everything
/// counted is as of now. Either way nothing is forgotten early.
/// </para>
/// </remarks>
public sealed class HourWindow
{
    public const int Minutes = 60;

    // A ring, oldest first, of minutes in which something was counted.
    Step[] _steps = new Step[2];
    int _first;
    int _count;
    int _present;
    Cost _used;

    /// <summary>One minute's part.</summary>
    /// <param name="Minute">Since 1970.</param>
    public readonly record struct Step(int Minute, long Requests, long Bytes);

    public static int MinuteOf(Instant at) =>
        checked((int)(at.FloorTo(Instant.PerMinute).Microseconds / Instant.PerMinute));

    /// <summary>What is counted now.</summary>
    public Cost UsedAt(Instant now)
    {
        Advance(MinuteOf(now));
        return _used;
    }

    /// <summary>Takes the whole cost, or nothing of it.</summary>
    public Verdict Take(Instant now, Allowance allowance, Cost cost)
    {
        Advance(MinuteOf(now));
        var wait = WaitFor(now, allowance, cost);
        if (wait == TimeSpan.Zero) Add(cost);
        return Describe(now, allowance, wait);
    }

    /// <summary>Counts what somebody else has allowed, who knows what others have taken.</summary>
    /// <param name="minute">That it was taken in.</param>
    /// <param name="ofMinute">All that was taken in that minute by then, this cost included. Answers may come in another
    /// order than they were given: the larger one holds.</param>
    public void Note(int minute, Cost cost, Cost ofMinute)
    {
        if (cost == Cost.Nothing) return;
        Advance(minute);
        for (var i = _count - 1; i >= 0; i--)
        {
            ref var step = ref At(i);
            if (step.Minute != minute) continue;
            var more = new Cost(
                Math.Max(0, ofMinute.Requests - step.Requests), Math.Max(0, ofMinute.Bytes - step.Bytes));
            step = step with { Requests = step.Requests + more.Requests, Bytes = step.Bytes + more.Bytes };
            _used = new(_used.Requests + more.Requests, _used.Bytes + more.Bytes);
            return;
        }
        Add(minute == _present ? ofMinute : cost);
    }

    /// <summary>Undoes a cost; nothing if its minute is no longer counted.</summary>
    /// <param name="minute">As its verdict said.</param>
    public Verdict GiveBack(Instant now, Allowance allowance, Cost cost, int minute)
    {
        Advance(MinuteOf(now));
        for (var i = 0; i < _count; i++)
        {
            ref var step = ref At(i);
            if (step.Minute != minute) continue;
            var back = new Cost(Math.Min(cost.Requests, step.Requests), Math.Min(cost.Bytes, step.Bytes));
            step = step with { Requests = step.Requests - back.Requests, Bytes = step.Bytes - back.Bytes };
            _used = new(_used.Requests - back.Requests, _used.Bytes - back.Bytes);
        }
        return Describe(now, allowance, TimeSpan.Zero);
    }

    /// <summary>What is counted, oldest first.</summary>
    public Step[] ToArray()
    {
        var steps = new Step[_count];
        for (var i = 0; i < _count; i++) steps[i] = At(i);
        return steps;
    }

    void Advance(int minute)
    {
        if (_used == Cost.Nothing)
        {
            (_count, _present) = (0, minute);
            return;
        }
        if (minute >= _present)
        {
            _present = minute;
            while (_count > 0 && At(0) is var oldest && oldest.Minute <= minute - Minutes)
            {
                _used = new(_used.Requests - oldest.Requests, _used.Bytes - oldest.Bytes);
                _first = (_first + 1) % _steps.Length;
                _count--;
            }
        }
        else if (minute <= _present - Minutes)
        {
            (_count, _present) = (0, minute);
            Append(new(minute, _used.Requests, _used.Bytes));
        }
    }

    void Add(Cost cost)
    {
        if (cost == Cost.Nothing) return;
        _used = new(_used.Requests + cost.Requests, _used.Bytes + cost.Bytes);
        if (_count > 0 && At(_count - 1).Minute == _present)
        {
            ref var last = ref At(_count - 1);
            last = last with { Requests = last.Requests + cost.Requests, Bytes = last.Bytes + cost.Bytes };
        }
        else Append(new(_present, cost.Requests, cost.Bytes));
    }

    Verdict Describe(Instant now, Allowance allowance, TimeSpan? wait) => new(
        wait == TimeSpan.Zero, _used, wait, WaitFor(now, allowance, Cost.OneRequest) ?? TimeSpan.Zero,
        WaitFor(now, allowance, Cost.OneByte) ?? TimeSpan.Zero, _present);

    /// <returns>Null if it never fits.</returns>
    TimeSpan? WaitFor(Instant now, Allowance allowance, Cost cost)
    {
        if (cost.Requests > allowance.Requests || cost.Bytes > allowance.Bytes) return null;
        // Where an allowance was lowered below what is used, what takes none of it still goes.
        var requests = cost.Requests == 0 ? 0 : _used.Requests + cost.Requests - allowance.Requests;
        var bytes = cost.Bytes == 0 ? 0 : _used.Bytes + cost.Bytes - allowance.Bytes;
        var wait = TimeSpan.Zero;
        for (var i = 0; i < _count && (requests > 0 || bytes > 0); i++)
        {
            ref var step = ref At(i);
            requests -= step.Requests;
            bytes -= step.Bytes;
            wait = new Instant((step.Minute + Minutes) * Instant.PerMinute) - now;
        }
        return wait;
    }

    ref Step At(int i) => ref _steps[(_first + i) % _steps.Length];

    void Append(Step step)
    {
        if (_count == _steps.Length)
        {
            var grown = new Step[Math.Min(_count * 2, Minutes)];
            ToArray().CopyTo(grown, 0);
            (_steps, _first) = (grown, 0);
        }
        _count++;
        At(_count - 1) = step;
    }
}
