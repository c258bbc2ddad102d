using System.Buffers;

namespace HealthExport.Server.Caching;

/// <summary>
/// Holds an answer until it is whole. One that turns out larger than is kept goes on to the client from there, as it is
/// written.
/// </summary>
/// <param name="overflow">Called once before the first byte goes on; false when the client does not want any.</param>
sealed class CapturingStream(Stream inner, int mostBytes, Func<bool> overflow) : AnswerStream
{
    readonly ArrayBufferWriter<byte> _held = new();
    bool _isOver;
    bool _isWanted;

    /// <summary>The whole answer; null if it was too large.</summary>
    public ReadOnlyMemory<byte>? Held => _isOver ? default(ReadOnlyMemory<byte>?) : _held.WrittenMemory;

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_isOver)
        {
            if (_held.WrittenCount + buffer.Length <= mostBytes)
            {
                _held.Write(buffer.Span);
                return;
            }
            _isOver = true;
            _isWanted = overflow();
            if (_isWanted) await inner.WriteAsync(_held.WrittenMemory, cancellationToken);
            _held.ResetWrittenCount();
        }
        if (_isWanted) await inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) =>
        _isWanted ? inner.FlushAsync(cancellationToken) : Task.CompletedTask;

    public override ValueTask FinishAsync() => ValueTask.CompletedTask;
}
