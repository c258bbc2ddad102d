using HealthExport.Pushes;
using HealthExport.Reading;
using HealthExport.Samples;

namespace HealthExport.Deletions;

/// <summary>
/// Finds the pushes whose kept bytes hold what a deletion covers, and has them deleted. What a push may hold is told by
/// its receipt; whether it does, by reading its bytes again. Memory is that of reading one push.
/// </summary>
public sealed class PayloadDeletion(IIngestionStore pushes, IDeletionStore deletions)
{
    const int PageSize = 100;

    /// <summary>How many pushes received so far have bytes that may hold it, by the types that their receipts count.
    /// </summary>
    public async ValueTask<int> CountPossibleAsync(
        long userId, Deletion deletion, long upTo, CancellationToken cancellationToken)
    {
        var count = 0;
        await foreach (var push in ListAsync(userId, upTo, cancellationToken))
            if (push.HasPayload && MayHold(push, deletion)) count++;
        return count;
    }

    /// <summary>How many of them hold it: what <see cref="DeleteAsync"/> would delete.</summary>
    public async ValueTask<int> CountAsync(
        long userId, Deletion deletion, long upTo, CancellationToken cancellationToken)
    {
        var count = 0;
        await foreach (var push in ListAsync(userId, upTo, cancellationToken))
            if (push.HasPayload && MayHold(push, deletion) && Holds(push, deletion, cancellationToken)) count++;
        return count;
    }

    /// <summary>
    /// Deletes the bytes of every push that was received before the deletion and holds some of what it covers, and what
    /// receipts and rejects quote of such items. The rest of a receipt stays.
    /// </summary>
    /// <returns>False while a push received before is still to be applied: its bytes are needed until then.</returns>
    public async ValueTask<bool> DeleteAsync(DeletionState state, CancellationToken cancellationToken)
    {
        var isWhole = true;
        await foreach (var push in ListAsync(state.UserId, state.UpTo, cancellationToken))
        {
            if (!MayHold(push, state.Deletion)) continue;
            // Without bytes there is nothing to read; what was quoted of them may be covered.
            if (push.HasPayload && !Holds(push, state.Deletion, cancellationToken)) continue;
            if (!push.HasPayload && !Quotes(push.Receipt, state.Deletion)) continue;
            isWhole &= await deletions.ForgetPushAsync(
                state, push, push.DuplicateOf is null ? WithoutQuotes(push.Receipt, state.Deletion) : null,
                push.Receipt is null ? []
                    : [.. push.Receipt.ByType.Keys.Where(state.Deletion.CoversType)], cancellationToken);
        }
        return isWhole;
    }

    async IAsyncEnumerable<Ingestion> ListAsync(
        long userId, long upTo,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var page = await pushes.ListAsync(userId, new(), cursor, PageSize, cancellationToken);
            foreach (var push in page.Items)
                if (push.Number <= upTo) yield return push;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    // One that has no receipt was never read to its end.
    static bool MayHold(Ingestion push, Deletion deletion) =>
        push.Receipt is not { } receipt || receipt.ByType.Keys.Any(deletion.CoversType);

    static bool Quotes(Receipt? receipt, Deletion deletion) => receipt is not null
        && (receipt.ByType.Any(type => type.Value.Rejected > 0 && deletion.CoversType(type.Key))
            || receipt.Warnings.Exists(warning => deletion.CoversType(warning.ItemType)));

    static Receipt? WithoutQuotes(Receipt? receipt, Deletion deletion)
    {
        receipt?.Errors.RemoveAll(error => deletion.CoversType(error.ItemType));
        receipt?.Warnings.RemoveAll(warning => deletion.CoversType(warning.ItemType));
        return receipt;
    }

    bool Holds(Ingestion push, Deletion deletion, CancellationToken cancellationToken)
    {
        try
        {
            using var payload = pushes.OpenPayload(push.UserId, push.Number);
            try
            {
                return Holds(new PayloadReader(payload, PushApplication.ContextOf(push)), deletion, cancellationToken);
            }
            catch (RepeatedKeyException)
            {
                payload.Position = 0;
                return Holds(
                    new PayloadReader(payload, PushApplication.ContextOf(push), thorough: true), deletion,
                    cancellationToken);
            }
        }
        catch (KeyNotFoundException)
        {
            // Gone meanwhile.
            return false;
        }
    }

    static bool Holds(PayloadReader reader, Deletion deletion, CancellationToken cancellationToken)
    {
        foreach (var batch in reader.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var holds = Holds(batch, deletion);
            foreach (var run in batch.Runs) run.Release();
            if (holds) return true;
        }
        return false;
    }

    static bool Holds(ReadBatch batch, Deletion deletion)
    {
        foreach (var run in batch.Runs)
        {
            if (!deletion.CoversName(run.Array.Metric.Name)) continue;
            foreach (ref readonly var sample in run.Samples)
            {
                var row = new SampleRow(run.Array.Grain, sample, 0);
                if (deletion.Covers(run.Array.Metric.Name, sample.Source, row.StartInstant, row.LocalDate)) return true;
            }
        }
        return batch.SleepStages.Exists(
                row => deletion.Covers(ItemTypes.Sleep, row.Source, row.StartAt, row.OffsetMinutes))
            || batch.SleepSessions.Exists(
                row => deletion.Covers(ItemTypes.Sleep, row.Source, row.StartAt, row.OffsetMinutes))
            || batch.Workouts.Exists(
                row => deletion.Covers(ItemTypes.Workouts, row.Source, row.StartAt, row.OffsetMinutes))
            || batch.Events.Exists(row => deletion.Covers(row.Kind, row.Source, row.StartAt, row.OffsetMinutes))
            // When an item was that could not be read is not known: it may be covered.
            || batch.Rejects.Exists(reject => deletion.CoversType(reject.ItemType));
    }
}
