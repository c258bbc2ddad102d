using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Security.Cryptography;

namespace HealthExport.Server.Exports;

/// <summary>
/// A zip that is sent while it is made: what is compressed goes out as soon as a good part has gathered, and waits for
/// a client that is slow. One file at a time. Not for concurrent use.
/// </summary>
sealed class ExportArchive : IDisposable
{
    const int SendAt = 64 << 10;

    readonly ArrayBufferWriter<byte> _unsent = new(2 * SendAt);
    readonly PipeWriter _body;
    readonly DateTimeOffset _madeAt;
    readonly ZipArchive _zip;
    readonly List<ExportedFile> _files = [];

    public ExportArchive(PipeWriter body, DateTimeOffset madeAt)
    {
        _body = body;
        _madeAt = madeAt;
        // It writes without asking whether that may take long: into memory, from where it is sent.
        _zip = new(new Gathered(_unsent), ZipArchiveMode.Create);
    }

    /// <summary>Those ended so far.</summary>
    public IReadOnlyList<ExportedFile> Files => _files;

    /// <summary>Begins a file; the one before must have been ended.</summary>
    public FileWriter Begin(string path)
    {
        var entry = _zip.CreateEntry(path, CompressionLevel.Fastest);
        entry.LastWriteTime = _madeAt;
        return new(this, path, entry.Open());
    }

    /// <summary>Writes the directory and sends what is left.</summary>
    public ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        _zip.Dispose();
        return SendAsync(0, cancellationToken);
    }

    /// <summary>What is unsent stays so.</summary>
    public void Dispose() => _zip.Dispose();

    async ValueTask SendAsync(int atLeast, CancellationToken cancellationToken)
    {
        if (_unsent.WrittenCount == 0 || _unsent.WrittenCount < atLeast) return;
        await _body.WriteAsync(_unsent.WrittenMemory, cancellationToken);
        _unsent.ResetWrittenCount();
        // A client that has left takes nothing, and says so to nobody else.
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>One file of the archive, counted and hashed as it is written.</summary>
    public sealed class FileWriter : Stream
    {
        readonly ExportArchive _archive;
        readonly string _path;
        readonly Stream _content;
        readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long _bytes;

        internal FileWriter(ExportArchive archive, string path, Stream content) =>
            (_archive, _path, _content) = (archive, path, content);

        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
        {
            _hash.AppendData(bytes.Span);
            _bytes += bytes.Length;
            _content.Write(bytes.Span);
            return _archive.SendAsync(SendAt, cancellationToken);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        /// <summary>Ends the file, which is listed from then on.</summary>
        /// <param name="items">Lines of NDJSON, rows of CSV without the heading, points of GPX.</param>
        public ExportedFile End(long items)
        {
            _content.Dispose();
            var file = new ExportedFile(_path, items, _bytes, Convert.ToHexStringLower(_hash.GetHashAndReset()));
            _archive._files.Add(file);
            return file;
        }

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _hash.Dispose();
                _content.Dispose();
            }
            base.Dispose(disposing);
        }
    }

    sealed class Gathered(ArrayBufferWriter<byte> unsent) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => unsent.Write(buffer.AsSpan(offset, count));
        public override void Write(ReadOnlySpan<byte> buffer) => unsent.Write(buffer);
        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
