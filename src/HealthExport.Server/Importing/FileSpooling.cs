using System.Buffers;
using HealthExport.Pushes;
using HealthExport.Reading;
using HealthExport.Server.Importing.Mongo;

namespace HealthExport.Server.Importing;

/// <summary>What came of a file that was to be read.</summary>
/// <param name="ContentType">Of the push that it is.</param>
/// <param name="Fault">Why it is none, as the end of a sentence; null if it is one.</param>
/// <param name="Aggregation">What the automation would have said of it; null for nothing.</param>
readonly record struct SpooledFile(string ContentType, string? Fault, string? Aggregation = null);

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
    /// <returns>Without a fault, the spool holds the push whole.</returns>
    public async ValueTask<SpooledFile> ReadAsync(
        ListedFile file, PayloadSpool spool, Action<double> report, CancellationToken cancellationToken)
    {
        var contentType = file.ContentType ?? FileKinds.ContentTypeOf(file.Kind, file.Path);
        try
        {
            var isPacked = await IsPackedAsync(file, cancellationToken);
            var contents = new Contents(file, isPacked, report);
            var isOfMongo = file.Kind is FileKind.Json or FileKind.Lines && await IsOfMongoAsync(contents, cancellationToken);
            if (isOfMongo) contentType = FileKinds.ContentTypeOf(FileKind.Json, file.Path);
            string? aggregation = null;
            var fault = isOfMongo
                ? Convert(contents, spool, out aggregation, cancellationToken)
                : await CopyAsync(contents, spool, cancellationToken);
            if (fault is not null) return new(contentType, fault);
            spool.Complete();
            return new(contentType, file.Sha256 is { } hash && hash != System.Convert.ToHexStringLower(spool.Sha256)
                ? "is not what it was: it has another hash than its manifest says" : null, aggregation);
        }
        catch (Exception error) when (FindFault(error) is { } fault)
        {
            return new(contentType, fault);
        }
    }

    static string? FindFault(Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => "is not there",
        UnauthorizedAccessException => "may not be read by this user",
        UnpackedTooFarException => Bomb,
        InvalidDataException => "is damaged: it does not unpack to what it was",
        NotSupportedException => "is packed in a way that is not known here",
        IOException => $"cannot be read: {error.Message}",
        _ => null,
    };

    string? Convert(
        Contents contents, PayloadSpool spool, out string? aggregation, CancellationToken cancellationToken)
    {
        aggregation = null;
        if (zone is null)
            return "holds instants without a local time, and nobody said whose days they belong to: import it with "
                + "--time-zone, Europe/Berlin for one";
        var conversion = new MongoConversion(
            contents.Open, FileKinds.CollectionOf(contents.File.Path), zone, _workouts);
        var fault = conversion.Write(spool, cancellationToken);
        aggregation = conversion.Aggregation;
        return fault;
    }

    static async ValueTask<string?> CopyAsync(
        Contents contents, PayloadSpool spool, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var content = contents.Open();
            var opening = new OpeningByte();
            while (await content.ReadAsync(buffer, cancellationToken) is var read and > 0)
            {
                var bytes = buffer.AsSpan(0, read);
                opening.Take(bytes);
                if (contents.File.Kind == FileKind.Json && opening.MayBeJson == false)
                    return "is not JSON: it starts with neither { nor [";
                spool.Write(bytes);
            }
            return spool.SizeBytes == 0 ? "is empty" : opening.MayBeJson is null ? "is blank" : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    static async ValueTask<bool> IsOfMongoAsync(Contents contents, CancellationToken cancellationToken)
    {
        var head = ArrayPool<byte>.Shared.Rent(MongoConversion.HeadBytes);
        try
        {
            await using var content = contents.Open();
            var length = await content.ReadAtLeastAsync(
                head, MongoConversion.HeadBytes, throwOnEndOfStream: false, cancellationToken);
            return MongoConversion.IsOne(head.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(head);
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
