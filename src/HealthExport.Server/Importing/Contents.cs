using System.IO.Compression;
using HealthExport.Memory;

namespace HealthExport.Server.Importing;

/// <summary>What a file holds, unpacked, as often as it is wanted; watched for how far it is read and unpacks.</summary>
/// <param name="report">Gets how much of the file has been read, 0 to 1.</param>
sealed class Contents(ListedFile file, bool isPacked, Action<double> report)
{
    public ListedFile File => file;

    public Stream Open()
    {
        var stored = file.Open!();
        return new Watched(file, stored, isPacked ? new GZipStream(stored, CompressionMode.Decompress) : stored, report);
    }

    sealed class Watched(ListedFile file, Stream stored, Stream content, Action<double> report) : ForwardStream
    {
        long _read;

        public override int Read(Span<byte> buffer) => Count(content.Read(buffer));

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Count(await content.ReadAsync(buffer, cancellationToken));

        int Count(int read)
        {
            _read += read;
            if (FileSpooling.IsBomb(_read, file.PackedBytes)) throw new UnpackedTooFarException();
            report(Math.Min(1, (double)stored.Position / Math.Max(1, file.Bytes)));
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                content.Dispose();
                stored.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}

/// <summary>A file unpacks to more than any honest one would.</summary>
sealed class UnpackedTooFarException() : IOException("The file unpacks too far.");
