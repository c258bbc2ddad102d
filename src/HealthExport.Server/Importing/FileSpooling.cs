using System.Buffers;
using System.IO.Compression;
using HealthExport.Pushes;
using HealthExport.Reading;
using HealthExport.Server.Importing.Mongo;

namespace HealthExport.Server.Importing;

/// <summary>
/// Turns a file into the body of a push: gzip is unpacked, the vendor's server's collections are put as the app would,
/// and what can be no push is refused.
/// </summary>
/// <param name="zone">Whose clock instants without an offset are put on; null if nobody said.</param>
sealed class FileSpooling(TimeZoneInfo? zone)
{
    public const string Bomb = "would unpack to more than 400 times its size, as no export does";

    const int BufferBytes = 128 << 10;

    // Of what has this size at least: no export packs so well, and a bomb has to.
    const long LargeBytes = 64 << 20;
    const int MostRatio = 400;

    readonly WorkoutIndex _workouts = new();

    /// <param name="bytes">Unpacked.</param>
    public static bool IsBomb(long bytes, long packedBytes) => bytes > LargeBytes && bytes / MostRatio > packedBytes;

    /// <param name="report">Gets how much of the file has been read, 0 to 1.</param>
    /// <returns>What is wrong with the file, as the end of a sentence; null when the spool holds its push whole.</returns>
    public async ValueTask<string?> ReadAsync(
        ListedFile file, PayloadSpool spool, Action<double> report, CancellationToken cancellationToken)
    {
        try
        {
            var isPacked = await IsPackedAsync(file, cancellationToken);
            var fault = await ReadAsync(new(file, isPacked, report), spool, cancellationToken);
            if (fault is null) spool.Complete();
            return fault;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return "is not there";
        }
        catch (UnauthorizedAccessException)
        {
            return "may not be read by this user";
        }
        catch (UnpackedTooFarException)
        {
            return Bomb;
        }
        catch (InvalidDataException)
        {
            return "is damaged: it does not unpack to what it was";
        }
        catch (NotSupportedException)
        {
            return "is packed in a way that is not known here";
        }
        catch (IOException error)
        {
            return $"cannot be read: {error.Message}";
        }
    }

    async ValueTask<string?> ReadAsync(Contents contents, PayloadSpool spool, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var isJson = contents.File.Kind == FileKind.Json;
            using var content = contents.Open();
            var read = await content.ReadAtLeastAsync(
                buffer, MongoConversion.HeadBytes, throwOnEndOfStream: false, cancellationToken);
            if (read == 0) return "is empty";
            if (contents.File.Kind is FileKind.Json or FileKind.Lines && MongoConversion.IsOne(buffer.AsSpan(0, read)))
                return zone is null
                    ? "holds instants without a local time, and nobody said whose days they belong to: "
                        + "import it with --time-zone, Europe/Berlin for one"
                    : new MongoConversion(
                        contents.Open, FileKinds.CollectionOf(contents.File.Path), zone, _workouts)
                        .Write(spool, cancellationToken);
            var opening = new OpeningByte();
            while (read > 0)
            {
                var bytes = buffer.AsSpan(0, read);
                opening.Take(bytes);
                if (isJson && opening.MayBeJson == false) return "is not JSON: it starts with neither { nor [";
                spool.Write(bytes);
                read = await content.ReadAsync(buffer, cancellationToken);
            }
            return opening.MayBeJson is null ? "is blank" : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    static async ValueTask<bool> IsPackedAsync(ListedFile file, CancellationToken cancellationToken)
    {
        await using var content = file.Open!();
        var head = new byte[2];
        return await content.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, cancellationToken) == 2
            && head is [0x1f, 0x8b];
    }
}
