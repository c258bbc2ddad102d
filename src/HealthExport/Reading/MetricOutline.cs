using System.Text;
using System.Text.Json;

namespace HealthExport.Reading;

/// <summary>
/// What a metric object says besides its points, found by walking over it once: keys come in any order, and the grain
/// of the points is known only when all their stamps are.
/// </summary>
sealed class MetricOutline
{
    readonly JsonCursor _cursor;
    readonly StampReader _stamps;
    readonly SourceCache _sources;

    MetricOutline(JsonCursor cursor, ReadContext context)
    {
        _cursor = cursor;
        _stamps = context.Stamps;
        _sources = context.Sources;
    }

    /// <summary>Null if none was sent.</summary>
    public string? Name { get; private set; }

    /// <summary>Empty if it was sent as null; null if the key was not met.</summary>
    public string? Units { get; private set; }

    /// <summary>What marks a standard item.</summary>
    public string? Type { get; private set; }

    /// <summary>The first token of <c>data</c>; None if there is none.</summary>
    public JsonTokenType DataToken { get; private set; }

    /// <summary>Where the value of <c>data</c> begins.</summary>
    public JsonMark Data { get; private set; }

    /// <summary>The place behind the object; null if the payload is cut before.</summary>
    public JsonMark? End { get; private set; }

    public StampPattern Stamps { get; private set; } = new();
    public long Elements { get; private set; }

    /// <summary>The first of its other keys.</summary>
    public List<string> Others { get; } = [];

    /// <summary>The key that came more than once; null if none did.</summary>
    public string? RepeatedKey { get; private set; }

    /// <summary>Walks over the object whose first token was read last. The cursor ends behind it, or cut.</summary>
    public static MetricOutline Scan(JsonCursor cursor, ReadContext context)
    {
        var outline = new MetricOutline(cursor, context);
        outline.Scan();
        return outline;
    }

    void Scan()
    {
        while (_cursor.Read() && _cursor.Token == JsonTokenType.PropertyName)
        {
            var key = _cursor.Text;
            var before = _cursor.Mark();
            if (!_cursor.Read()) return;
            switch (key)
            {
                case "name":
                    if (Name is not null) RepeatedKey = key;
                    Name = TextOrEmpty();
                    break;
                case "units":
                    if (Units is not null) RepeatedKey = key;
                    Units = TextOrEmpty();
                    break;
                case "type":
                    Type = _cursor.Token == JsonTokenType.String ? _cursor.Text : null;
                    break;
                case "data":
                    if (DataToken != JsonTokenType.None) RepeatedKey = key;
                    Data = before;
                    DataToken = _cursor.Token;
                    Stamps = new();
                    Elements = 0;
                    if (DataToken != JsonTokenType.StartArray) break;
                    if (!ScanPoints()) return;
                    continue;
                default:
                    if (Others.Count < DriftNotes.MostNames) Others.Add(key);
                    break;
            }
            if (!_cursor.Skip()) return;
        }
        if (!_cursor.IsCut) End = _cursor.Mark();
    }

    string TextOrEmpty() => _cursor.Token == JsonTokenType.String ? _cursor.Text : "";

    /// <summary>Takes in the stamps of the array whose first token was read last.</summary>
    /// <returns>False where the payload is cut.</returns>
    bool ScanPoints()
    {
        var depth = 1;
        var isObject = false;
        var field = PointField.Kind.None;
        Timestamp? date = null, start = null;
        var hasDate = false;
        string? source = null;
        while (!_cursor.IsCut)
        {
            var reader = _cursor.Open();
            try
            {
                while (depth > 0 && reader.Read())
                {
                    switch (reader.TokenType)
                    {
                        case JsonTokenType.StartObject or JsonTokenType.StartArray:
                            if (++depth == 2)
                            {
                                Elements++;
                                isObject = reader.TokenType == JsonTokenType.StartObject;
                                date = start = null;
                                hasDate = false;
                                source = null;
                            }
                            break;
                        case JsonTokenType.EndObject or JsonTokenType.EndArray:
                            if (--depth == 1 && isObject && (hasDate ? date : start) is { } stamp
                                && _stamps.IsBelievable(stamp.At))
                                Stamps.Add(stamp, source);
                            break;
                        case JsonTokenType.PropertyName when depth == 2:
                            field = PointField.Find(reader.ValueIsEscaped
                                ? Encoding.UTF8.GetBytes(JsonText.Decode(reader.ValueSpan))
                                : reader.ValueSpan);
                            continue;
                        case JsonTokenType.PropertyName:
                            continue;
                        default:
                            if (depth == 1) Elements++;
                            break;
                    }
                    if (depth == 2 && field == PointField.Kind.Source) source = reader.TokenType == JsonTokenType.String ? _sources.Get(reader.ValueSpan) : null;
                    if (depth == 2 && field is PointField.Kind.Date or PointField.Kind.Start)
                    {
                        Timestamp? found = reader.TokenType == JsonTokenType.String
                            && _stamps.TryRead(reader.ValueSpan, out var read, out _) ? read : null;
                        if (field == PointField.Kind.Start) start = found;
                        else (date, hasDate) = (found, reader.TokenType != JsonTokenType.Null);
                    }
                    field = PointField.Kind.None;
                }
            }
            catch (JsonException)
            {
                _cursor.Cut(ref reader);
                return false;
            }
            _cursor.Take(ref reader);
            if (depth == 0) return true;
            _cursor.Refill();
        }
        return false;
    }
}
