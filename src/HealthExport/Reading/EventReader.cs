using System.Globalization;
using HealthExport.Catalogue;
using HealthExport.Events;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Texts;

namespace HealthExport.Reading;

/// <summary>Reads the elements of the sections that are neither metrics nor workouts, each as one event.</summary>
/// <remarks>
/// Identities, their parts joined by line feeds, times as microseconds since 1970: state of mind, its id (kind and
/// start without one); medication, its trimmed text and the time it was scheduled for, else taken; symptom and cycle,
/// name, start, end and source; ECG, start and source; notification, kind and start; anything else, the SHA-256 of its
/// bytes.
/// </remarks>
sealed class EventReader(ReadContext context)
{
    readonly HashSet<string> _unknownSections = new(StringComparer.Ordinal);
    readonly EcgReader _ecg = new(context);

    /// <summary>The section that an event kind comes from; null for a kind of no known section.</summary>
    public static string? SectionOf(string kind) => kind switch
    {
        StateOfMind.Kind => SectionName.StateOfMind,
        Medication.Kind => SectionName.Medications,
        "symptom" => SectionName.Symptoms,
        "cycle" => SectionName.CycleTracking,
        "ecg" => SectionName.Ecg,
        "heart_rate_notification" => SectionName.HeartRateNotifications,
        _ => null,
    };

    /// <summary>Reads one element of a known section.</summary>
    /// <param name="itemType">What receipts count it under; the section, unless it came as a standard item.</param>
    public void Read(string section, ReadOnlyMemory<byte> element, int index, string? itemType = null)
    {
        using var item = new Item(context, element);
        var read = section switch
        {
            SectionName.StateOfMind => ReadStateOfMind(item),
            SectionName.Medications => ReadMedication(item),
            SectionName.Symptoms => ReadNamed(item, "symptom", TextCodes.Symptoms),
            SectionName.CycleTracking => ReadNamed(item, "cycle", TextCodes.Cycle),
            SectionName.Ecg => _ecg.Read(item),
            _ => ReadNotification(item),
        };
        itemType ??= section;
        context.Drift.NoteFields(itemType, item, KnownFields.OfSection(section));
        if (item.Fault is { } fault)
        {
            context.Batches.Reject(itemType, index, fault, element.Span);
            return;
        }
        if (read.Code is null && read.Text is { Length: > 0 })
            context.Batches.Warn(
                itemType, index, WarningCodes.UnmappedText, $"The text '{read.Text}' has no mapping yet");
        if (read is { ValueText: { } value, ValueCode: null })
            context.Batches.Warn(
                itemType, index, WarningCodes.UnmappedText, $"The value '{value}' has no mapping yet",
                EventValue.FieldOf(read.Kind));
        var payload = read.Voltages is null ? element.ToArray() : EcgReader.PayloadWithoutVoltages(item);
        Add(read with { ItemType = itemType, ItemIndex = index, Payload = payload }, element);
    }

    /// <summary>Keeps an element of a section that nobody knows.</summary>
    public void ReadUnknown(string section, ReadOnlyMemory<byte> element, int index)
    {
        context.Drift.NoteSection(section);
        if (element.Length > Item.LongestBytes)
        {
            context.Batches.Reject(KeyText.Shorten(section), index, Fault.TooLong(element.Length), element.Span);
            return;
        }
        var kind = $"unknown:{section}";
        if (KeyText.FindFault("", kind, KeyText.LongestKind) is null && _unknownSections.Add(section))
            context.Batches.Warn(
                section, -1, WarningCodes.UnknownSection,
                    $"The section '{section}' is not known; its items are kept as sent");
        Add(new()
        {
            Kind = kind,
            Identity = MadeId.OfJson(element),
            Payload = element.ToArray(),
            ItemType = section,
            ItemIndex = index,
        }, element);
    }

    /// <summary>Adds an event, unless no store should keep it under its key.</summary>
    /// <param name="element">What it was read from.</param>
    public void Add(HealthEvent read, ReadOnlyMemory<byte> element)
    {
        if (FindFault(read) is { } fault)
        {
            context.Batches.Reject(KeyText.Shorten(read.ItemType), read.ItemIndex, fault, element.Span);
            return;
        }
        context.Batches.Batch.Events.Add(read);
        context.Batches.Count(element.Length);
    }

    static Fault? FindFault(HealthEvent read) =>
        KeyText.FindFault("The event's kind", read.Kind, KeyText.LongestKind) is { } kind
            ? Fault.Unreadable(kind) with { Field = "kind" }
        : KeyText.FindFault(
            "The event's identity (its id, or its name and its source)", read.Identity, KeyText.LongestIdentity)
            is { } identity ? Fault.Unreadable(identity) with { Field = "identity" }
        : null;

    HealthEvent ReadStateOfMind(Item item)
    {
        var (start, end) = GetSpan(item);
        var id = item.FindText("id")?.Trim();
        var valence = item.FindNumber("valence");
        var bounds = new Bounds(-1, 1, BoundsBasis.Sample);
        if (valence is { } value && !bounds.Allows(value, Grain.Sample))
            item.Fail(Fault.OutOfRange("valence", value, "", bounds));
        var text = item.Find("valenceClassification") is { } sent ? Item.TextOf(sent) : null;
        var code = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? TextCodes.Valences.Codes.ElementAtOrDefault(number - 1)
            : TextCodes.Valences.Find(text);
        var identity = string.IsNullOrEmpty(id) ? Identity(item.FindText("kind"), Micros(start))
            : Guid.TryParse(id, out var guid) ? guid.ToString() : id;
        return Make(StateOfMind.Kind, identity, start, end) with { Code = code, Text = text, Value = valence };
    }

    HealthEvent ReadMedication(Item item)
    {
        var start = item.GetStamp(!item.Has("start") && item.Has("date") ? "date" : "start");
        var end = item.FindStamp("end");
        CheckOrder(item, start, end, "end");
        var scheduled = item.FindStamp("scheduledDate");
        var name = item.FindText("displayText")?.Trim();
        if (string.IsNullOrEmpty(name)) item.Fail(Fault.Missing("The medication has no name", "displayText"));
        var status = item.FindText("status");
        return Make(Medication.Kind, Identity(name, Micros(scheduled ?? start)), start, end) with
        {
            Code = TextCodes.MedicationStatuses.Find(status),
            Text = status,
            Value = item.FindNumber("dosage"),
            Source = item.FindSource("source"),
            IsOfCsv = context.IsCsv,
        };
    }

    HealthEvent ReadNamed(Item item, string kind, TextCodes codes)
    {
        var (start, end) = GetSpan(item);
        var name = item.FindText("name")?.Trim();
        if (string.IsNullOrEmpty(name)) item.Fail(Fault.Missing("The item does not say what it is", "name"));
        var source = item.FindSource("source");
        var value = EventValue.Of(kind, item.FindText(EventValue.FieldOf(kind)!));
        return Make(kind, Identity(name, Micros(start), Micros(end), source), start, end) with
        {
            Code = codes.Find(name),
            Text = name,
            ValueCode = value?.Code,
            ValueText = value?.Text,
            Source = source,
        };
    }

    HealthEvent ReadNotification(Item item)
    {
        var (start, end) = GetSpan(item);
        var threshold = item.FindNumber("threshold") ?? item.FindNumber("threshhold");
        var text = item.FindText("heartNotification");
        var code = text is null
            ? threshold switch
            {
                null => "irregular_rhythm_notification",
                // The app offers 100 to 150 for high and 40 to 50 for low.
                >= 75 => "high_heart_rate_notification",
                _ => "low_heart_rate_notification",
            }
            : TextCodes.HeartRateNotifications.Find(text);
        var source = item.FindSource("source");
        if (source is null && item.IsObject("source"))
        {
            using var named = new Item(context, item.Find("source")!.Value);
            source = named.FindSource("name");
        }
        return Make("heart_rate_notification", Identity(code ?? text, Micros(start)), start, end) with
        {
            Code = code,
            Text = text,
            Value = threshold,
            Source = source,
        };
    }

    /// <summary>Start, which there must be, and end, which there may be, in order.</summary>
    public static (Timestamp? Start, Timestamp? End) GetSpan(
        Item item, string startField = "start", string endField = "end")
    {
        var start = item.GetStamp(startField);
        var end = item.FindStamp(endField);
        CheckOrder(item, start, end, endField);
        return (start, end);
    }

    static void CheckOrder(Item item, Timestamp? start, Timestamp? end, string endField)
    {
        if (end is { } to && start is { } from && to.At < from.At) item.Fail(Fault.EndBeforeStart(endField));
    }

    /// <summary>An event with its times; the caller adds the rest.</summary>
    public static HealthEvent Make(string kind, string identity, Timestamp? start, Timestamp? end) => new()
    {
        Kind = kind,
        Identity = identity,
        StartAt = start?.At ?? Time.Instant.None,
        EndAt = end?.At ?? Time.Instant.None,
        OffsetMinutes = start?.OffsetMinutes ?? 0,
        Payload = default,
        ItemType = kind,
    };

    public static string Identity(params ReadOnlySpan<string?> parts) => string.Join('\n', parts);

    public static string? Micros(Timestamp? stamp) => stamp?.At.Microseconds.ToString(CultureInfo.InvariantCulture);
}
