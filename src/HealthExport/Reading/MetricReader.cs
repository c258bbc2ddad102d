using System.Text.Json;
using HealthExport.Catalogue;
using HealthExport.Pushes;

namespace HealthExport.Reading;

/// <summary>Reads the elements of a <c>metrics</c> array.</summary>
sealed class MetricReader(JsonCursor cursor, ReadContext context)
{
    const string Section = "metrics";
    const int StreamedRows = 16; // how many come is not known; the later runs are larger

    readonly StandardItemReader _standard = new(context);

    /// <summary>What receipts count the items of an unknown metric under.</summary>
    /// <param name="name">Normalised.</param>
    /// <returns>The name, unless nothing is kept under such a one.</returns>
    public static string ItemTypeOf(string name) =>
        Metric.Unknown(name, "", MetricKind.Discrete).FindFault() is null ? name : Section;

    /// <summary>Reads on behind the array's first token, to its end or to where the payload is cut.</summary>
    public IEnumerable<ReadBatch> ReadAll()
    {
        for (var index = 0; ; index++)
        {
            var before = cursor.Mark();
            if (!cursor.Read() || cursor.Token == JsonTokenType.EndArray) yield break;
            if (cursor.Token == JsonTokenType.StartObject)
            {
                foreach (var batch in ReadOne(before, index)) yield return batch;
            }
            else
            {
                cursor.Seek(before);
                if (cursor.ReadElement(out var element) == JsonTokenType.None) yield break;
                context.RejectUnreadable(Section, index, element.Span, "an object with name, units and data");
            }
            if (context.Batches.IsFull) yield return context.Batches.Take();
        }
    }

    /// <summary>Reads the object whose first token was read last.</summary>
    IEnumerable<ReadBatch> ReadOne(JsonMark before, int index)
    {
        var inside = cursor.Mark();
        string? name = null, units = null;
        PointTargets? streamed = null;
        var isMetric = false;
        var needsOutline = context.IsThorough;
        List<string> others = [];
        while (!needsOutline && cursor.Read() && cursor.Token == JsonTokenType.PropertyName)
        {
            var key = cursor.Text;
            if (!cursor.Read()) yield break;
            switch (key)
            {
                case "name":
                    var newName = TextOrEmpty();
                    if (streamed is not null && newName != name) throw new RepeatedKeyException();
                    name = newName;
                    break;
                case "units":
                    var newUnits = TextOrEmpty();
                    if (streamed is not null && newUnits != units) throw new RepeatedKeyException();
                    units = newUnits;
                    break;
                case "data":
                    if (streamed is not null) throw new RepeatedKeyException();
                    if (cursor.Token != JsonTokenType.StartArray || !CanStream(name, units))
                    {
                        needsOutline = true;
                        break;
                    }
                    isMetric = true;
                    if (IsEmptyArray()) continue;
                    streamed = new(context, MetricCatalogue.Find(name!), name!, units!, default, StreamedRows);
                    foreach (var batch in ReadData(streamed, null)) yield return batch;
                    continue;
                default:
                    if (others.Count < DriftNotes.MostNames) others.Add(key);
                    break;
            }
            if (!needsOutline && !cursor.Skip()) yield break;
        }
        if (!needsOutline && isMetric) NoteOthers(others);
        if (streamed is not null || (cursor.IsCut && !needsOutline)) yield break;
        if (needsOutline)
        {
            cursor.Seek(inside);
            var outline = MetricOutline.Scan(cursor, context);
            isMetric = !IsStandard(outline);
            if (isMetric) foreach (var batch in ReadOutlined(outline, index)) yield return batch;
        }
        if (isMetric || cursor.IsCut) yield break;
        cursor.Seek(before);
        if (cursor.ReadElement(out var element) != JsonTokenType.None) _standard.Read(element, index);
    }

    /// <summary>Whether the array whose first token was read last has ended already; it is then behind us.</summary>
    bool IsEmptyArray()
    {
        var inside = cursor.Mark();
        if (cursor.Read() && cursor.Token == JsonTokenType.EndArray) return true;
        cursor.Seek(inside);
        return false;
    }

    static bool IsStandard(MetricOutline outline) =>
        outline.DataToken is JsonTokenType.None
        || (outline.Type is not null && outline.DataToken != JsonTokenType.StartArray && outline.End is not null);

    /// <summary>
    /// Whether the points can be read as they come: what they are is known, and their grain is not inferred.
    /// </summary>
    bool CanStream(string? name, string? units)
    {
        if (string.IsNullOrWhiteSpace(name) || units is null) return false;
        return MetricCatalogue.Find(name) is not { } metric
            ? context.Aggregation is not { NamesBuckets: true }
            : metric.Shape == MetricShape.Sleep || GrainDecision.IsCertainlySample(metric, context.Aggregation);
    }

    IEnumerable<ReadBatch> ReadOutlined(MetricOutline outline, int index)
    {
        NoteOthers(outline.Others);
        if (outline.RepeatedKey is { } key)
            context.WarnRepeated(outline.Name is { Length: > 0 } of ? MetricCatalogue.Normalise(of) : Section, key);
        var known = outline.Name is { Length: > 0 } name ? MetricCatalogue.Find(name) : null;
        // Cut before name or unit came: whatever the points are, they would be put in the wrong place.
        var canPlace = outline.End is not null
            || (outline.Name is not null && (outline.Units is not null || known?.TryGetConversion("", out _) == true));
        if (!canPlace) yield break;

        switch (outline.DataToken)
        {
            case JsonTokenType.StartArray:
                cursor.SeekBack(outline.Data);
                cursor.Read();
                foreach (var batch in ReadArray(outline, known)) yield return batch;
                break;
            case JsonTokenType.Null or JsonTokenType.None:
                break;
            default:
                cursor.SeekBack(outline.Data);
                if (cursor.ReadElement(out var data) == JsonTokenType.None) yield break;
                context.RejectUnreadable(known?.Name ?? Section, index, data.Span, "an array of points");
                break;
        }
        if (outline.End is { } end) cursor.Seek(end);
        else while (cursor.Read() && cursor.Token == JsonTokenType.PropertyName && cursor.Read() && cursor.Skip()) { }
    }

    IEnumerable<ReadBatch> ReadArray(MetricOutline outline, Metric? known)
    {
        if (string.IsNullOrWhiteSpace(outline.Name)) return ReadNameless();
        if (outline.Elements == 0) return SkipEmpty();
        var grain = known?.Shape == MetricShape.Sleep
            ? default
            : GrainDecision.Make(
                known ?? Metric.Unknown("", "", MetricKind.Discrete), context.Aggregation, outline.Stamps);
        var targets = new PointTargets(context, known, outline.Name, outline.Units ?? "", grain, outline.Elements);
        if (grain.IsContradicted)
        {
            context.Batches.Warn(
                targets.ItemType, -1, WarningCodes.AggregationContradicted,
                    $"The stamps are not those of {context.Push.Aggregation}; read as {grain.Grain}");
        }
        return ReadData(targets, outline.Stamps.Count > 0 ? outline.Stamps.Earliest : null);
    }

    /// <summary>Reads the points of the array whose first token was read last.</summary>
    IEnumerable<ReadBatch> ReadData(PointTargets targets, Timestamp? earliest)
    {
        if (targets.Shape == MetricShape.Sleep)
        {
            foreach (var batch in new SleepReader(cursor, context, targets.Unit).ReadAll()) yield return batch;
            yield break;
        }
        var points = new PointReader(cursor, context, targets, earliest);
        while (true)
        {
            var pause = points.Read();
            if (pause == PointReader.Pause.BatchIsFull)
            {
                yield return context.Batches.Take();
                continue;
            }
            points.NoteDrift();
            if (pause == PointReader.Pause.Cut) targets.Main.Rows.Array.HasUnplacedItems = true;
            else if (points.HasItems) foreach (var array in targets.Arrays) context.Batches.End(array);
            yield break;
        }
    }

    IEnumerable<ReadBatch> SkipEmpty()
    {
        cursor.Skip();
        yield break;
    }

    /// <summary>Rejects the points of an array that does not say what they are.</summary>
    IEnumerable<ReadBatch> ReadNameless()
    {
        for (var index = 0; cursor.TryReadElement(out var element); index++)
        {
            context.Batches.Reject(Section, index, Fault.Unreadable("The item's metric has no name"), element.Span);
            if (context.Batches.IsFull) yield return context.Batches.Take();
        }
    }

    void NoteOthers(List<string> keys)
    {
        var item = context.Drift.NextItem();
        foreach (var key in keys)
            if (!KnownFields.Metric.Contains(key)) context.Drift.NoteField(Section, key, item);
    }

    string TextOrEmpty() => cursor.Token == JsonTokenType.String ? cursor.Text : "";
}
