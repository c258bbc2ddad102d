using HealthExport.Drift;
using HealthExport.Pushes;
using HealthExport.Reading.Csv;
using HealthExport.Samples;

namespace HealthExport.Reading;

/// <summary>
/// Turns one payload, JSON, CSV or GPX of the app, or standard items in JSON or one a line, into batches of valid rows in canonical
/// units and of rejects. Memory is bounded by the largest element and one batch, whatever the order of keys; the work is
/// linear in the payload, however its bytes arrive. Not safe for threads; reads once.
/// </summary>
/// <remarks>
/// <para>It never throws for what the payload holds, but for <see cref="RepeatedKeyException"/>.</para>
/// <para>
/// Sections lie in the object <c>data</c>, beside it, or in the root if there is none; a root (or <c>data</c>) that is
/// an array is one of metrics. Sections are known by name, whatever the case and underscores. An unknown one is kept if
/// it is an array, or, within <c>data</c>, an object; other unknown keys are what tools wrap around a payload, and left
/// out.
/// </para>
/// <para>
/// Where the payload is cut, every item complete before is handed out, but for points whose metric's name or unit had
/// not come yet. A grain that has to be inferred is inferred from the stamps before the cut.
/// </para>
/// </remarks>
/// <param name="payload">The decoded bytes; seekable, read synchronously from its beginning. Not disposed.</param>
/// <param name="context">What is known of the push beside them.</param>
/// <param name="thorough">
/// Finds the winners among repeated keys before anything is handed out, for about twice the work.
/// </param>
/// <param name="batchRows">Rows of a batch, 1 or more.</param>
public sealed class PayloadReader(
    Stream payload, PushContext context, bool thorough = false, int batchRows = PayloadReader.UsualBatchRows)
{
    /// <summary>Rows of a batch where nobody says otherwise.</summary>
    public const int UsualBatchRows = 4096;

    readonly ReadContext _context = new(context, thorough, batchRows);
    JsonCursor? _cursor;
    NdjsonReader? _lines;
    CsvFiles? _files;
    GpxReader? _tracks;

    /// <summary>What the payload turned out to be. Holds after <see cref="Read"/>.</summary>
    public PayloadFormat Format => _lines is not null ? PayloadFormat.Ndjson
        : _files is not null ? PayloadFormat.HaeCsv
        : _tracks is not null ? PayloadFormat.Gpx
        : _context.HasStandardItems ? PayloadFormat.StandardJson : PayloadFormat.HaeJson;

    /// <summary>
    /// Bytes of the payload before it stopped being JSON, or a form (its length, if it merely ends early); null if it is
    /// whole.
    /// Holds after <see cref="Read"/>.
    /// </summary>
    public long? TruncatedAt => _cursor?.CutAt ?? _files?.CutAt;

    /// <summary>What the payload held that is not known here; empty if all is. Holds after <see cref="Read"/>.</summary>
    public IReadOnlyList<DriftNote> Drift => _context.Drift.ToList();

    /// <summary>The bytes of the window at first; tests make it small.</summary>
    internal int WindowBytes { get; init; } = JsonCursor.WindowBytes;

    /// <summary>Of NDJSON; tests make it small.</summary>
    internal int LongestLine { get; init; } = JsonCursor.LongestElementBytes;

    internal long BytesTokenised => _cursor?.BytesTokenised ?? _lines?.BytesScanned ?? 0;

    /// <summary>
    /// Reads the payload batch by batch, as the caller asks. Sample rows come in pooled arrays, which the caller gives
    /// back (<see cref="SampleRun.Release"/>).
    /// </summary>
    /// <exception cref="RepeatedKeyException">
    /// What was handed out so far does not hold, because a later key replaces it. Never when thorough.
    /// </exception>
    /// <exception cref="InvalidOperationException">It was called before.</exception>
    public IEnumerable<ReadBatch> Read()
    {
        if (_cursor is not null || _lines is not null || _files is not null || _tracks is not null)
            throw new InvalidOperationException("A payload is read once.");
        if (NdjsonType.Is(_context.Push.ContentType))
        {
            _lines = new(payload, _context, WindowBytes, LongestLine);
            foreach (var batch in _lines.ReadAll()) yield return batch;
        }
        else if (CsvType.Is(_context.Push.ContentType))
        {
            _files = new(payload, _context);
            foreach (var batch in _files.ReadAll()) yield return batch;
        }
        else if (GpxType.Is(_context.Push.ContentType))
        {
            _tracks = new(payload, _context);
            foreach (var batch in _tracks.ReadAll()) yield return batch;
        }
        else
        {
            _cursor = new(payload, WindowBytes);
            foreach (var batch in new EnvelopeReader(_cursor, _context).ReadAll()) yield return batch;
        }
        if (!_context.Batches.IsEmpty) yield return _context.Batches.Take();
    }
}
