using System.Globalization;
using System.Reflection;
using HealthExport.Audit;
using HealthExport.Limits;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;

namespace HealthExport.Server.Limits;

/// <summary>
/// What one request takes of its key's allowance. Its bytes are taken as a whole where the head says how many there are,
/// else when they have come, or, if they are many, part by part as they come: what is on its way in at once is no more
/// than the key may send. They are given back unless somebody says that they are due. Not for concurrent use. A handler
/// takes it as a parameter.
/// </summary>
sealed class Budget(IUsage usage, UsageKey key, Allowance allowance, AuditTrail trail, HttpContext context)
{
    // From so many on that were not taken yet.
    const long PartBytes = 4 << 20;

    // Taken, and given back in the end unless they are due; what was taken in which minute.
    long _bytes;
    readonly List<(long Bytes, int Minute)> _parts = new(1);
    bool _isDue;

    /// <summary>What all requests of an hour may bring together.</summary>
    public long AllowedBytes => allowance.Bytes;

    /// <summary>Binds the parameter of a handler.</summary>
    public static ValueTask<Budget?> BindAsync(HttpContext context, ParameterInfo _) =>
        ValueTask.FromResult(context.Features.Get<Budget>());

    /// <summary>Takes what a request costs as far as its head tells.</summary>
    /// <returns>Why it is refused; null if it is let in.</returns>
    public ValueTask<ProblemResult?> EnterAsync(Cost cost) => TakeAsync(cost);

    /// <summary>Takes the bytes of a body that has come to its end, unless they were taken before.</summary>
    /// <returns>Why they are refused; null if they fit.</returns>
    public async ValueTask<ProblemResult?> TakeBodyAsync(long bytes)
    {
        if (_bytes == bytes) return null;
        if (_bytes > 0 && _bytes < bytes && await TryTakeAsync(new(0, bytes - _bytes)) is { IsTaken: true }) return null;
        // What was taken before must not stand in the way of what it is a part of.
        await ReleaseAsync();
        return await TakeAsync(new(0, bytes));
    }

    /// <summary>Takes what has come so far of a body whose end is not known, as soon as it is much.</summary>
    /// <returns>Why it is refused; null if it fits.</returns>
    public ValueTask<ProblemResult?> TakeSoFarAsync(long bytes) =>
        bytes - _bytes < PartBytes ? ValueTask.FromResult<ProblemResult?>(null) : TakeBodyAsync(bytes);

    /// <summary>Says that the bytes taken are due.</summary>
    public void Keep() => _isDue = true;

    /// <summary>Gives back what is not due; a second time does nothing.</summary>
    public async ValueTask ReleaseAsync()
    {
        if (_isDue || _bytes == 0) return;
        var parts = _parts.ToArray();
        _parts.Clear();
        _bytes = 0;
        foreach (var (bytes, minute) in parts)
            Tell(await usage.GiveBackAsync(key, allowance, new(0, bytes), minute));
    }

    async ValueTask<ProblemResult?> TakeAsync(Cost cost) =>
        await TryTakeAsync(cost) is { IsTaken: false } verdict ? Refuse(verdict, cost) : null;

    async ValueTask<Verdict> TryTakeAsync(Cost cost)
    {
        var verdict = await usage.TakeAsync(key, allowance, cost);
        Tell(verdict);
        if (!verdict.IsTaken || cost.Bytes == 0) return verdict;
        // What is given back shows in the answer.
        if (_parts.Count == 0)
            context.Response.OnStarting(static budget => ((Budget)budget).ReleaseAsync().AsTask(), this);
        _bytes += cost.Bytes;
        if (_parts is [.., var last] && last.Minute == verdict.Minute)
            _parts[^1] = last with { Bytes = last.Bytes + cost.Bytes };
        else _parts.Add((cost.Bytes, verdict.Minute));
        return verdict;
    }

    ProblemResult Refuse(Verdict verdict, Cost cost)
    {
        var name = LimitClasses.GetName(key.Class);
        var isForRequests = cost.Requests > 0 && verdict.RequestReset > TimeSpan.Zero;
        trail.Fold(context, AuditAction.LimitHit, isForRequests ? $"{name} requests" : $"{name} bytes");
        if (verdict.Wait is not { } wait) return Problems.BodyOverAllowance(allowance.Bytes);
        var seconds = Seconds(wait);
        return Problems.RateLimited(
            isForRequests
                ? $"This key may make {allowance.Requests} {name} requests an hour; the next fits in {seconds} s."
                : $"This key may send {allowance.Bytes} bytes an hour, of which "
                    + $"{Left(allowance.Bytes, verdict.Used.Bytes)} are left; a body of {cost.Bytes} bytes fits in "
                    + $"{seconds} s.",
            seconds);
    }

    void Tell(Verdict verdict)
    {
        if (context.Response.HasStarted) return;
        var headers = context.Response.Headers;
        headers["X-RateLimit-Limit"] = Format(allowance.Requests);
        headers["X-RateLimit-Remaining"] = Format(Left(allowance.Requests, verdict.Used.Requests));
        headers["X-RateLimit-Reset"] = Format(Seconds(verdict.RequestReset));
        headers["X-RateLimit-Bytes-Limit"] = Format(allowance.Bytes);
        headers["X-RateLimit-Bytes-Remaining"] = Format(Left(allowance.Bytes, verdict.Used.Bytes));
    }

    /// <summary>Whole seconds after which it is so, and not one too few.</summary>
    public static int Seconds(TimeSpan span) => (int)Math.Ceiling(span.TotalSeconds);

    /// <summary>What is left; nothing where an allowance was lowered below what is used.</summary>
    public static long Left(long allowed, long used) => Math.Max(0, allowed - used);

    static string Format(long number) => number.ToString(CultureInfo.InvariantCulture);
}
