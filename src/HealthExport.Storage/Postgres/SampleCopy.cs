using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using HealthExport.Pushes;
using HealthExport.Samples;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// Rows of samples as PostgreSQL's binary COPY format (https://www.postgresql.org/docs/15/sql-copy.html), made whole in
/// memory, a batch at a time. Columns that no row of the batch fills are left out. Not for concurrent use.
/// </summary>
sealed class SampleCopy(long userId) : IDisposable
{
    // What may be left out, in the order written.
    const int EndAt = 1;
    const int Min = 2;
    const int Max = 4;
    const int ReportedSource = 8;
    const int SentUnit = 16;
    const int Extra = 32;
    const int MayNotShrink = 64;

    const int FixedColumns = 8;

    // Lengths and values of every column but the texts.
    const int LongestRow = 160;

    static readonly (int Bit, string Name)[] s_optional =
    [
        (EndAt, "end_at"), (Min, "min"), (Max, "max"), (ReportedSource, "reported_source_id"), (SentUnit, "sent_unit"),
        (Extra, "extra"), (MayNotShrink, "may_not_shrink"),
    ];

    static readonly byte[] s_header = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];

    readonly string?[] _sql = new string?[128];
    byte[] _bytes = ArrayPool<byte>.Shared.Rent(1 << 19);
    int _length;

    /// <summary>Inserts those rows of a series that are to be inserted.</summary>
    public async ValueTask RunAsync(
        NpgsqlConnection connection, Series series, long number, ReadOnlyMemory<Sample> rows,
        ReadOnlyMemory<RowChange> changes, PostgresSources sources, CancellationToken cancellationToken)
    {
        var columns = FindColumns(series, rows.Span, changes.Span);
        Write(series, number, rows.Span, changes.Span, sources, columns);
        await using var stream = await connection.BeginRawBinaryCopyAsync(
            _sql[columns] ??= MakeSql(columns), cancellationToken);
        try
        {
            await stream.WriteAsync(_bytes.AsMemory(0, _length), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Else the end of the stream would end the COPY as if it were whole.
            await stream.CancelAsync();
            throw;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    static string MakeSql(int columns) =>
        $"""
        copy samples (
            user_id, metric_id, grain, start_at, source_id, utc_offset, ingestion, value{string.Concat(
                s_optional.Where(one => (columns & one.Bit) != 0).Select(one => $", {one.Name}"))})
        from stdin (format binary)
        """;

    static int FindColumns(Series series, ReadOnlySpan<Sample> rows, ReadOnlySpan<RowChange> changes)
    {
        var columns = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            if (changes[i] != RowChange.Insert) continue;
            ref readonly var row = ref rows[i];
            if (!row.EndAt.IsNone) columns |= EndAt;
            if (!double.IsNaN(row.Min)) columns |= Min;
            if (!double.IsNaN(row.Max)) columns |= Max;
            if (!series.KeyHasSource && row.Source is not null) columns |= ReportedSource;
            if (row.SentUnit is not null) columns |= SentUnit;
            if (row.Extra is not null) columns |= Extra;
            if (row.MayNotShrink) columns |= MayNotShrink;
        }
        return columns;
    }

    void Write(
        Series series, long number, ReadOnlySpan<Sample> rows, ReadOnlySpan<RowChange> changes, PostgresSources sources,
        int columns)
    {
        s_header.CopyTo(_bytes, 0);
        _length = s_header.Length;
        var fields = (short)(FixedColumns + int.PopCount(columns));
        for (var i = 0; i < rows.Length; i++)
        {
            if (changes[i] != RowChange.Insert) continue;
            ref readonly var row = ref rows[i];
            Reserve(LongestRow);
            var source = sources.Get(row.Source);
            WriteInt16(fields);
            WriteField(userId);
            WriteField(series.MetricId);
            WriteField((short)series.Grain);
            WriteField(row.StartAt.ToServer());
            WriteField(series.KeyHasSource ? source : 0);
            WriteField(row.OffsetMinutes);
            WriteField(number);
            WriteField(row.Value);
            if ((columns & EndAt) != 0)
            {
                if (row.EndAt.IsNone) WriteNull();
                else WriteField(row.EndAt.ToServer());
            }
            if ((columns & Min) != 0) WriteField(row.Min);
            if ((columns & Max) != 0) WriteField(row.Max);
            if ((columns & ReportedSource) != 0)
            {
                if (source == 0) WriteNull();
                else WriteField(source);
            }
            if ((columns & SentUnit) != 0) WriteField(row.SentUnit);
            if ((columns & Extra) != 0) WriteField(row.Extra);
            if ((columns & MayNotShrink) != 0)
            {
                if (row.MayNotShrink) WriteField((short)1);
                else WriteNull();
            }
        }
        Reserve(sizeof(short));
        WriteInt16(-1);
    }

    void Reserve(int bytes)
    {
        if (_bytes.Length - _length >= bytes) return;
        var larger = ArrayPool<byte>.Shared.Rent(checked(Math.Max(_bytes.Length * 2, _length + bytes)));
        _bytes.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }

    void WriteInt16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(_bytes.AsSpan(_length), value);
        _length += sizeof(short);
    }

    void WriteInt32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(_length), value);
        _length += sizeof(int);
    }

    void WriteNull() => WriteInt32(-1);

    void WriteField(short value)
    {
        WriteInt32(sizeof(short));
        WriteInt16(value);
    }

    void WriteField(int value)
    {
        WriteInt32(sizeof(int));
        WriteInt32(value);
    }

    void WriteField(long value)
    {
        WriteInt32(sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(_bytes.AsSpan(_length), value);
        _length += sizeof(long);
    }

    // NaN is "not sent".
    void WriteField(double value)
    {
        if (double.IsNaN(value)) WriteNull();
        else WriteField(BitConverter.DoubleToInt64Bits(value));
    }

    void WriteField(string? text)
    {
        if (PostgresText.Check(text) is null)
        {
            WriteNull();
            return;
        }
        var bytes = Encoding.UTF8.GetByteCount(text!);
        // And what is to come of this row and the end.
        Reserve(bytes + LongestRow);
        WriteInt32(bytes);
        _length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_length));
    }
}
