using System.Text;
using HealthExport.Pushes;

namespace HealthExport.Reading.Csv;

/// <summary>One part of a form (RFC 7578), found by where its bytes lie.</summary>
/// <param name="Name">Of the form's field; empty if none was sent.</param>
/// <param name="FileName">The last segment of what was sent, which may be a path or a URL of the phone's; empty if none
/// was sent. Never used as a path.</param>
/// <param name="Start">Of the content, in the payload.</param>
/// <param name="Length">Of the content, in bytes.</param>
readonly record struct FormPart(string Name, string FileName, long Start, long Length)
{
    const int MostParts = 1_000;
    const int LongestHeaders = 16 * 1024;
    const int WindowBytes = 64 * 1024;

    /// <summary>Finds the parts of a form, walking over the payload once, in a window of 64 KiB.</summary>
    /// <param name="payload">Seekable.</param>
    /// <param name="boundary">Of the <c>Content-Type</c>, without its dashes.</param>
    /// <returns>
    /// The parts in order, at most 1,000, and where the payload breaks off, or the first part beyond those begins: null
    /// if it ends with the last boundary. A part that is cut is left out.
    /// </returns>
    public static (IReadOnlyList<FormPart> Parts, long? CutAt) FindAll(Stream payload, string boundary)
    {
        var parts = new List<FormPart>();
        var delimiter = Encoding.UTF8.GetBytes("\r\n--" + boundary);
        // The first boundary may stand at the very beginning, without a line before it.
        var next = StartsWith(payload, delimiter.AsSpan(2)) ? delimiter.Length - 2L : Find(payload, 0, delimiter);
        while (next is { } behind)
        {
            var (end, headers) = ReadHeaders(payload, behind);
            if (headers is null) return (parts, end is null ? payload.Length : null);
            // What is beyond is told as cut off, like anything that is not read.
            if (parts.Count == MostParts) return (parts, behind);
            if (Find(payload, end!.Value, delimiter) is not { } after) return (parts, payload.Length);
            var (name, fileName) = ReadDisposition(headers);
            parts.Add(new(name, fileName, end.Value, after - delimiter.Length - end.Value));
            next = after;
        }
        return (parts, payload.Length);
    }

    static bool StartsWith(Stream payload, ReadOnlySpan<byte> bytes)
    {
        payload.Position = 0;
        Span<byte> begin = new byte[bytes.Length];
        return payload.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false) == begin.Length
            && begin.SequenceEqual(bytes);
    }

    /// <returns>Behind the bytes; null if they do not come any more.</returns>
    static long? Find(Stream payload, long from, ReadOnlySpan<byte> bytes)
    {
        payload.Position = from;
        var window = new byte[WindowBytes];
        var held = 0;
        while (true)
        {
            var read = payload.ReadAtLeast(window.AsSpan(held), window.Length - held, throwOnEndOfStream: false);
            var found = window.AsSpan(0, held + read).IndexOf(bytes);
            if (found >= 0) return from + found + bytes.Length;
            if (read == 0) return null;
            // What may be the beginning of it stays.
            var passed = Math.Max(held + read - (bytes.Length - 1), 0);
            window.AsSpan(passed, held + read - passed).CopyTo(window);
            from += passed;
            held = held + read - passed;
        }
    }

    /// <param name="from">Behind a boundary.</param>
    /// <returns>Where the content begins; no headers behind the last boundary, and no place either where they are cut.
    /// </returns>
    static (long? End, string? Headers) ReadHeaders(Stream payload, long from)
    {
        payload.Position = from;
        var window = new byte[LongestHeaders];
        var held = payload.ReadAtLeast(window, window.Length, throwOnEndOfStream: false);
        var bytes = window.AsSpan(0, held);
        if (bytes.StartsWith("--"u8)) return (from, null);
        // A part without headers begins with the empty line that ends them.
        var end = bytes.StartsWith("\r\n\r\n"u8) ? 0 : bytes.IndexOf("\r\n\r\n"u8);
        return end < 0 ? (null, null) : (from + end + 4, Encoding.UTF8.GetString(bytes[..end]));
    }

    static (string Name, string FileName) ReadDisposition(string headers)
    {
        foreach (var line in headers.Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(':');
            if (colon < 0 || !line.AsSpan(0, colon).Trim().Equals("Content-Disposition", StringComparison.OrdinalIgnoreCase))
                continue;
            return (
                HeaderValue.FindParameter(line, "name") ?? "",
                PayloadName.LastSegment(HeaderValue.FindParameter(line, "filename") ?? ""));
        }
        return ("", "");
    }
}
