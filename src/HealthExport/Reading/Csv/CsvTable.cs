using System.Text;
using CsvHelper;

namespace HealthExport.Reading.Csv;

/// <summary>
/// The rows of one CSV file (RFC 4180, UTF-8, with or without a byte order mark), one at a time. Fields are parted by
/// commas, or by semicolons, if the heading has these and no commas; then numbers have decimal commas.
/// </summary>
sealed class CsvTable : IDisposable
{
    const int LongestRow = 1 << 20;

    readonly CsvReader _reader;
    bool _neverCloses;

    /// <param name="file">Read from its beginning; disposed with the table.</param>
    public CsvTable(Stream file, char separator)
    {
        HasDecimalCommas = separator == ';';
        _reader = CsvReader.Create(
            file,
            new CsvReaderOptions
            {
                Separator = separator,
                TrimWhitespace = true,
                MaxRecordSize = LongestRow,
                Encoding = Encoding.UTF8,
                IncludeValuesInExceptions = false,
                OnMalformedRecord = record => _neverCloses |= record.Reason == CsvMalformedReason.UnterminatedQuote,
            },
            leaveOpen: false);
        try
        {
            _reader.ReadHeader();
            var names = _reader.Headers.ToArray();
            var width = names.Length;
            while (width > 0 && string.IsNullOrWhiteSpace(names[width - 1])) width--;
            Heading = [.. names.Take(width).Select(name => name.Trim())];
        }
        catch (CsvFormatException)
        {
            _neverCloses = true;
        }
        if (!_neverCloses) return;
        Heading = [];
        IsBroken = true;
    }

    /// <summary>The names of the columns, without the empty ones that trailing commas make; none in an empty file and
    /// in one that <see cref="IsBroken"/>.</summary>
    public string[] Heading { get; } = [];

    public bool HasDecimalCommas { get; }

    /// <summary>How many rows were read, the heading not counted.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the rest cannot be read, because a quote is never closed or a row is longer than 1 MiB.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Goes on to the next row that is not blank.</summary>
    public bool Read()
    {
        if (IsBroken || Heading.Length == 0) return false;
        try
        {
            if (!_reader.Read()) return false;
        }
        catch (CsvFormatException)
        {
            IsBroken = true;
            return false;
        }
        // Such a field has swallowed every row behind it.
        if (_neverCloses)
        {
            IsBroken = true;
            return false;
        }
        Count++;
        return true;
    }

    /// <summary>The row's field in a column, UTF-8, good until the next; empty if the row is shorter.</summary>
    public ReadOnlySpan<byte> this[int column] => _reader.GetSpan(column);

    /// <summary>The row's field as a number, with the decimal sign that the file has.</summary>
    public bool TryGetNumber(int column, out double number)
    {
        var text = this[column];
        if (!HasDecimalCommas) return Numbers.TryParse(text, out number);
        Span<byte> withPoint = new byte[text.Length];
        text.Replace(withPoint, (byte)',', (byte)'.');
        return Numbers.TryParse(withPoint, out number);
    }

    /// <summary>Rejects, as one item, what cannot be read behind the last row; nothing of a whole file.</summary>
    /// <param name="itemType">What the rows are.</param>
    public void RejectRest(BatchBuilder batches, string itemType)
    {
        if (!IsBroken) return;
        batches.Reject(
            itemType, Count,
            Fault.Unreadable($"The file cannot be read behind its row {Count}: a field does not end"), default);
    }

    public string GetText(int column) => _reader.GetString(column);

    public void Dispose() => _reader.Dispose();

    /// <summary>What parts the fields of a heading.</summary>
    public static char FindSeparator(Stream file)
    {
        Span<byte> begin = new byte[4096];
        var heading = begin[..file.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false)];
        if (heading.IndexOfAny((byte)'\r', (byte)'\n') is >= 0 and var end) heading = heading[..end];
        return heading.Contains((byte)';') && !heading.Contains((byte)',') ? ';' : ',';
    }
}
