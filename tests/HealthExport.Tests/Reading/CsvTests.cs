using System.Globalization;
using System.Text;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Tests.Reading;

/// <summary>The app's CSV files, by themselves and in a form.</summary>
public sealed partial class CsvTests
{
    const string Form = "multipart/form-data; boundary=B";

    static PushContext Context(string? zone, string? aggregation = null, string type = "text/csv") =>
        Outcome.Context(aggregation, zone: zone) with { ContentType = type };

    static Outcome Read(string csv, string? zone = "Europe/Berlin", string? aggregation = null) =>
        Outcome.Of(csv, Context(zone, aggregation));

    static Outcome Fixture(string name, string zone = "Europe/Berlin") => Outcome.Of(
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "Csv", name)), Context(zone));

    static IEnumerable<string> Values(Outcome outcome) => outcome.Rows
        .Select(row => string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Metric} {row.Array.Grain} {row.Sample.Value} {row.Sample.Min} {row.Sample.Max} {row.Array.Metric.Unit}"))
        .Order(StringComparer.Ordinal);

    [Fact]
    public void Every_filled_cell_is_an_item_and_cells_of_one_metric_are_one_row()
    {
        var outcome = Fixture("HealthMetrics-2026-01-14-2026-01-15.csv");
        Assert.Equal(
            [
                "active_energy Day 40 NaN NaN kcal",
                "active_energy Day 512.3 NaN NaN kcal",
                "blood_pressure_diastolic Day 76 NaN NaN mm[Hg]",
                "blood_pressure_systolic Day 118 NaN NaN mm[Hg]",
                "heart_rate Day 72.5 48 151 /min",
                "sleep_analysis_core Day 4.2 NaN NaN hr",
                "sleep_analysis_total Day 7.1 NaN NaN hr",
                "step_count Day 301.5 NaN NaN {steps}",
                "step_count Day 8120 NaN NaN {steps}",
                "weight_body_mass Day 72.665497674 NaN NaN kg",
            ],
            Values(outcome));
        Assert.Equal(2, Assert.Single(outcome.Rows, row => row.Metric == "heart_rate").Sample.FurtherItems);
        Assert.Empty(outcome.Rejects);
        Assert.Equal(PayloadFormat.HaeCsv, outcome.Format);
    }

    public static TheoryData<string> Endless =>
    [
        "Date/Time,\"Step Count (count)\n" + string.Concat(Enumerable.Repeat("2026-01-15 08:00:00,1\n", 80_640)),
        "Date/Time,\"Step Count (count)\n2026-01-15 08:00:00,1\n",
        "Date/Time" + new string(',', 2_000_000) + "\n2026-01-15 08:00:00,1\n",
        "Date/Time" + string.Concat(Enumerable.Repeat(",Step Count (count)", 1_000_000)) + "\n2026-01-15 08:00:00,1\n",
    ];

    [Theory]
    [MemberData(nameof(Endless), DisableDiscoveryEnumeration = true)]
    public void A_heading_that_does_not_end_is_one_reject_and_an_empty_file_is_none(string csv)
    {
        var alone = Read(csv);
        Assert.Equal(["0 unreadable_item"], alone.Codes);
        Assert.Equal("The file cannot be read: its heading does not end", alone.Rejects[0].Error);
        Assert.Empty(alone.Rows);
        const string Part = "--B\r\nContent-Disposition: form-data; name=\"";
        var form = Outcome.Of(
            $"{Part}Steps\"\r\n\r\n{csv}\r\n{Part}Empty\"\r\n\r\n\r\n{Part}Heart\"\r\n\r\n"
            + "Date/Time,Heart Rate [Avg] (bpm)\n2026-01-15 08:00:00,60\n\r\n--B--\r\n",
            Context("Europe/Berlin", type: Form));
        Assert.Equal(["0 unreadable_item"], form.Codes);
        Assert.Equal("The file 'Steps' cannot be read: its heading does not end", form.Rejects[0].Error);
        Assert.Single(form.Rows);
    }

    [Fact]
    public void The_old_vocabulary_is_known()
    {
        var outcome = Fixture("HealthMetrics-old-metric-header.csv");
        Assert.DoesNotContain(WarningCodes.UnknownMetric, outcome.WarningCodes);
        Assert.DoesNotContain(WarningCodes.UnknownUnit, outcome.WarningCodes);
        Assert.Equal(
            [
                "active_energy", "apple_exercise_time", "apple_stand_hour", "heart_rate", "number_of_times_fallen",
                "push_count", "step_count", "vo2_max", "walking_speed", "weight_body_mass",
            ],
            outcome.Rows.Select(row => row.Metric).Order(StringComparer.Ordinal));
        Assert.Equal(2100.5 / 4.184, outcome.Rows.Single(row => row.Metric == "active_energy").Sample.Value, 1e-9);
        // The first day of the file is one on the phone's clock.
        Assert.All(outcome.Rows, row => Assert.Equal(Grain.Day, row.Array.Grain));
    }

    [Theory]
    [InlineData("2026-01-15 08:00:00|2026-01-15 08:01:00", Grain.Minute)]
    [InlineData("2026-01-15 08:00:00|2026-01-15 09:00:00", Grain.Hour)]
    [InlineData("2026-01-14 00:00:00|2026-01-15 00:00:00", Grain.Day)]
    public void The_grain_is_that_of_the_whole_file_also_for_what_was_measured(string stamps, Grain grain)
    {
        var rows = stamps.Split('|');
        var outcome = Read($"Date/Time,Step Count (count),Weight (kg)\n{rows[0]},10,\n{rows[1]},20,71.5\n");
        Assert.Equal(3, outcome.Rows.Count);
        Assert.All(outcome.Rows, row => Assert.Equal(grain, row.Array.Grain));
    }

    [Fact]
    public void An_hour_that_the_clock_shows_twice_is_two_and_one_that_it_skips_moves_on()
    {
        var autumn = Read(
            "Date/Time,Step Count (count)\n2025-10-26 01:00:00,1\n2025-10-26 02:00:00,2\n2025-10-26 02:00:00,3\n"
            + "2025-10-26 03:00:00,4\n");
        Assert.Equal(
            ["25T23:00 120 1", "26T00:00 120 2", "26T01:00 60 3", "26T02:00 60 4"], autumn.Rows.Select(Say));
        var minutes = Read(
            "Date/Time,Step Count (count)\n2025-10-26 02:58:00,1\n2025-10-26 02:59:00,2\n2025-10-26 02:00:00,3\n"
            + "2025-10-26 02:01:00,4\n2025-10-26 03:00:00,5\n");
        Assert.Equal(
            ["26T00:58 120 1", "26T00:59 120 2", "26T01:00 60 3", "26T01:01 60 4", "26T02:00 60 5"],
            minutes.Rows.Select(Say));
        var spring = Read("Date/Time,Step Count (count)\n2026-03-29 01:00:00,1\n2026-03-29 02:30:00,2\n", "Europe/Berlin");
        Assert.Equal(["29T00:00 60 1", "29T01:30 120 2"], spring.Rows.Select(Say));

        static string Say(Outcome.Row row) => string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Sample.StartAt.At(0):dd'T'HH:mm} {row.Sample.OffsetMinutes} {row.Sample.Value}");
    }

    [Fact]
    public void One_bad_cell_costs_its_neighbours_nothing()
    {
        var outcome = Read(
            "Date/Time,Step Count (count),Heart Rate [Min] (count/min),Heart Rate [Max] (count/min)\r\n"
            + "2026-01-15 08:00:00,many,50,412\r\n2026-01-15 08:01:00,7,,\r\nyesterday,1,2,\r\n,9,,\r\n");
        Assert.Equal(
            ["heart_rate Minute NaN 50 NaN /min", "step_count Minute 7 NaN NaN {steps}"], Values(outcome));
        Assert.Equal(
            [
                "0 not_a_number", "0 out_of_range", "2 unreadable_date", "2 unreadable_date", "3 unreadable_date",
            ],
            outcome.Codes);
        Assert.Equal(
            """{"Date/Time":"2026-01-15 08:00:00","Heart Rate [Max] (count/min)":"412"}""",
            Encoding.UTF8.GetString(outcome.Rejects[1].Item.Span));
    }

    [Fact]
    public void Without_a_zone_every_cell_is_rejected_with_what_to_do()
    {
        var outcome = Read("Date/Time,Step Count (count)\n2026-01-15 08:00:00,7\n", zone: null);
        var reject = Assert.Single(outcome.Rejects);
        Assert.Equal("unreadable_date", reject.Code);
        Assert.Contains("time zone", reject.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Semicolons_and_decimal_commas_are_read()
    {
        var outcome = Read("\uFEFFDate/Time;Weight (kg)\n2026-01-15 08:00:00;71,5\n2026-01-15 08:01:00;71,25\n");
        Assert.Equal([71.5, 71.25], outcome.Rows.Select(row => row.Sample.Value));
    }

    [Theory]
    [InlineData("Date/Time,Step Count (count)\n2026-01-15 08:00:00,7\n\"2026-01-15 08:01:00,8\n2026-01-15 08:02:00,9\n")]
    public void Behind_a_quote_that_never_closes_nothing_is_guessed(string csv)
    {
        var outcome = Read(csv);
        Assert.Equal(7, Assert.Single(outcome.Rows).Sample.Value);
        Assert.Equal(["1 unreadable_item"], outcome.Codes);
    }

    [Fact]
    public void Workouts_leave_out_what_was_not_measured_and_keep_their_second_within_a_minute()
    {
        var outcome = Fixture("Workouts-2026-01-15.csv");
        Assert.Equal(3, outcome.Workouts.Count);
        var run = outcome.Workouts[0];
        Assert.Equal(("running", "Outdoor Run", 1812.0), (run.Activity, run.NameAsSent, run.DurationSeconds));
        Assert.Equal((166.0, 174.0, 150.2), (run.ActiveEnergyKcal, run.HeartRateMax, run.HeartRateAvg));
        Assert.Equal(3.12 * 1609.344, run.DistanceMetres!.Value, 1e-9);
        Assert.Equal(Instant.PerMinute, run.StampPrecision);
        Assert.False(run.IsIndoor);
        Assert.DoesNotContain("swim", run.Details!, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\"units\":\"kcal/hr·kg\"", run.Details!, StringComparison.Ordinal);

        var short_ = Assert.Single(Read(
            "Workout Type,Start,End,Duration,Distance (km),\nWalking,2026-01-15 07:00,2026-01-15 07:00,00:00:41,0.0,\n")
            .Workouts);
        Assert.Equal(TimeSpan.FromSeconds(41), short_.EndAt - short_.StartAt);
    }

    [Theory]
    // The hour that the clock shows twice, 2026-10-25: which pass is meant says the duration.
    [InlineData("2026-10-25 02:50,2026-10-25 03:20,00:29:50", "25T01:50 60 to 25T02:20, 1790")]
    [InlineData("2026-10-25 02:50,2026-10-25 03:20,01:29:50", "25T00:50 120 to 25T02:20, 5390")]
    [InlineData("2026-10-25 02:30,2026-10-25 02:10,00:40:00", "25T00:30 120 to 25T01:10, 2400")]
    [InlineData("2026-10-25 01:50,2026-10-25 02:20,01:30:00", "24T23:50 120 to 25T01:20, 5400")]
    [InlineData("2026-10-25 02:30,2026-10-25 02:30,01:00:12", "25T00:30 120 to 25T01:30, 3612")]
    [InlineData("2026-10-25 02:30,2026-10-25 02:30,00:00:41", "25T00:30 120 to 25T00:30, 41")]
    // Both passes fit, or nothing says how long it took.
    [InlineData("2026-10-25 02:10,2026-10-25 02:50,00:40:00", "25T00:10 120 to 25T00:50, 2400")]
    [InlineData("2026-10-25 02:50,2026-10-25 03:20,", "25T00:50 120 to 25T02:20, none")]
    [InlineData("2026-10-25 02:30,2026-10-25 02:10,", "25T00:30 120 to 25T01:10, none")]
    // An offset that is there holds.
    [InlineData("2026-10-25 02:50 +0200,2026-10-25 03:20 +0100,00:29:50", "25T00:50 120 to 25T02:20, 1790")]
    [InlineData("2026-01-15 07:00,2026-01-15 07:30,30:12", "15T06:00 60 to 15T06:30, 1812")]
    [InlineData("2026-01-15 07:00,2026-01-15 08:30,90:12", "15T06:00 60 to 15T07:30, 5412")]
    [InlineData("2026-01-15 07:00,2026-01-15 07:30,00:30:12.5", "15T06:00 60 to 15T06:30, 1812.5")]
    public void A_workout_is_as_long_as_its_duration_says(string row, string expected)
    {
        var outcome = Read($"Workout Type,Start,End,Duration,\nOutdoor Run,{row},\n");

        Assert.Empty(outcome.Rejects);
        Assert.Empty(outcome.Warnings);
        var run = Assert.Single(outcome.Workouts);
        Assert.Equal(
            expected,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{run.StartAt.At(0):dd'T'HH:mm} {run.OffsetMinutes} to {run.EndAt.At(0):dd'T'HH:mm}, "
                + $"{run.DurationSeconds?.ToString(CultureInfo.InvariantCulture) ?? "none"}"));
    }

    [Theory]
    [InlineData("half an hour")]
    [InlineData("00:61:12")]
    [InlineData("1:2:3:4")]
    public void A_duration_that_cannot_be_read_is_told_of_and_kept(string duration)
    {
        var outcome = Read(
            $"Workout Type,Start,End,Duration,\nOutdoor Run,2026-01-15 07:00,2026-01-15 07:30,{duration},\n");

        var run = Assert.Single(outcome.Workouts);
        Assert.Null(run.DurationSeconds);
        Assert.Contains(duration, run.Details!, StringComparison.Ordinal);
        Assert.Contains(duration, Assert.Single(outcome.Warnings).Warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Medications_and_states_of_mind_mean_what_they_mean_as_JSON()
    {
        var doses = Fixture("Medications-2026-01-01-2026-01-15.csv").Events;
        Assert.Equal(
            [("taken", 1.0), ("taken", 0.5), ("not_interacted", null), ("taken", 0.4)],
            doses.Select(dose => (dose.Code, dose.Value)));
        Assert.Equal(630, doses[0].OffsetMinutes);
        Assert.Contains("Syrup, \\\"night\\\"", Encoding.UTF8.GetString(doses[3].Payload.Span), StringComparison.Ordinal);

        var moods = Fixture("StateOfMind-2026-01-01-2026-01-15.csv").Events;
        Assert.Equal([("unpleasant", -0.62), ("neutral", 0.1)], moods.Select(mood => (mood.Code, mood.Value)));
        Assert.Contains(
            "\"labels\":[\"anxious\",\"irritated\",\"sad\"]", Encoding.UTF8.GetString(moods[0].Payload.Span),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_form_is_read_part_by_part_and_what_is_not_known_is_told()
    {
        var outcome = Outcome.Of(
            "--B\r\nContent-Disposition: form-data; name=\"HealthData\"; filename=\"file:///var/../x.csv\"\r\n"
            + "Content-Type: text/csv\r\n\r\nDate/Time,Step Count (count)\r\n2026-01-15 08:00:00,7\r\n\r\n"
            + "--B\r\nContent-Disposition: form-data; name=\"ECGData\"\r\n\r\nName,Voltage\r\nx,1\r\n"
            + "--B\r\nContent-Disposition: form-data; name=\"WorkoutsData\"\r\n\r\n\r\n--B--\r\n",
            Context("Europe/Berlin", type: Form));
        Assert.Equal(7, Assert.Single(outcome.Rows).Sample.Value);
        var told = Assert.Single(outcome.Warnings);
        Assert.Equal((WarningCodes.UnknownSection, "ECGData"), (told.Code, told.ItemType));
        Assert.Null(outcome.TruncatedAt);
        Assert.Empty(outcome.Rejects);
    }

    [Fact]
    public void A_form_or_a_file_that_is_none_is_told_and_gives_nothing()
    {
        var form = Outcome.Of("{\"data\":{}}", Context(null, type: Form));
        Assert.Equal(11, form.TruncatedAt);
        Assert.Empty(form.Lines());
        Assert.Equal(["0 unreadable_item"], Read("{\"data\":{}}").Codes);
        Assert.Empty(Read("Date/Time,Step Count (count)\r\n").Lines());
    }

    [Theory]
    [InlineData(1_000, false)]
    [InlineData(1_001, true)]
    public void More_files_than_a_form_may_have_are_told_as_cut_off(int files, bool isCut)
    {
        var form = string.Concat(Enumerable.Range(0, files).Select(i =>
            $"--B\r\n\r\nDate/Time,Step Count (count)\r\n2026-01-15 {i / 60:00}:{i % 60:00}:00,1\r\n\r\n")) + "--B--\r\n";
        var outcome = Outcome.Of(form, Context("Europe/Berlin", type: Form));
        Assert.Equal(1_000, outcome.Rows.Count);
        Assert.Equal(isCut, outcome.TruncatedAt is not null);
    }

    [Fact]
    public void However_its_bytes_arrive_a_form_is_read_the_same_and_cut_anywhere_it_gives_whole_files_only()
    {
        var body = Encoding.UTF8.GetBytes(
            "--B\r\nContent-Disposition: form-data; name=\"HealthData\"\r\n\r\n"
            + "Date/Time,Step Count (count),Weight (kg)\r\n2026-01-15 08:00:00,7,\r\n2026-01-15 08:01:00,8,71\r\n"
            + "\r\n--B\r\nContent-Disposition: form-data; name=\"WorkoutsData\"\r\n\r\nWorkout Type,Start,End,Duration\r\n"
            + "Walking,2026-01-15 07:00,2026-01-15 07:30,00:30:00\r\n\r\n--B--\r\n");
        var context = Context("Europe/Berlin", type: Form);
        var whole = Outcome.Of(body, context).Lines();
        Assert.Equal(4, whole.Count);
        Assert.Equal(whole, Outcome.Of(TricklingStream.ByteByByte(body), context).Lines());
        for (var at = 0; at <= body.Length; at += 7)
            Assert.Equal(whole, Outcome.Of(TricklingStream.Split(body, at), context).Lines());
        for (var length = 0; length < body.Length - 4; length++)
        {
            var cut = Outcome.Of(body[..length], context);
            Assert.Equal(length, cut.TruncatedAt);
            Assert.Contains(cut.Lines().Count, new[] { 0, 3 });
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Whatever_the_bytes_nothing_is_thrown_and_every_item_is_counted(int seed)
    {
        var random = new Random(seed);
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Fixtures", "Csv"))
            .Select(File.ReadAllBytes).ToArray();
        var form = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "Http", "multipart-csv.body"));
        for (var run = 0; run < 300; run++)
        {
            var isForm = random.Next(2) == 0;
            var bytes = (byte[])(isForm ? form : files[random.Next(files.Length)]).Clone();
            for (var change = random.Next(1, 20); change > 0; change--)
                bytes[random.Next(bytes.Length)] = ",\"\n\r;x0-()[]\0\u00ff"u8[random.Next(15)];
            var outcome = Outcome.Of(
                bytes,
                Context("Europe/Berlin", type: isForm
                    ? "multipart/form-data; boundary=Boundary-5A3F2E10-7E0B-4C53-9A4E-1D2C3B4A5F60" : "text/csv"));
            Assert.All(outcome.Rows, row => Assert.True(
                double.IsFinite(row.Sample.Value) || double.IsFinite(row.Sample.Min) || double.IsFinite(row.Sample.Max)));
        }
    }
}
