using System.IO.Compression;
using HealthExport.Pushes;
using HealthExport.Reading;

namespace HealthExport.Server.CommandLine;

/// <summary>Reads a payload from disk, plain or gzip by its content, and refuses what is none.</summary>
static class PayloadFile
{
    const int BufferBytes = 128 << 10;

    static readonly string[] s_lines = [".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz"];

    /// <returns>What is wrong with the file; null when the spool holds it whole.</returns>
    public static async ValueTask<string?> ReadAsync(
        string path, PayloadSpool spool, Action<ImportStep> report, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: BufferBytes,
                FileOptions.SequentialScan);
            var head = new byte[2];
            var length = file.ReadAtLeast(head, 2, throwOnEndOfStream: false);
            file.Position = 0;
            if (length == 0) return "is empty";
            if (head is not [0x1f, 0x8b]) return await CopyAsync(file, file, spool, report, cancellationToken);
            await using var unpacked = new GZipStream(file, CompressionMode.Decompress);
            return await CopyAsync(unpacked, file, spool, report, cancellationToken);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return "is not there";
        }
        catch (UnauthorizedAccessException)
        {
            return Directory.Exists(path) ? "is a folder" : "may not be read by this user";
        }
        catch (InvalidDataException)
        {
            return "is damaged: its gzip compression does not unpack";
        }
        catch (IOException error)
        {
            return $"cannot be read: {error.Message}";
        }
    }

    /// <summary>Whether it is a zip by its content; false for one that cannot be read.</summary>
    public static bool IsZip(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var head = new byte[2];
            return file.ReadAtLeast(head, 2, throwOnEndOfStream: false) == 2 && ExportZip.IsZip(head);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>What a push of it is called: standard items one a line by their name, all else by its content.</summary>
    public static string ContentTypeOf(string path) =>
        s_lines.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            ? NdjsonType.Name
            : "application/json";

    static async ValueTask<string?> CopyAsync(
        Stream content, FileStream file, PayloadSpool spool, Action<ImportStep> report,
        CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        var opening = new OpeningByte();
        while (true)
        {
            var read = await content.ReadAsync(buffer, cancellationToken);
            if (read == 0) break;
            var bytes = buffer.AsSpan(0, read);
            opening.Take(bytes);
            if (opening.MayBeJson == false) return "is not JSON: it starts with neither { nor [";
            spool.Write(bytes);
            report(new(ImportStage.Reading, file.Length == 0 ? 1 : (double)file.Position / file.Length));
        }
        if (spool.SizeBytes == 0) return "is empty";
        if (opening.MayBeJson is null) return "is blank";
        spool.Complete();
        return null;
    }
}
