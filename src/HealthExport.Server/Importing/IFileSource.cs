using HealthExport.Server.CommandLine;

namespace HealthExport.Server.Importing;

/// <summary>
/// A place that files to import lie in: one file, a folder, or a zip. What it lists can be opened one at a time, as often
/// as needed.
/// </summary>
interface IFileSource
{
    /// <summary>All that lies there but what systems leave behind, in no order. Opens none of it.</summary>
    IEnumerable<ListedFile> List();
}

/// <summary>Something that lies in a source.</summary>
sealed record ListedFile
{
    /// <summary>Where it lies, as its owner named it. Says what it is and its place in the order, and is never opened.
    /// </summary>
    public required string Path { get; init; }

    public required FileKind Kind { get; init; }

    /// <summary>Unpacked, as far as that is declared.</summary>
    public long Bytes { get; init; }

    /// <summary>As it lies there: what it may unpack to is measured by it.</summary>
    public long PackedBytes { get; init; }

    /// <summary>Its bytes from the beginning; null for what cannot be taken.</summary>
    /// <remarks>The stream throws <see cref="InvalidDataException"/> where it is not what it was declared.</remarks>
    public Func<Stream>? Open { get; init; }

    /// <summary>What a push of it is called, where that is known better than its name says it.</summary>
    public string? ContentType { get; init; }

    /// <summary>What its bytes must be, lower-case hex; null if nobody knows.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Why it is passed over, as the end of a sentence; null if it is not.</summary>
    public string? WhyNot { get; init; }

    /// <summary>Why it cannot be taken though it should, likewise.</summary>
    public string? Fault { get; init; }

    /// <summary><see cref="Path"/>, fit to be printed.</summary>
    public string Name => PrintedText.OfName(Path);
}
