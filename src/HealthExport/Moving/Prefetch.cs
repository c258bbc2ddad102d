using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace HealthExport.Moving;

static class Prefetch
{
    /// <summary>Reads one batch ahead, on another thread, while the caller writes.</summary>
    public static async IAsyncEnumerable<RowBatch> ReadAheadAsync(
        this IAsyncEnumerable<RowBatch> batches, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ahead = Channel.CreateBounded<RowBatch>(1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = Task.Run(() => FillAsync(batches, ahead.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (var batch in ahead.Reader.ReadAllAsync(CancellationToken.None)) yield return batch;
            await reading;
        }
        finally
        {
            // Left early: what is being read has to end before anything else may use the snapshot.
            await stop.CancelAsync();
            while (ahead.Reader.TryRead(out var batch)) batch.Dispose();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (ahead.Reader.TryRead(out var batch)) batch.Dispose();
        }
    }

    static async Task FillAsync(
        IAsyncEnumerable<RowBatch> batches, ChannelWriter<RowBatch> ahead, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var batch in batches.WithCancellation(cancellationToken))
                await ahead.WriteAsync(batch, cancellationToken);
            ahead.Complete();
        }
        catch (Exception error)
        {
            ahead.Complete(error);
            throw;
        }
    }
}
