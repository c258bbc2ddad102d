using HealthExport.Pushes;

namespace HealthExport.Reading.Csv;

/// <summary>
/// Reads the app's CSV: a file by itself, or the files of a form, each known by its heading. A file of a form that is not
/// known is told of in a warning, one by itself is a reject; the bytes stay with the payload.
/// </summary>
sealed class CsvFiles(Stream payload, ReadContext context)
{
    const int LongestName = 100;

    /// <summary>Where a form breaks off; null if it is whole. Holds after <see cref="ReadAll"/>.</summary>
    public long? CutAt { get; private set; }

    public IEnumerable<ReadBatch> ReadAll()
    {
        IReadOnlyList<FormPart> parts = [new("", "", 0, payload.Length)];
        if (CsvType.FindBoundary(context.Push.ContentType) is { } boundary)
            (parts, CutAt) = FormPart.FindAll(payload, boundary);
        foreach (var part in parts)
            foreach (var batch in Read(part)) yield return batch;
    }

    IEnumerable<ReadBatch> Read(FormPart part)
    {
        PartStream Bytes() => new(payload, part.Start, part.Length);
        var separator = CsvTable.FindSeparator(Bytes());
        CsvTable Open() => new(Bytes(), separator);
        string[] heading;
        using (var table = Open()) heading = table.Heading;
        // An automation that found nothing sends files without a line.
        if (heading.Length == 0) return [];
        if (MetricsCsv.Is(heading)) return new MetricsCsv(context, heading, Open).ReadAll();
        if (RowCsv.Find(heading) is { } rows) return rows.ReadAll(context, Open());
        var name = part.Name.Length > 0 ? part.Name : part.FileName;
        if (name.Length > LongestName) name = name[..LongestName];
        const string What = "has a heading that is not known; its rows are kept with the payload, unread";
        context.Drift.NoteSection(name.Length > 0 ? name : CsvType.File);
        if (name.Length > 0)
            context.Batches.Warn(name, -1, WarningCodes.UnknownSection, $"The file '{name}' {What}");
        else
            context.Batches.Reject(
                SectionName.Metrics, 0, Fault.Unreadable($"The file {What}") with
                {
                    Hint = "The app's files begin with Date/Time, Workout Type, Date,Scheduled Date, or Start,End,Kind.",
                }, default);
        return [];
    }
}
