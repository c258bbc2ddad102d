using HealthExport.Pushes;

namespace HealthExport.Reading.Csv;

/// <summary>
/// Reads the app's CSV: a file by itself, or the files of a form, each known by its heading. A file of a form that is not
/// known is told of in a warning, one by itself is a reject; the bytes stay with the payload.
/// </summary>
sealed class CsvFiles(Stream payload, ReadContext context)
{
    const int LongestName = 100;

    readonly List<Action> _workoutParts = [];

    /// <summary>Where a form breaks off; null if it is whole. Holds after <see cref="ReadAll"/>.</summary>
    public long? CutAt { get; private set; }

    public IEnumerable<ReadBatch> ReadAll()
    {
        IReadOnlyList<FormPart> parts =
            [new("", PayloadName.Find(context.Push.ContentType) ?? "", 0, payload.Length)];
        if (CsvType.FindBoundary(context.Push.ContentType) is { } boundary)
            (parts, CutAt) = FormPart.FindAll(payload, boundary);
        // Parts of workouts come last: theirs may be in another file.
        foreach (var part in parts)
            foreach (var batch in Read(part)) yield return batch;
        foreach (var read in _workoutParts)
        {
            read();
            if (context.Batches.IsFull) yield return context.Batches.Take();
        }
    }

    IEnumerable<ReadBatch> Read(FormPart part)
    {
        PartStream Bytes() => new(payload, part.Start, part.Length);
        var separator = CsvTable.FindSeparator(Bytes());
        CsvTable Open() => new(Bytes(), separator);
        string[] heading;
        using (var table = Open())
        {
            if (table.IsBroken) RejectHeading(part);
            heading = table.Heading;
        }
        // An automation that found nothing sends files without a line.
        if (heading.Length == 0) return [];
        if (WorkoutPartCsv.Find(context, heading, part.FileName) is { } workoutPart)
        {
            _workoutParts.Add(() => workoutPart.Read(Open()));
            return [];
        }
        if (RowCsv.Find(heading) is { } rows) return rows.ReadAll(context, Open());
        if (MetricsCsv.Is(heading)) return new MetricsCsv(context, heading, Open).ReadAll();
        var name = NameOf(part);
        const string What = "has a heading that is not known; its rows are kept with the payload, unread";
        // A file's own name may be a person's words; a form's field is the app's.
        context.Drift.NoteSection(part.Name.Length > 0 ? part.Name : CsvType.File);
        if (CsvType.FindBoundary(context.Push.ContentType) is not null && name.Length > 0)
            context.Batches.Warn(name, -1, WarningCodes.UnknownSection, $"The file '{name}' {What}");
        else
            context.Batches.Reject(
                SectionName.Metrics, 0, Fault.Unreadable($"The file {What}") with
                {
                    Hint = "A file of metrics has a column Date/Time (or Date) and columns with units, as Step Count "
                        + "(count); the app's other files have Workout Type, Start and End; Date, Scheduled Date and "
                        + "Medication; Start, End and Kind; or Timestamp, Latitude and Longitude.",
                }, default);
        return [];
    }

    void RejectHeading(FormPart part)
    {
        var isOfForm = CsvType.FindBoundary(context.Push.ContentType) is not null;
        var file = isOfForm && NameOf(part) is { Length: > 0 } name ? $"The file '{name}'" : "The file";
        context.Batches.Reject(
            SectionName.Metrics, 0, Fault.Unreadable($"{file} cannot be read: its heading does not end") with
            {
                Hint = "A quote may never be closed. The rows are kept with the payload, unread.",
            }, default);
    }

    static string NameOf(FormPart part)
    {
        var name = part.Name.Length > 0 ? part.Name : part.FileName;
        return name.Length > LongestName ? name[..LongestName] : name;
    }
}
