using System.Text.Json;
using HealthExport.Catalogue;
using HealthExport.Drift;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Sleep;
using HealthExport.Texts;
using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>Reads the points of <c>sleep_analysis</c>: segments, and nights that the app has summed up.</summary>
sealed class SleepReader
{
    const string ItemType = ItemTypes.Sleep;
    const double SlackMinutes = 1;

    readonly JsonCursor _cursor;
    readonly ReadContext _context;
    readonly UnitConversion _toMinutes;
    readonly bool _hasUnit;
    readonly string _unit;

    /// <param name="unit">Of the durations, as sent; hours if empty, as the app documents it.</param>
    public SleepReader(JsonCursor cursor, ReadContext context, string unit)
    {
        _cursor = cursor;
        _context = context;
        _unit = unit;
        _hasUnit = Units.TryGetConversion(unit.Length == 0 ? "h" : unit, "min", out _toMinutes);
        if (!_hasUnit)
            context.Batches.Warn(
                ItemType, -1, WarningCodes.UnknownUnit,
                    $"The unit '{unit}' is no unit of time; durations are kept as sent");
    }

    public IEnumerable<ReadBatch> ReadAll()
    {
        for (var index = 0; _cursor.TryReadElement(out var element); index++)
        {
            if (_cursor.Token != JsonTokenType.StartObject)
                _context.RejectUnreadable(ItemType, index, element.Span, "an object");
            else Read(element, index);
            if (_context.Batches.IsFull) yield return _context.Batches.Take();
        }
    }

    void Read(ReadOnlyMemory<byte> element, int index)
    {
        using var item = new Item(_context, element);
        if (item.Has("startDate") || item.Has("value")) ReadStage(item, element, index);
        else ReadSession(item, element, index);
        _context.Drift.NoteFields(ItemType, item, KnownFields.Sleep);
        if (!_hasUnit) _context.Drift.Note(DriftKind.Unit, ItemType, _unit);
    }

    void ReadStage(Item item, ReadOnlyMemory<byte> element, int index)
    {
        var start = item.GetStamp("startDate");
        var end = item.GetStamp("endDate");
        var text = item.FindText("value");
        CheckStage(item, text, "value");
        item.FindText("date");
        if (_hasUnit && item.FindName("qty") is not null) item.Take("qty"); // the segment's length, which its ends say
        var source = item.FindSource("source");
        CheckSpan(item, start, end, "endDate");
        if (item.Fault is { } fault)
        {
            _context.Batches.Reject(ItemType, index, fault, element.Span);
            return;
        }
        AddStage(_context, index, start!.Value, end!.Value, text!, source, item.Rest(), element.Length);
    }

    public static void CheckStage(Item item, string? text, string field)
    {
        if (string.IsNullOrWhiteSpace(text))
            item.Fail(Fault.Missing("The segment does not say which stage it is", field));
        else if (KeyText.FindFault("The segment's stage", text, KeyText.LongestName) is { } fault)
            item.Fail(Fault.Unreadable(fault) with { Field = field });
    }

    /// <summary>Adds a segment, whoever sent it.</summary>
    /// <param name="asSent">What the phone wrote, where the text is a code already.</param>
    public static void AddStage(
        ReadContext context, int index, Timestamp start, Timestamp end, string text, string? source,
        string? extra, int bytes, string? asSent = null)
    {
        var stage = TextCodes.SleepStages.Find(text, out var isEnglish);
        if (stage is null)
            context.Batches.Warn(
                ItemType, index, WarningCodes.UnmappedText, $"The stage '{text}' has no mapping yet", "value");
        context.Batches.Batch.SleepStages.Add(new()
        {
            StartAt = start.At,
            EndAt = end.At,
            OffsetMinutes = start.OffsetMinutes,
            Stage = stage ?? text,
            StageAsSent = asSent ?? (isEnglish ? null : text),
            Source = source,
            Extra = extra,
            ItemIndex = index,
        });
        context.Batches.Count(bytes);
    }

    void ReadSession(Item item, ReadOnlyMemory<byte> element, int index)
    {
        var start = item.GetStamp(item.Has("sleepStart") || !item.Has("inBedStart") ? "sleepStart" : "inBedStart");
        var end = item.GetStamp(item.Has("sleepEnd") || !item.Has("inBedEnd") ? "sleepEnd" : "inBedEnd");
        var inBedStart = item.FindStamp("inBedStart");
        var inBedEnd = item.FindStamp("inBedEnd");
        item.FindText("date"); // its meaning drifts from version to version: no part of a night
        double? inBed = null, asleep = null, total = null, core = null, deep = null, rem = null, awake = null;
        if (_hasUnit)
        {
            inBed = FindMinutes(item, "inBed", 2 * HealthBounds.LongestSleep);
            asleep = FindMinutes(item, "asleep", HealthBounds.LongestSleep);
            total = FindMinutes(item, "totalSleep", HealthBounds.LongestSleep);
            core = FindMinutes(item, "core", HealthBounds.LongestSleep);
            deep = FindMinutes(item, "deep", HealthBounds.LongestSleep);
            rem = FindMinutes(item, "rem", HealthBounds.LongestSleep);
            awake = FindMinutes(item, "awake", HealthBounds.LongestSleep);
        }
        var source = FindSource(item);
        CheckSpan(item, start, end, "sleepEnd");
        if (item.Fault is { } fault)
        {
            _context.Batches.Reject(ItemType, index, fault, element.Span);
            return;
        }
        AddSession(_context, new()
        {
            StartAt = start!.Value.At,
            EndAt = end!.Value.At,
            OffsetMinutes = start.Value.OffsetMinutes,
            InBedStartAt = inBedStart?.At ?? Instant.None,
            InBedEndAt = inBedEnd?.At ?? Instant.None,
            InBedMinutes = inBed,
            AsleepMinutes = Larger(asleep, total),
            CoreMinutes = core,
            DeepMinutes = deep,
            RemMinutes = rem,
            AwakeMinutes = awake,
            Source = source,
            Extra = item.Rest(),
            ItemIndex = index,
        }, element.Length);
    }

    /// <summary>
    /// Adds a night, whoever sent it. Its time asleep becomes the larger of what was sent and the sum of the stages
    /// (some versions send one beside the other), at most the night's length.
    /// </summary>
    public static void AddSession(ReadContext context, SleepSession session, int bytes)
    {
        var length = (session.EndAt - session.StartAt).TotalMinutes;
        var stages = Sum(session.CoreMinutes, session.DeepMinutes, session.RemMinutes);
        if (Larger(session.AsleepMinutes, stages) is { } asleep)
            session = session with { AsleepMinutes = Math.Min(asleep, length) };
        if (stages + (session.AwakeMinutes ?? 0) > length + SlackMinutes)
        {
            context.Batches.Warn(
                ItemType, session.ItemIndex, WarningCodes.StagesLongerThanSession,
                    $"The stages last {stages + (session.AwakeMinutes ?? 0):f0} minutes, the night {length:f0}");
        }
        context.Batches.Batch.SleepSessions.Add(session);
        context.Batches.Count(bytes);
    }

    /// <summary>Sleep ends after it starts, within a day.</summary>
    public static void CheckSpan(Item item, Timestamp? start, Timestamp? end, string endField)
    {
        if (start is not { } from || end is not { } to) return;
        var span = to.At - from.At;
        if (span <= TimeSpan.Zero) item.Fail(Fault.EndBeforeStart(endField));
        else if (span > HealthBounds.LongestSleep)
            item.Fail(Fault.OutOfRange(endField, span.TotalHours, "h", HoursOf(HealthBounds.LongestSleep)));
    }

    static Bounds HoursOf(TimeSpan most) => new(0, most.TotalHours, BoundsBasis.Session);

    double? FindMinutes(Item item, string field, TimeSpan most)
    {
        if (item.FindNumber(field) is not { } value) return null;
        var minutes = _toMinutes.Apply(value);
        if (minutes < 0 || minutes > most.TotalMinutes)
            item.Fail(Fault.OutOfRange(field, minutes, "min", new(0, most.TotalMinutes, BoundsBasis.Session)));
        return minutes;
    }

    static string? FindSource(Item item)
    {
        var source = item.FindSource("source");
        var sleep = item.FindSource("sleepSource");
        var inBed = item.FindSource("inBedSource");
        return source ?? (sleep is null || inBed is null ? sleep ?? inBed : SourceName.Normalise($"{sleep}|{inBed}"));
    }

    static double? Larger(double? a, double? b) => a is null || b > a ? b : a;

    static double? Sum(params ReadOnlySpan<double?> parts)
    {
        double? sum = null;
        foreach (var part in parts) if (part is { } minutes) sum = (sum ?? 0) + minutes;
        return sum;
    }
}
