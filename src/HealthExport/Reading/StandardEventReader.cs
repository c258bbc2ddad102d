using System.Runtime.InteropServices;
using System.Text.Json;
using HealthExport.Events;
using HealthExport.Texts;

namespace HealthExport.Reading;

/// <summary>Reads events that come as standard items.</summary>
sealed class StandardEventReader(ReadContext context)
{
    public const string ItemType = "events";

    readonly EventReader _events = new(context);

    public void Read(Item item, ReadOnlyMemory<byte> element, int index)
    {
        if (item.FindText("identity") is { Length: > 0 } known)
        {
            ReadStored(item, known, element, index);
            return;
        }
        var kind = item.FindText("kind")?.Trim();
        if (string.IsNullOrEmpty(kind))
            item.Fail(Fault.Unreadable("The event does not say of which kind it is") with { Field = "kind" });
        var payload = item.Find("payload");
        var bytes = payload is { } sent ? JsonMarshal.GetRawUtf8Value(sent).ToArray() : [];
        // An exported event bears what the phone sent: read as that, it is the same event again.
        if (item.Fault is null && EventReader.SectionOf(kind!) is { } section
            && payload is { ValueKind: JsonValueKind.Object } whole && whole.TryGetProperty("start", out _))
        {
            _events.Read(section, bytes, index, ItemType);
            return;
        }
        var isUnknownSection = kind?.StartsWith("unknown:", StringComparison.Ordinal) == true;
        var (start, end) = isUnknownSection && !item.Has("start_at") ? default
            : EventReader.GetSpan(item, "start_at", "end_at");
        var code = item.FindText("code");
        if (item.Fault is { } fault)
        {
            context.Batches.Reject(ItemType, index, fault, element.Span);
            return;
        }
        var hash = MadeId.OfJson(bytes);
        var identity = isUnknownSection ? hash : EventReader.Identity(EventReader.Micros(start), code, hash);
        _events.Add(EventValue.Complete(EventReader.Make(kind!, identity, start, end) with
        {
            Code = code,
            Source = item.FindSource("source"),
            Payload = payload is null ? element.ToArray() : bytes,
            ItemType = ItemType,
            ItemIndex = index,
        }), element);
    }

    /// <summary>An event as it was stored, by the identity that it had there.</summary>
    void ReadStored(Item item, string identity, ReadOnlyMemory<byte> element, int index)
    {
        var kind = item.FindText("kind");
        if (string.IsNullOrEmpty(kind))
            item.Fail(Fault.Unreadable("The event does not say of which kind it is") with { Field = "kind" });
        var (start, end) = item.Has("start_at") ? EventReader.GetSpan(item, "start_at", "end_at") : default;
        var code = item.FindText("code");
        var text = item.FindText("text");
        var value = item.FindNumber("value");
        var valueCode = item.FindText("value_code");
        var valueText = item.FindText("value_text");
        var source = item.FindSource("source");
        var voltages = item.IsObject("voltages") ? ReadVoltages(item) : null;
        var itemType = item.FindText("item_type");
        // Receipts have a line for each: not whatever somebody likes to call it.
        var isOwn = itemType is not null && kind is not null
            && (itemType == EventReader.SectionOf(kind) || kind == $"unknown:{itemType}");
        if (item.Fault is { } fault)
        {
            context.Batches.Reject(ItemType, index, fault, element.Span);
            return;
        }
        // Exported by a build whose table did not have the text yet, perhaps.
        if (code is null && text is not null && TextKind.OfEvent(kind!) is { } texts && texts.Codes.Find(text) is { } known)
        {
            code = known;
            if (texts.IsKey) identity = TextKind.Rekey(identity, text, known);
        }
        _events.Add(EventValue.Complete(EventReader.Make(kind!, identity, start, end) with
        {
            Code = code,
            Text = text,
            Value = value,
            ValueCode = valueCode,
            ValueText = valueText,
            Source = source,
            Payload = item.Find("payload") is { } sent
                ? JsonMarshal.GetRawUtf8Value(sent).ToArray()
                : "null"u8.ToArray(),
            Voltages = voltages,
            ItemType = isOwn ? itemType! : ItemType,
            ItemIndex = index,
        }), element);
    }

    EcgVoltages? ReadVoltages(Item item)
    {
        using var voltages = new Item(context, item.Find("voltages")!.Value);
        var frequency = voltages.FindNumber("frequency_hz");
        var start = voltages.GetStamp("start_at");
        var fault = voltages.Fault;
        if (frequency is not > 0) fault ??= Fault.Missing("An ECG's voltages have no frequency", "frequency_hz");
        if (!voltages.IsArray("microvolts")) fault ??= Fault.Missing("There are no voltages", "microvolts");
        if (fault is { } why)
        {
            item.Fail(why);
            return null;
        }
        var sent = voltages.Find("microvolts")!.Value;
        var microvolts = new double[sent.GetArrayLength()];
        var i = 0;
        foreach (var value in sent.EnumerateArray()) microvolts[i++] = Item.NumberOf(value) ?? double.NaN;
        return new(frequency!.Value, start!.Value.At, microvolts);
    }
}
