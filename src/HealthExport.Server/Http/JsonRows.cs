using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using HealthExport.Time;

namespace HealthExport.Server.Http;

/// <summary>
/// Rows as <c>{"items": […], "next_cursor": …}</c>, as a bare array, or one row as an object by itself.
/// </summary>
sealed class JsonRows : IRowWriter, IDisposable
{
    const int FlushAt = 16 << 10;

    // Not the response's own writer: a failure before the first flush can still be answered with a problem.
    readonly ArrayBufferWriter<byte> _unsent = new(FlushAt * 2);
    readonly HttpResponse _response;
    readonly Utf8JsonWriter _json;
    readonly Form _form;

    public JsonRows(HttpResponse response) : this(response, Form.List)
    {
    }

    JsonRows(HttpResponse response, Form form)
    {
        _form = form;
        _response = response;
        response.ContentType = "application/json; charset=utf-8";
        _json = new(_unsent, new()
        {
            // The answers are JSON for machines, never pasted into HTML: texts stay readable.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            SkipValidation = true,
        });
        if (form == Form.Array) _json.WriteStartArray();
        if (form != Form.List) return;
        _json.WriteStartObject();
        _json.WriteStartArray("items"u8);
    }

    enum Form
    {
        List,
        Array,
        One,
    }

    /// <summary>For one row, which is the whole answer.</summary>
    public static JsonRows ForOne(HttpResponse response) => new(response, Form.One);

    /// <summary>For rows that somebody else's contract has as an array.</summary>
    public static JsonRows ForArray(HttpResponse response) => new(response, Form.Array);

    public void BeginRow() => _json.WriteStartObject();

    public void Text(string column, string? value) => _json.WriteString(column, value);

    public void Number(string column, double value)
    {
        if (double.IsFinite(value)) _json.WriteNumber(column, value);
        else _json.WriteNull(column);
    }

    public void Count(string column, long value) => _json.WriteNumber(column, value);

    public void Flag(string column, bool? value)
    {
        if (value is { } known) _json.WriteBoolean(column, known);
        else _json.WriteNull(column);
    }

    public void BeginGroup(string name) => _json.WriteStartObject(name);

    public void EndGroup() => _json.WriteEndObject();

    /// <summary>A list of rows within the row, until <see cref="EndList"/>.</summary>
    public void BeginList(string column) => _json.WriteStartArray(column);

    public void EndList() => _json.WriteEndArray();

    public void Json(string column, string? json)
    {
        _json.WritePropertyName(column);
        if (json is null) _json.WriteNullValue();
        else _json.WriteRawValue(json, skipInputValidation: true);
    }

    public void Time(string column, Instant at, int offsetMinutes)
    {
        if (at.IsNone)
        {
            _json.WriteNull(column);
            return;
        }
        Span<byte> utf8 = stackalloc byte[Rfc3339.MaxLength];
        _json.WriteString(column, utf8[..Rfc3339.Write(utf8, at, offsetMinutes)]);
    }

    public void Date(string column, DateOnly date)
    {
        Span<byte> utf8 = stackalloc byte[10];
        date.TryFormat(utf8, out _, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        _json.WriteString(column, utf8);
    }

    /// <summary>A list of names within the row.</summary>
    public void Texts(string column, IEnumerable<string> values)
    {
        _json.WriteStartArray(column);
        foreach (var value in values) _json.WriteStringValue(value);
        _json.WriteEndArray();
    }

    /// <summary>Null where one is NaN; null for the whole if there is none.</summary>
    public void Numbers(string column, double[]? values)
    {
        if (values is null)
        {
            _json.WriteNull(column);
            return;
        }
        _json.WriteStartArray(column);
        foreach (var value in values)
            if (double.IsFinite(value)) _json.WriteNumberValue(value);
            else _json.WriteNullValue();
        _json.WriteEndArray();
    }

    public void Times(string column, Instant[] times, int offsetMinutes)
    {
        Span<byte> utf8 = stackalloc byte[Rfc3339.MaxLength];
        _json.WriteStartArray(column);
        foreach (var time in times) _json.WriteStringValue(utf8[..Rfc3339.Write(utf8, time, offsetMinutes)]);
        _json.WriteEndArray();
    }

    public async ValueTask EndRowAsync(CancellationToken cancellationToken)
    {
        _json.WriteEndObject();
        SentRows.Add(_response);
        if (_json.BytesPending + _unsent.WrittenCount >= FlushAt) await FlushAsync(cancellationToken);
    }

    public async ValueTask EndAsync(string? nextCursor, CancellationToken cancellationToken)
    {
        if (_form == Form.Array) _json.WriteEndArray();
        if (_form == Form.List)
        {
            _json.WriteEndArray();
            _json.WriteString("next_cursor"u8, nextCursor);
            _json.WriteEndObject();
        }
        await FlushAsync(cancellationToken);
    }

    public void Dispose() => _json.Dispose();

    async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        _json.Flush();
        await _response.BodyWriter.WriteAsync(_unsent.WrittenMemory, cancellationToken);
        _unsent.ResetWrittenCount();
    }
}
