using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>
/// One element read whole: its fields by name, the last of repeated ones. Each field that is asked for counts as taken;
/// what nobody took is what the item holds besides. The first thing found wrong is kept.
/// </summary>
sealed class Item : IDisposable
{
    /// <summary>No item has a hundredth of them.</summary>
    const int MostFields = 10_000;

    /// <summary>
    /// Brackets, names and values of a workout: each costs more memory than its bytes. A route of a day with two points
    /// a second has fewer.
    /// </summary>
    const int MostTokens = 5_500_000;

    /// <summary>
    /// Bytes that an item may have, and a workout beside its arrays: what is kept as text, or with it, is copied
    /// several times over. An ECG, the largest of them, has a quarter.
    /// </summary>
    public const int LongestBytes = 8 << 20;

    JsonDocument? _document;
    readonly ReadContext _context;
    readonly Dictionary<string, JsonElement> _fields = new(StringComparer.Ordinal);
    readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    public Item(ReadContext context) => _context = context;

    /// <param name="bytes">A JSON object. One that is too long has a fault, and no fields.</param>
    /// <param name="mayBeWorkout">Only its arrays may then make it long.</param>
    public Item(ReadContext context, ReadOnlyMemory<byte> bytes, bool mayBeWorkout = false) : this(context)
    {
        Fault = FindTooMuch(bytes, mayBeWorkout);
        if (Fault is not null) return;
        _document = JsonDocument.Parse(bytes);
        if (bytes.Length > LongestBytes && LengthBesideArrays(_document.RootElement) > LongestBytes)
            Fail(HealthExport.Reading.Fault.TooLong(bytes.Length));
        else AddFields(_document.RootElement);
    }

    /// <param name="element">An object within another item, which must outlive this.</param>
    public Item(ReadContext context, JsonElement element) : this(context) => AddFields(element);

    /// <summary>Takes up another object, for the many points of one item.</summary>
    /// <param name="element">An object within another item, which must outlive this.</param>
    public Item Reuse(JsonElement element)
    {
        Fault = null;
        _fields.Clear();
        _taken.Clear();
        AddFields(element);
        return this;
    }

    /// <summary>Why it cannot be stored; null as long as it can.</summary>
    public Fault? Fault { get; private set; }

    public void Fail(Fault fault) => Fault ??= fault;

    /// <summary>The field, or null if it was not sent, or sent as null.</summary>
    public JsonElement? Find(string name)
    {
        if (!_fields.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        _taken.Add(name);
        return value;
    }

    public bool Has(string name) => _fields.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null;

    public bool IsArray(string name) => KindOf(name) == JsonValueKind.Array;

    public bool IsObject(string name) => KindOf(name) == JsonValueKind.Object;

    JsonValueKind KindOf(string name) =>
        _fields.TryGetValue(name, out var value) ? value.ValueKind : JsonValueKind.Undefined;

    /// <summary>The name of the first of these fields that was sent.</summary>
    public string? FindName(params ReadOnlySpan<string> names)
    {
        foreach (var name in names) if (Has(name)) return name;
        return null;
    }

    /// <summary>A text; null if none was sent, and the field stays untaken if it is something else.</summary>
    public string? FindText(string name)
    {
        if (!_fields.TryGetValue(name, out var value) || value.ValueKind != JsonValueKind.String) return null;
        _taken.Add(name);
        return TextOf(value);
    }

    /// <summary>A source, normalised; null if none was sent.</summary>
    public string? FindSource(string name)
    {
        if (!_fields.TryGetValue(name, out var value) || value.ValueKind != JsonValueKind.String) return null;
        _taken.Add(name);
        return _context.Sources.Get(RawText(value));
    }

    public bool? FindFlag(string name)
    {
        if (!_fields.TryGetValue(name, out var value)
            || value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            return null;
        _taken.Add(name);
        return value.ValueKind == JsonValueKind.True;
    }

    /// <summary>A finite number, also one in a string; null if none was sent. Anything else is a fault.</summary>
    public double? FindNumber(string name)
    {
        if (Find(name) is not { } value) return null;
        if (NumberOf(value) is { } number) return number;
        Fail(Reading.Fault.NotANumber(name, TextOf(value)));
        return null;
    }

    /// <summary>A believable stamp; null, and a fault, if it is missing or not one.</summary>
    public Timestamp? GetStamp(string name)
    {
        if (Has(name)) return FindStamp(name);
        Fail(Reading.Fault.NoDate(name));
        return null;
    }

    /// <summary>A believable stamp; null if none was sent. Anything else is a fault.</summary>
    public Timestamp? FindStamp(string name)
    {
        if (Find(name) is not { } value) return null;
        var lacksZone = false;
        if (value.ValueKind != JsonValueKind.String
            || !_context.Stamps.TryRead(RawText(value), out var stamp, out lacksZone))
        {
            Fail(Reading.Fault.UnreadableDate(name, TextOf(value), lacksZone));
            return null;
        }
        if (_context.Stamps.IsBelievable(stamp.At)) return stamp;
        Fail(Reading.Fault.DateOutOfRange(name, TextOf(value)));
        return null;
    }

    /// <summary>The fields nobody took, as a compact JSON object; null if there are none.</summary>
    public string? Rest(Predicate<JsonElement>? isLeftOut = null) => Join((name, value) =>
        !_taken.Contains(name) && value.ValueKind != JsonValueKind.Null && isLeftOut?.Invoke(value) != true);

    /// <summary>All fields but one, as a compact JSON object.</summary>
    public string Without(string left) => Join((name, _) => name != left) ?? "{}";

    string? Join(Func<string, JsonElement, bool> isIn)
    {
        StringBuilder? rest = null;
        var length = 0L;
        foreach (var (name, value) in _fields)
        {
            if (!isIn(name, value)) continue;
            length += JsonMarshal.GetRawUtf8Value(value).Length;
            if (length > LongestBytes)
            {
                Fail(HealthExport.Reading.Fault.TooLong(length));
                return null;
            }
            rest = (rest ?? new StringBuilder("{")).Append(rest is null ? "" : ",").Append('"')
                .Append(JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value).Append("\":");
            JsonText.AppendCompact(rest, JsonMarshal.GetRawUtf8Value(value));
        }
        return rest?.Append('}').ToString();
    }

    /// <summary>Names the fields that nobody took and that were not sent as null.</summary>
    public void ForEachUntaken<T>(T state, Action<T, string> name)
    {
        if (_taken.Count >= _fields.Count) return;
        foreach (var (field, value) in _fields)
            if (value.ValueKind != JsonValueKind.Null && !_taken.Contains(field)) name(state, field);
    }

    /// <summary>Leaves a field to <see cref="Rest"/> after all.</summary>
    public void Untake(string name) => _taken.Remove(name);

    public void Take(string name)
    {
        if (_fields.ContainsKey(name)) _taken.Add(name);
    }

    public void Dispose()
    {
        _document?.Dispose();
        _document = null;
    }

    /// <summary>A finite number, also one in a string.</summary>
    public static double? NumberOf(JsonElement value)
    {
        var raw = value.ValueKind switch
        {
            JsonValueKind.Number => JsonMarshal.GetRawUtf8Value(value),
            JsonValueKind.String => RawText(value),
            _ => default,
        };
        return Numbers.TryParse(raw, out var number) && double.IsFinite(number) ? number : null;
    }

    /// <summary>A string's content; of anything else its JSON.</summary>
    public static string TextOf(JsonElement value) =>
        JsonText.Decode(value.ValueKind == JsonValueKind.String ? RawText(value) : JsonMarshal.GetRawUtf8Value(value));

    /// <summary>The bytes between the quotes.</summary>
    public static ReadOnlySpan<byte> RawText(JsonElement value) => JsonMarshal.GetRawUtf8Value(value)[1..^1];

    /// <summary>A point's time: a stamp, or Unix seconds.</summary>
    public static Instant? TimeOf(JsonElement value, StampReader stamps)
    {
        if (value.ValueKind == JsonValueKind.String && stamps.TryRead(RawText(value), out var stamp, out _))
            return stamp.At;
        return value.ValueKind == JsonValueKind.Number && NumberOf(value) is > -1e11 and < 1e11 and var seconds
            ? Instant.FromUnixSeconds(seconds)
            : null;
    }

    /// <summary>A field of an object that is not worth an item; null if it has none such.</summary>
    public static JsonElement? FieldOf(JsonElement value, string name)
    {
        JsonElement? found = null;
        foreach (var field in value.EnumerateObject())
            if (JsonText.Decode(JsonMarshal.GetRawUtf8PropertyName(field)) == name) found = field.Value;
        return found;
    }

    static Fault? FindTooMuch(ReadOnlyMemory<byte> json, bool mayBeWorkout)
    {
        if (json.Length <= LongestBytes) return null;
        if (!mayBeWorkout) return HealthExport.Reading.Fault.TooLong(json.Length);
        var tokens = 0;
        for (var reader = new Utf8JsonReader(json.Span); tokens <= MostTokens && reader.Read();) tokens++;
        return tokens > MostTokens
            ? HealthExport.Reading.Fault.Unreadable($"The item has more than {MostTokens} names and values")
            : null;
    }

    static long LengthBesideArrays(JsonElement element)
    {
        var length = 0L;
        foreach (var field in element.EnumerateObject())
        {
            length += JsonMarshal.GetRawUtf8PropertyName(field).Length;
            if (field.Value.ValueKind != JsonValueKind.Array) length += JsonMarshal.GetRawUtf8Value(field.Value).Length;
        }
        return length;
    }

    void AddFields(JsonElement element)
    {
        foreach (var field in element.EnumerateObject())
        {
            var name = JsonText.Decode(JsonMarshal.GetRawUtf8PropertyName(field));
            _fields[name] = field.Value;
            if (_fields.Count <= MostFields) continue;
            Fail(HealthExport.Reading.Fault.Unreadable($"The item has more than {MostFields} fields"));
            return;
        }
    }
}
