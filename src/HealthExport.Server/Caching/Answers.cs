using HealthExport.Caching;
using HealthExport.Server.Settings;
using Microsoft.AspNetCore.ResponseCompression;

namespace HealthExport.Server.Caching;

/// <summary>
/// Answers by their tags: those kept in this process, those that servers share, and those being worked out, each once
/// however many ask. Safe from any thread.
/// </summary>
/// <param name="shared">Null where nothing is shared.</param>
sealed class Answers(
    LocalAnswers local, CacheFigures figures, ServerSettings settings, ISharedAnswers? shared = null)
{
    readonly Flights _flights = new();

    /// <param name="workOut">
    /// Works the answer out. Gets what to call when it turns out not to be kept, as soon as that is known, and how many
    /// bytes an answer that is kept may have. Gives the answer to keep, or null when it has been sent otherwise.
    /// </param>
    /// <returns>Null for an answer that <paramref name="workOut"/> has sent.</returns>
    public async ValueTask<(KeptAnswer? Answer, CacheOutcome Outcome)> FindAsync(
        CachedRequest request, Func<Action, int, Task<KeptAnswer?>> workOut, CancellationToken cancellationToken)
    {
        if (settings.Cache.MemoryBytes == 0) return (await workOut(() => { }, 0), CacheOutcome.Miss);
        while (true)
        {
            if (local.Find(request.Tag) is { } kept) return (kept, CacheOutcome.Hit);
            var (flight, isOwn) = _flights.Enter(request.Tag);
            if (isOwn) return await FlyAsync(flight, request, workOut);
            KeptAnswer? others;
            try
            {
                others = await flight.WaitAsync(cancellationToken);
            }
            catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Their client has gone. Perhaps this one has patience.
                continue;
            }
            return others is not null ? (others, CacheOutcome.Hit) : (await workOut(() => { }, 0), CacheOutcome.Miss);
        }
    }

    /// <summary>An answer's bytes in a coding.</summary>
    public ReadOnlyMemory<byte> Pack(string tag, KeptAnswer answer, ICompressionProvider coding)
    {
        var before = answer.Bytes;
        var packed = answer.In(coding);
        if (answer.Bytes != before) figures.CountEvicted(local.Weigh(tag));
        return packed;
    }

    /// <summary>Lets go of everything of a person, here and where servers share it; other processes have it until its
    /// life is over, and cannot find it.</summary>
    public async ValueTask ForgetAsync(Guid person)
    {
        local.Forget(person);
        if (shared is not null) await shared.ForgetAsync(person);
    }

    async ValueTask<(KeptAnswer? Answer, CacheOutcome Outcome)> FlyAsync(
        Flights.Flight flight, CachedRequest request, Func<Action, int, Task<KeptAnswer?>> workOut)
    {
        using var landing = flight;
        try
        {
            // Between the look and the flight somebody else's may have landed.
            if (local.Find(request.Tag) is { } kept) return (Land(kept), CacheOutcome.Hit);
            if (await FindSharedAsync(request) is { } found)
            {
                KeepHere(request, found);
                return (Land(found), CacheOutcome.SharedHit);
            }
            var answer = await workOut(() => flight.Land(null), settings.Cache.EntryBytes);
            if (answer is not null)
            {
                KeepHere(request, answer);
                if (IsShared(request)) _ = Task.Run(() => ShareAsync(request, answer), CancellationToken.None);
            }
            return (Land(answer), CacheOutcome.Miss);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Each may try for himself, at once: one after the other they would wait for the store's patience in turn.
            flight.Land(null);
            throw;
        }

        KeptAnswer? Land(KeptAnswer? answer)
        {
            flight.Land(answer);
            return answer;
        }
    }

    async ValueTask<KeptAnswer?> FindSharedAsync(CachedRequest request)
    {
        if (!IsShared(request) || await shared!.FindAsync(request.Person, request.Tag) is not { } bytes) return null;
        return KeptAnswer.FromShared(bytes, settings.Cache.EntryBytes);
    }

    async Task ShareAsync(CachedRequest request, KeptAnswer answer)
    {
        await shared!.KeepAsync(request.Person, request.Tag, answer.ToShared(), request.Life.Shared);
        // It was packed for that.
        figures.CountEvicted(local.Weigh(request.Tag));
    }

    bool IsShared(CachedRequest request) => request.Life.Shared > TimeSpan.Zero && shared is { IsThere: true };

    void KeepHere(CachedRequest request, KeptAnswer answer) =>
        figures.CountEvicted(local.Keep(request.Tag, request.Person, answer, request.Life.Here));
}
