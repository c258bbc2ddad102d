using System.Globalization;
using System.Text;
using HealthExport.Pushes;

namespace HealthExport.Tests.Reading;

/// <summary>CSV written in every way that means the same, and CSV that is broken.</summary>
public sealed class CsvFuzzTests
{
    static readonly string[] s_headings =
    [
        "Step Count (count)", "Weight (kg)", "Heart Rate [Min] (count/min)", "Heart Rate [Max] (count/min)",
        "Heart Rate [Avg] (count/min)", "VO2 Max (ml/(kg·min))", "Blood Pressure [Systolic] (mmHg)", "Socks, red (hue)",
    ];

    static readonly string[] s_fragments =
    [
        ",", ";", "\"", "\"\"", "\r", "\n", "\r\n", "\0", "\uFEFF", "(", ")", "[", "]", "-", "1e999", "NaN", "٣", "\ud83d",
        "Date/Time,", "Source", "2026-03-29 02:30:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "--B", "--B--\r\n",
        "Content-Disposition: form-data; name=\"", ",,,,,,,,,,,,",
    ];

    static PushContext Context(string type = CsvType.File) =>
        Outcome.Context(zone: "Europe/Berlin") with { ContentType = type };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void However_a_table_is_written_it_says_the_same(int seed)
    {
        var random = new Random(seed);
        for (var run = 0; run < 150; run++)
        {
            var table = MakeTable(random);
            var plain = string.Concat(table.Select(row => string.Join(',', row.Select(Quoted)) + "\n"));
            var expected = Outcome.Of(plain, Context());
            Assert.Empty(expected.Rejects);
            Assert.Equal(
                table.Skip(1).Sum(row => row.Skip(1).Count(cell => cell.Length > 0)),
                expected.Rows.Sum(row => 1 + row.Sample.FurtherItems));

            var written = Encoding.UTF8.GetBytes(Write(table, random));
            Assert.Equal(expected.Lines(), Outcome.Of(written, Context()).Lines());
            var split = TricklingStream.Split(written, random.Next(written.Length));
            Assert.Equal(expected.Lines(), Outcome.Of(split, Context()).Lines());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_is_broken_a_file_is_read_to_an_end_the_same_way_however_it_comes(int seed)
    {
        var random = new Random(seed);
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Fixtures", "Csv"))
            .Order(StringComparer.Ordinal).Select(File.ReadAllText).ToArray();
        for (var run = 0; run < 150; run++)
        {
            var isForm = random.Next(3) == 0;
            var text = new StringBuilder(isForm ? MakeForm(files, random) : files[random.Next(files.Length)]);
            for (var change = random.Next(1, 12); change > 0; change--)
            {
                var at = random.Next(text.Length);
                if (random.Next(3) == 0) text.Remove(at, Math.Min(random.Next(1, 40), text.Length - at));
                else text.Insert(at, s_fragments[random.Next(s_fragments.Length)]);
                if (text.Length == 0) text.Append(',');
            }
            var bytes = Encoding.UTF8.GetBytes(text.ToString());
            var context = Context(isForm ? $"{CsvType.Form}; boundary=B" : CsvType.File);
            var whole = Outcome.Of(bytes, context);
            var bits = Outcome.Of(TricklingStream.Split(bytes, random.Next(bytes.Length)), context);
            Assert.Equal(whole.Lines(), bits.Lines());
            Assert.Equal(whole.Told(), bits.Told());
            Assert.Equal(whole.TruncatedAt, bits.TruncatedAt);
            Assert.All(whole.Rows, row => Assert.True(
                double.IsFinite(row.Sample.Value) || double.IsFinite(row.Sample.Min) || double.IsFinite(row.Sample.Max)));
            Assert.All(whole.Drift, note => Assert.InRange(note.Name.Length, 1, Drift.DriftName.Longest));
        }
    }

    /// <summary>A heading and rows, a minute each.</summary>
    static List<string[]> MakeTable(Random random)
    {
        var headings = s_headings.Where(_ => random.Next(3) > 0).DefaultIfEmpty(s_headings[0]).ToArray();
        random.Shuffle(headings);
        List<string[]> table = [["Date/Time", .. headings]];
        var start = new DateTimeOffset(2026, 1, random.Next(1, 15), 7, 0, 0, TimeSpan.Zero);
        for (var row = random.Next(2, 40); row > 0; row--)
        {
            start = start.AddMinutes(random.Next(1, 5));
            table.Add(
            [
                start.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                .. headings.Select(_ => random.Next(5) < 2 ? "" : (random.Next(400, 900) / 10.0).ToString(
                    random.Next(2) == 0 ? "R" : "00.000", CultureInfo.InvariantCulture)),
            ]);
        }
        return table;
    }

    /// <summary>In one of the ways that RFC 4180 and the app's habits allow.</summary>
    static string Write(List<string[]> table, Random random)
    {
        var end = random.Next(2) == 0 ? "\r\n" : "\n";
        var hasCommas = random.Next(3) > 0 || table[0].Any(heading => heading.Contains(','));
        var trailing = hasCommas ? random.Next(3) : 0;
        var text = new StringBuilder(random.Next(2) == 0 ? "\uFEFF" : "");
        for (var i = 0; i < table.Count; i++)
        {
            var cells = table[i].AsEnumerable();
            if (i > 0)
            {
                if (!hasCommas) cells = cells.Select(cell => cell.Replace('.', ','));
                // A row may end early where nothing is to come.
                if (random.Next(3) == 0) cells = cells.Reverse().SkipWhile(cell => cell.Length == 0).Reverse();
            }
            text.AppendJoin(hasCommas ? ',' : ';', cells.Select(cell => random.Next(4) switch
            {
                0 => $"\"{cell.Replace("\"", "\"\"")}\"",
                1 when !cell.Contains(',') => $"{new string(' ', random.Next(3))}{cell} ",
                _ => hasCommas ? Quoted(cell) : cell,
            }));
            text.Append(',', trailing);
            if (i < table.Count - 1 || random.Next(2) == 0) text.Append(end);
            if (i > 0 && i < table.Count - 1 && random.Next(8) == 0) text.Append(end);
        }
        return text.ToString();
    }

    static string MakeForm(string[] files, Random random)
    {
        var form = new StringBuilder();
        for (var part = random.Next(1, 4); part > 0; part--)
            form.Append("--B\r\nContent-Disposition: form-data; name=\"HealthData\"; filename=\"file:///var/x.csv\"\r\n\r\n")
                .Append(files[random.Next(files.Length)]).Append("\r\n");
        return form.Append("--B--\r\n").ToString();
    }

    static string Quoted(string cell) => cell.Contains(',') ? $"\"{cell}\"" : cell;
}
