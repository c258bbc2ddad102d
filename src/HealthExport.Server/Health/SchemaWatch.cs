using HealthExport.Migrations;
using HealthExport.Pushes;

namespace HealthExport.Server.Health;

/// <summary>How a store's schema and this build agree.</summary>
enum SchemaState
{
    Fits,

    /// <summary>Steps of this build are missing.</summary>
    Older,

    /// <summary>A newer build has added steps that this one does not know.</summary>
    Newer,
}

/// <summary>
/// Whether the store's schema is the one that this build reads and writes, looked at every few seconds. On an older one
/// statements fail; on a newer one they might not, and leave out what the newer build keeps true. So neither is used:
/// requests are answered 503, nothing is taken from the queue and no upkeep is done until the two agree, which needs no
/// restart.
/// </summary>
sealed class SchemaWatch(IMigrationStore store, TimeProvider clock)
{
    static readonly TimeSpan s_whileItFits = TimeSpan.FromSeconds(5);
    static readonly TimeSpan s_whileNot = TimeSpan.FromSeconds(1);

    // Swapped as a whole; null before the first look.
    Look? _last;

    // 1 while somebody looks.
    int _isLooking;

    sealed record Look(SchemaState State, long At);

    /// <exception cref="StoreUnavailableException">It cannot be told, and could not be before.</exception>
    public async ValueTask<SchemaState> FindAsync(CancellationToken cancellationToken)
    {
        var last = Volatile.Read(ref _last);
        if (last is not null)
        {
            var after = last.State == SchemaState.Fits ? s_whileItFits : s_whileNot;
            if (clock.GetElapsedTime(last.At) < after) return last.State;
            // One looks again; the others go by what was found.
            if (Interlocked.Exchange(ref _isLooking, 1) != 0) return last.State;
        }
        try
        {
            var state = Compare(await store.ListAsync(cancellationToken));
            Volatile.Write(ref _last, new(state, clock.GetTimestamp()));
            return state;
        }
        catch (StoreUnavailableException) when (last is { State: SchemaState.Fits })
        {
            // Whoever asks will find out for himself.
            return SchemaState.Fits;
        }
        finally
        {
            if (last is not null) Volatile.Write(ref _isLooking, 0);
        }
    }

    public static SchemaState Compare(IReadOnlyList<Migration> steps) =>
        steps.Any(step => !step.IsKnown) ? SchemaState.Newer
        : steps.All(step => step.IsApplied) ? SchemaState.Fits
        : SchemaState.Older;
}

static class SchemaGate
{
    /// <summary>Answers what would read or write a schema that is not this build's with 503.</summary>
    public static IApplicationBuilder UseSchemaGate(this IApplicationBuilder app, SchemaWatch schema) =>
        app.Use(async (context, next) =>
        {
            var state = context.GetEndpoint()?.Metadata.GetMetadata<Security.NeededScope>() is null
                ? SchemaState.Fits
                : await schema.FindAsync(context.RequestAborted);
            if (state == SchemaState.Fits) await next(context);
            else await Http.Problems.SchemaUnfit(state).ExecuteAsync(context);
        });
}
