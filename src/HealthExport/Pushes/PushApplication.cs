using System.Threading.Channels;
using HealthExport.Reading;

namespace HealthExport.Pushes;

/// <summary>
/// Applies a claimed push: reads its payload, compares every item with what is stored, writes the differences and the
/// receipt, all in one transaction. Reading and writing overlap; memory is bounded by a few batches. Safe for
/// concurrent use; the store keeps pushes of one user apart.
/// </summary>
/// <param name="removeVanished">Whether buckets that an explicitly aggregated array lacks are taken as gone.</param>
/// <param name="report">
/// Gets how far a payload has been read, which is about how far its push has been applied: 0 to 1, never less than
/// before in one attempt; on the reader's thread. Null if nobody looks.
/// </param>
/// <param name="batchRows">Rows compared and written at once, 1 or more.</param>
public sealed class PushApplication(
    IIngestionStore store, bool removeVanished = true, Action<double>? report = null,
    int batchRows = PayloadReader.UsualBatchRows)
{
    const int BatchesAhead = 4;
    const long LargeBytes = 8 << 20;

    /// <summary>Applies the push whole, or not at all.</summary>
    /// <returns>The receipt, as committed.</returns>
    /// <exception cref="StoreUnavailableException">The store is away: nothing was changed, try again later.</exception>
    /// <exception cref="LeaseLostException">Another process took the push over: nothing was changed here.</exception>
    public async Task<Receipt> ApplyAsync(ClaimedPush push, CancellationToken cancellationToken)
    {
        try
        {
            return await ApplyOnceAsync(push, thorough: false, cancellationToken);
        }
        catch (RepeatedKeyException)
        {
            // Rare, and only known once the first occurrence has been applied: take it back and read with care.
            return await ApplyOnceAsync(push, thorough: true, cancellationToken);
        }
    }

    async Task<Receipt> ApplyOnceAsync(ClaimedPush push, bool thorough, CancellationToken cancellationToken)
    {
        using var payload = store.OpenPayload(push.UserId, push.Number);
        var context = ContextOf(push.Ingestion);
        var reader = new PayloadReader(payload, context, thorough, batchRows);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var batches = Channel.CreateBounded<ReadBatch>(
            new BoundedChannelOptions(BatchesAhead) { SingleReader = true, SingleWriter = true });
        // The embedded engine has one writer: it is not held while the first batches, or a whole small push, are read.
        // A large one keeps it busy for so long that waiting for its beginning would be lost time.
        var worthStarting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (payload.Length > LargeBytes) worthStarting.SetResult();
        var reading = Task.Run(
            async () =>
            {
                try
                {
                    var furthest = 0L;
                    foreach (var batch in reader.Read())
                    {
                        // The reader goes back where names come after the data they name.
                        furthest = Math.Max(furthest, payload.Position);
                        report?.Invoke((double)furthest / payload.Length);
                        if (!batches.Writer.TryWrite(batch))
                        {
                            worthStarting.TrySetResult();
                            await batches.Writer.WriteAsync(batch, stop.Token);
                        }
                    }
                    batches.Writer.Complete();
                }
                catch (Exception e)
                {
                    batches.Writer.Complete(e);
                }
                finally
                {
                    worthStarting.TrySetResult();
                }
            },
            CancellationToken.None);
        try
        {
            await worthStarting.Task;
            await using var transaction = await store.BeginAsync(push, cancellationToken);
            var merge = new PushMerge(transaction, push.Number, context.Zone, cancellationToken);
            await foreach (var batch in batches.Reader.ReadAllAsync(cancellationToken)) await merge.ApplyAsync(batch);
            if (removeVanished) await merge.RemoveVanishedAsync();
            await merge.MarkDaysAsync();
            var receipt = merge.Tally.ToReceipt(reader.Format, reader.TruncatedAt);
            receipt.DriftIsCounted = true;
            if (push.Ingestion.Receipt is not { DriftIsCounted: true }) receipt.Drift = reader.Drift;
            await transaction.CommitAsync(receipt, merge.ChangedAnything, cancellationToken);
            return receipt;
        }
        finally
        {
            await stop.CancelAsync();
            await reading;
        }
    }

    internal static PushContext ContextOf(Ingestion ingestion) => new()
    {
        ReceivedAt = ingestion.ReceivedAt,
        ContentType = ingestion.ContentType,
        Zone = ingestion.TimeZone is { } id && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone : null,
        Aggregation = ingestion.Headers.GetValueOrDefault("automation-aggregation"),
        Period = ingestion.Headers.GetValueOrDefault("automation-period"),
    };
}
