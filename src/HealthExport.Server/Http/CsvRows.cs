using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using HealthExport.Time;

namespace HealthExport.Server.Http;

/// <summary>
/// Rows as CSV (RFC 4180): a heading, then a line each, what is missing empty. A text that a spreadsheet would take
/// for a formula gets an apostrophe in front. There is no place for a cursor: whoever begins says it in a Link header.
/// </summary>
sealed class CsvRows : IRowWriter
{
    public const string MediaType = "text/csv";

    const int FlushAt = 16 << 10;

    static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(",\"\r\n");

    // Not the response's own writer: a failure before the first flush can still be answered with a problem.
    readonly ArrayBufferWriter<byte> _unsent = new(FlushAt * 2);
    readonly HttpResponse? _response;
    readonly PipeWriter? _file;
    bool _isFirst = true;

    public CsvRows(HttpResponse response, IReadOnlyList<string> columns) : this(columns)
    {
        _response = response;
        response.ContentType = "text/csv; charset=utf-8; header=present";
    }

    /// <summary>For a file instead of an answer.</summary>
    public CsvRows(PipeWriter file, IReadOnlyList<string> columns) : this(columns) => _file = file;

    CsvRows(IReadOnlyList<string> columns)
    {
        foreach (var column in columns) Field(column);
        EndLine();
    }

    public void BeginRow()
    {
    }

    public void Text(string column, string? value)
    {
        if (value is null) Field("");
        else Field(LooksLikeFormula(value) ? "'" + value : value);
    }

    public void Number(string column, double value) =>
        Field(double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "");

    public void Count(string column, long value) => Field(value.ToString(CultureInfo.InvariantCulture));

    public void Flag(string column, bool? value) => Field(value is not { } known ? "" : known ? "true" : "false");

    public void BeginGroup(string name)
    {
    }

    public void EndGroup()
    {
    }

    public void Json(string column, string? json) => Text(column, json);

    public void Time(string column, Instant at, int offsetMinutes)
    {
        Separate();
        if (at.IsNone) return;
        var length = Rfc3339.Write(_unsent.GetSpan(Rfc3339.MaxLength), at, offsetMinutes);
        _unsent.Advance(length);
    }

    public void Date(string column, DateOnly date) => Field(date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    public async ValueTask EndRowAsync(CancellationToken cancellationToken)
    {
        EndLine();
        if (_response is not null) SentRows.Add(_response);
        if (_unsent.WrittenCount >= FlushAt) await EndAsync(null, cancellationToken);
    }

    public async ValueTask EndAsync(string? nextCursor, CancellationToken cancellationToken)
    {
        await (_file ?? _response!.BodyWriter).WriteAsync(_unsent.WrittenMemory, cancellationToken);
        _unsent.ResetWrittenCount();
    }

    /// <summary>As OWASP has it; what precedes as space does not protect.</summary>
    static bool LooksLikeFormula(string value) =>
        value is ['\t' or '\r' or '\n', ..]
        || value.AsSpan().TrimStart() is ['=' or '+' or '-' or '@' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20', ..];

    void Field(string value)
    {
        Separate();
        if (value.AsSpan().ContainsAny(NeedsQuotes)) value = $"\"{value.Replace("\"", "\"\"")}\"";
        if (value.Length > 0) Encoding.UTF8.GetBytes(value, _unsent);
    }

    void Separate()
    {
        if (!_isFirst) _unsent.Write(","u8);
        _isFirst = false;
    }

    void EndLine()
    {
        _unsent.Write("\r\n"u8);
        _isFirst = true;
    }
}
