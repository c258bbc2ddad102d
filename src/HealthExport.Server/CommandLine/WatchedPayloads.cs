using HealthExport.Pushes;

namespace HealthExport.Server.CommandLine;

/// <summary>A store that says how far a payload has been read, which is how far the push has been applied.</summary>
/// <param name="report">Gets the fraction, 0 to 1, never less than before; called on the reader's thread.</param>
sealed class WatchedPayloads(IIngestionStore store, Action<double> report) : IIngestionStore
{
    public Stream OpenPayload(long userId, long number) => new WatchedStream(store.OpenPayload(userId, number), report);

    public ValueTask<KeptPush> KeepAsync(ReceivedPush push, CancellationToken cancellationToken) =>
        store.KeepAsync(push, cancellationToken);

    public ValueTask<ClaimedPush?> ClaimAsync(TimeSpan lease, CancellationToken cancellationToken) =>
        store.ClaimAsync(lease, cancellationToken);

    public ValueTask<bool> RenewAsync(ClaimedPush push, TimeSpan lease, CancellationToken cancellationToken) =>
        store.RenewAsync(push, lease, cancellationToken);

    public ValueTask GiveBackAsync(
        ClaimedPush push, TimeSpan delay, bool countAttempt, CancellationToken cancellationToken) =>
        store.GiveBackAsync(push, delay, countAttempt, cancellationToken);

    public ValueTask FailAsync(ClaimedPush push, CancellationToken cancellationToken) =>
        store.FailAsync(push, cancellationToken);

    public ValueTask<IPushTransaction> BeginAsync(ClaimedPush push, CancellationToken cancellationToken) =>
        store.BeginAsync(push, cancellationToken);

    public ValueTask<Ingestion?> FindAsync(long userId, Guid id, CancellationToken cancellationToken) =>
        store.FindAsync(userId, id, cancellationToken);

    public ValueTask<Page<Ingestion>> ListAsync(
        long userId, IngestionFilter filter, string? cursor, int limit, CancellationToken cancellationToken) =>
        store.ListAsync(userId, filter, cursor, limit, cancellationToken);

    public ValueTask<Page<Reject>> ListRejectsAsync(
        long userId, Guid id, string? cursor, int limit, CancellationToken cancellationToken) =>
        store.ListRejectsAsync(userId, id, cursor, limit, cancellationToken);

    public ValueTask<Ingestion?> ReplayAsync(long userId, Guid id, CancellationToken cancellationToken) =>
        store.ReplayAsync(userId, id, cancellationToken);

    public ValueTask<IReadOnlyList<(long UserId, Guid Id)>> ListByStatusAsync(
        IngestionStatus status, int limit, CancellationToken cancellationToken) =>
        store.ListByStatusAsync(status, limit, cancellationToken);

    sealed class WatchedStream(Stream payload, Action<double> report) : Stream
    {
        long _furthest;

        public override bool CanRead => true;
        public override bool CanSeek => true;
        public override bool CanWrite => false;
        public override long Length => payload.Length;

        public override long Position
        {
            get => payload.Position;
            set => payload.Position = value;
        }

        public override int Read(Span<byte> buffer)
        {
            var read = payload.Read(buffer);
            // The reader goes back where names come after the data they name.
            if (payload.Position <= _furthest) return read;
            _furthest = payload.Position;
            report((double)_furthest / Length);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override long Seek(long offset, SeekOrigin origin) => payload.Seek(offset, origin);
        public override void Flush() { }
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) payload.Dispose();
            base.Dispose(disposing);
        }
    }
}
