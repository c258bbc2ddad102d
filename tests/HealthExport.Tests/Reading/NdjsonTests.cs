using System.Text;
using HealthExport.Pushes;

namespace HealthExport.Tests.Reading;

/// <summary>Standard items one a line: each line by itself, however the bytes arrive.</summary>
public sealed class NdjsonTests
{
    static readonly byte[] s_lines = Encoding.UTF8.GetBytes(
        "\uFEFF{\"type\":\"HeartRate\",\"recorded_at\":\"2026-01-15T08:00:00Z\",\"avg_bpm\":75,\"source\":\"René’s\"}\r\n"
        + "\r\n \t\n"
        + "{\"type\":\"Quantity\",\"metric\":\"step_count\",\"unit\":\"count\",\"start_at\":\"2026-01-15T08:00:00Z\",\"value\":1e2} \n"
        + "{\"type\":\"Quantity\",\"metric\":\"step_count\n"
        + "[1,2]\n"
        + "nonsense\n"
        + "{\"name\":\"heart_rate\",\"units\":\"bpm\",\"data\":[]}\n"
        + "{}\n"
        + "{\"type\":\"SleepStage\",\"start_at\":\"2026-01-14T22:00:00Z\",\"end_at\":\"2026-01-14T23:00:00Z\",\"stage\":\"asleep\",\"stage_as_sent\":\"Sova\"}\n"
        + "{\"type\":\"Event\",\"kind\":\"symptom\",\"identity\":\"a\\nb\",\"item_type\":\"symptoms\",\"payload\":{\"x\":1}}\n"
        + "{\"type\":\"Workout\",\"id\":\"0A7C2F52-1111-4E2B-9B7E-000000000001\",\"id_is_made\":true,\"workout_type\":\"running\",\"name\":\"Lauf\",\"start_time\":\"2026-01-15T08:00:00Z\",\"end_time\":\"2026-01-15T09:00:00Z\",\"stamp_precision_us\":60000000}");

    static PushContext Context(string contentType = "application/x-ndjson") =>
        Outcome.Context() with { ContentType = contentType };

    static Outcome Of(byte[] lines, int? window = null) => Outcome.Of(lines, Context(), window: window);

    [Fact]
    public void A_line_is_an_item_and_a_bad_one_costs_its_neighbours_nothing()
    {
        var outcome = Of(s_lines);
        Assert.Equal(PayloadFormat.Ndjson, outcome.Format);
        Assert.Null(outcome.TruncatedAt);
        Assert.Equal([("heart_rate", 0, 75), ("step_count", 3, 100)],
            outcome.Rows.Select(row => (row.Metric, row.Sample.ItemIndex, row.Sample.Value)));
        Assert.Equal("René’s", outcome.Rows[0].Sample.Source);
        Assert.Equal(
            ["4 unreadable_item", "5 unreadable_item", "6 unreadable_item", "7 unreadable_item", "8 unreadable_item"],
            outcome.Codes);
        Assert.Equal("nonsense", Encoding.UTF8.GetString(outcome.Rejects[2].Item.Span));
        Assert.Equal(("asleep", "Sova", 9), (outcome.Stages[0].Stage, outcome.Stages[0].StageAsSent, outcome.Stages[0].ItemIndex));
        Assert.Equal(("symptom", "a\nb", "symptoms"), (outcome.Events[0].Kind, outcome.Events[0].Identity, outcome.Events[0].ItemType));
        Assert.Equal(("running", "Lauf", true, 60_000_000L, 11),
            (outcome.Workouts[0].Activity, outcome.Workouts[0].NameAsSent, outcome.Workouts[0].IdIsMade,
                outcome.Workouts[0].StampPrecision, outcome.Workouts[0].ItemIndex));
    }

    [Fact]
    public void A_read_may_end_anywhere()
    {
        var whole = Of(s_lines).Lines();
        for (var at = 0; at <= s_lines.Length; at++)
            Assert.Equal(whole, Outcome.Of(TricklingStream.Split(s_lines, at), Context()).Lines());
        Assert.Equal(whole, Outcome.Of(TricklingStream.ByteByByte(s_lines), Context(), window: 16).Lines());
    }

    [Fact]
    public void The_window_may_end_anywhere()
    {
        var whole = Of(s_lines).Lines();
        for (var window = 1; window <= s_lines.Length + 1; window++) Assert.Equal(whole, Of(s_lines, window).Lines());
    }

    [Fact]
    public void What_is_cut_anywhere_gives_its_complete_lines_and_at_most_one_reject_more()
    {
        var whole = Of(s_lines).Lines();
        for (var length = 0; length < s_lines.Length; length++)
        {
            var cut = Of(s_lines[..length], window: 64);
            Assert.Null(cut.TruncatedAt);
            Assert.InRange(cut.Lines().Except(whole).Count(), 0, 1);
            var complete = s_lines.AsSpan(0, length).Count((byte)'\n');
            Assert.Equal(
                cut.Rows.Count(row => row.Sample.ItemIndex < complete) + cut.Rejects.Count(reject => reject.ItemIndex < complete),
                Of(s_lines).Rows.Count(row => row.Sample.ItemIndex < complete)
                    + Of(s_lines).Rejects.Count(reject => reject.ItemIndex < complete));
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(64)]
    [InlineData(100_000)]
    public void A_line_that_is_too_long_is_one_reject_and_held_in_part(int window)
    {
        var good = "{\"type\":\"HeartRate\",\"recorded_at\":\"2026-01-15T08:00:00Z\",\"avg_bpm\":75}";
        var lines = Encoding.UTF8.GetBytes($"{good}\n{{\"x\":\"{new string('y', 50_000)}\"}}\n{good}\n{new string('z', 3_000)}");
        var reader = new HealthExport.Reading.PayloadReader(new MemoryStream(lines), Context())
        {
            WindowBytes = window, LongestLine = 500,
        };
        var (rows, rejects) = (0, new List<Reject>());
        foreach (var batch in reader.Read())
        {
            rejects.AddRange(batch.Rejects);
            foreach (var run in batch.Runs)
            {
                rows += run.Count;
                run.Release();
            }
        }
        Assert.Equal(2, rows);
        Assert.Equal(
            [(1, "The line has 50008 bytes, and 500 is the most"), (3, "The line has 3000 bytes, and 500 is the most")],
            rejects.Select(reject => (reject.ItemIndex, reject.Error)));
        Assert.All(rejects, reject => Assert.InRange(reject.Item.Length, 500, 501));
        Assert.InRange(reader.BytesTokenised, lines.Length, 2L * lines.Length);
    }

    [Theory]
    [InlineData("application/x-ndjson; revisions=7", 7)]
    [InlineData("Application/X-NDJSON;charset=utf-8; Revisions=\"3\"", 3)]
    [InlineData("application/x-ndjson", 1)]
    [InlineData("application/x-ndjson; revisions=0", 1)]
    [InlineData("application/x-ndjson; revisions=-4", 1)]
    [InlineData("application/x-ndjson; revisions=99999999999", 1)]
    [InlineData("application/json; revisions=7", 1)]
    [InlineData(null, 1)]
    public void The_media_type_says_how_many_revisions_there_are(string? contentType, int revisions) =>
        Assert.Equal(revisions, NdjsonType.RevisionsOf(contentType));

    [Fact]
    public void A_revision_counts_where_the_media_type_says_how_many_there_are()
    {
        static string Steps(int minute, string more) =>
            "{\"type\":\"Quantity\",\"metric\":\"step_count\",\"unit\":\"count\",\"start_at\":\"2026-01-15T08:0"
            + minute + ":00Z\",\"value\":1" + more + "}";
        var lines = string.Join(
            '\n', Steps(0, ",\"revision\":7"), Steps(1, ",\"revision\":2"), Steps(2, ""), Steps(3, ",\"revision\":8"),
            Steps(4, ",\"revision\":0"), Steps(5, ",\"revision\":1.5"), Steps(6, ",\"revision\":\"x\""));
        var numbered = Outcome.Of(lines, Context("application/x-ndjson; revisions=7"));
        Assert.Equal([0, 5, (long?)null], numbered.Rows.Select(row => row.Array.NumbersBefore));
        Assert.Equal(
            ["3 out_of_range", "4 out_of_range", "5 out_of_range", "6 not_a_number"], numbered.Codes);

        var plain = Outcome.Of(Steps(0, ",\"revision\":7,\"partial\":true,\"sent_unit\":\"steps\""), Context());
        Assert.Null(plain.Rows[0].Array.NumbersBefore);
        Assert.Equal((true, "steps", (string?)null),
            (plain.Rows[0].Sample.MayNotShrink, plain.Rows[0].Sample.SentUnit, plain.Rows[0].Sample.Extra));
    }
}
