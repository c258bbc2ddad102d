using System.Buffers;
using System.IO.Pipelines;

namespace HealthExport.Server.Ingest;

/// <summary>
/// A request's body that does not wait for ever: each read gives up when no byte came for the time allowed. Not for
/// concurrent use.
/// </summary>
sealed class GuardedBody(PipeReader reader, TimeSpan stall, CancellationToken aborted) : Stream
{
    readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(aborted);
    readonly CancellationToken _aborted = aborted;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>What has arrived; the caller then says with <see cref="AdvanceTo"/> what it took.</summary>
    /// <exception cref="StalledBodyException">Nothing came for too long.</exception>
    public async ValueTask<ReadResult> ReadAsync(int atLeast = 1)
    {
        _patience.CancelAfter(stall);
        try
        {
            return atLeast <= 1
                ? await reader.ReadAsync(_patience.Token)
                : await reader.ReadAtLeastAsync(atLeast, _patience.Token);
        }
        catch (OperationCanceledException) when (!_aborted.IsCancellationRequested)
        {
            throw new StalledBodyException();
        }
    }

    public void AdvanceTo(SequencePosition consumed) => reader.AdvanceTo(consumed);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await ReadAsync();
        var taken = (int)Math.Min(buffer.Length, read.Buffer.Length);
        var part = read.Buffer.Slice(0, taken);
        part.CopyTo(buffer.Span);
        reader.AdvanceTo(part.End);
        return taken;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _patience.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A body brought no byte for longer than allowed.</summary>
sealed class StalledBodyException() : Exception("The body stalled.");
