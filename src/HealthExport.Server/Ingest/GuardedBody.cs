using System.Buffers;
using System.IO.Pipelines;
using HealthExport.Memory;

namespace HealthExport.Server.Ingest;

/// <summary>
/// A request's body that does not wait for ever: each read gives up when no byte came for the time allowed. Not for
/// concurrent use.
/// </summary>
sealed class GuardedBody : ForwardStream
{
    readonly PipeReader _reader;
    readonly TimeSpan _stall;
    readonly CancellationToken _aborted;
    readonly CancellationTokenSource _patience;
    readonly CancellationTokenRegistration _leaving;

    public GuardedBody(PipeReader reader, TimeSpan stall, TimeProvider clock, CancellationToken aborted)
    {
        (_reader, _stall, _aborted) = (reader, stall, aborted);
        _patience = new(Timeout.InfiniteTimeSpan, clock);
        _leaving = aborted.Register(_patience.Cancel);
    }

    /// <summary>What has arrived; the caller then says with <see cref="AdvanceTo"/> what it took.</summary>
    /// <exception cref="StalledBodyException">Nothing came for too long.</exception>
    public async ValueTask<ReadResult> ReadAsync(int atLeast = 1)
    {
        _patience.CancelAfter(_stall);
        try
        {
            return atLeast <= 1
                ? await _reader.ReadAsync(_patience.Token)
                : await _reader.ReadAtLeastAsync(atLeast, _patience.Token);
        }
        catch (OperationCanceledException) when (!_aborted.IsCancellationRequested)
        {
            throw new StalledBodyException();
        }
        finally
        {
            // What the caller does with the bytes takes none of the body's time.
            _patience.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    public void AdvanceTo(SequencePosition consumed) => _reader.AdvanceTo(consumed);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await ReadAsync();
        var taken = (int)Math.Min(buffer.Length, read.Buffer.Length);
        var part = read.Buffer.Slice(0, taken);
        part.CopyTo(buffer.Span);
        _reader.AdvanceTo(part.End);
        return taken;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _leaving.Dispose();
            _patience.Dispose();
        }
        base.Dispose(disposing);
    }
}

/// <summary>A body brought no byte for longer than allowed.</summary>
sealed class StalledBodyException() : Exception("The body stalled.");
