using HealthExport.Drift;

namespace HealthExport.Tests.Reading;

/// <summary>What a payload holds that the reader does not know, and what of it is told.</summary>
public sealed class DriftTests
{
    const string Date = "\"date\":\"2026-01-15 08:00:00 +0100\"";
    const string Ends = "\"start\":\"2026-01-15 08:00:00 +0100\",\"end\":\"2026-01-15 09:00:00 +0100\"";

    static void AssertTells(string json, params string[] notes)
    {
        json = json.Replace("DATE", Date).Replace("ENDS", Ends);
        Assert.Equal(notes, Outcome.Of(json).Told());
        Assert.Equal(notes, Outcome.Of(json, thorough: true).Told());
        // However it comes, and in buckets, whose points are read twice.
        Assert.Equal(notes, Outcome.Of(System.Text.Encoding.UTF8.GetBytes(json), window: 16).Told());
        Assert.Equal(notes, Outcome.Of(json, Outcome.Context("Days")).Told());
    }

    [Fact]
    public void Fields_of_points_are_told_by_metric() => AssertTells(
        """
        {"data":{"metrics":[
          {"data":[{DATE,"qty":1,"spoon":2,"metadata":{}},{DATE,"qty":2,"spoon":3,"fork":null},
             {"date":"never","qty":3,"spoon":3}], "name":"step_count","units":"count","since":"2026"},
          {"name":"blood_glucose","units":"mg/dL","data":[{DATE,"qty":90,"mealTime":"Before Meal","reason":"x"}]},
          {"name":"sexual_activity","units":"times","data":[{DATE,"Unspecified":1,"Protection Used":0}]},
          {"name":"heart_rate","units":"bpm","data":[{DATE,"Min":50,"avg":60,"Max":70,"systolic":1,"s\u0070in":1}]},
          {"name":"blood_pressure","units":"mmHg","data":[{DATE,"systolic":120,"diastolic":80,"qty":"1"}]}]}}
        """,
        "Field blood_glucose reason 1", "Field heart_rate spin 1", "Field heart_rate systolic 1",
        "Field metrics since 1", "Field step_count spoon 3");

    [Fact]
    public void Metrics_and_units_are_told_with_all_items_that_bore_them() => AssertTells(
        """
        {"data":{"metrics":[
          {"name":"Sock Colour","units":"hue","data":[{DATE,"qty":1},{DATE,"qty":"no"},5]},
          {"name":"step_count","units":"furlong","data":[{DATE,"qty":1},{DATE,"qty":2,"units":"steps"},
             {DATE,"qty":3,"units":"league"},{DATE,"qty":3,"units":"league"}]},
          {"name":"weight_body_mass","units":"","data":[{DATE,"qty":70}]},
          {"name":"sleep_analysis","units":"moons","data":[{"startDate":"2026-01-15 08:00:00 +0100","endDate":"2026-01-15 09:00:00 +0100","value":"Core","qty":1}]},
          {"type":"Quantity","metric":"hat_size","unit":"cm","start_at":"2026-01-15T08:00:00Z","value":1},
          {"type":"Quantity","metric":"step_count","unit":"parsec","start_at":"2026-01-15T08:00:00Z","value":1}]}}
        """,
        "Metric metrics hat_size 1", "Metric metrics sock_colour 3", "Unit sleep_analysis moons 1",
        "Unit step_count furlong 1", "Unit step_count league 2", "Unit step_count parsec 1");

    [Fact]
    public void Fields_and_units_within_workouts_are_told() => AssertTells(
        """
        {"data":{"workouts":[
          {"name":"Running",ENDS,"distance":{"qty":1,"units":"league"},"humidity":{"qty":5,"units":"%"},"mood":"high",
           "heartRateData":[{DATE,"Avg":90,"units":"bpm","source":"W","zone":2},{DATE,"Avg":90,"units":"Hz3"}],
           "route":[{"lat":1,"lon":2,"timestamp":"2026-01-15 08:00:00 +0100","satellites":7},{"lat":500,"satellites":7}]},
          {"workout_type":"running","start_time":"2026-01-15T08:00:00Z","end_time":"2026-01-15T09:00:00Z","mood":1}]}}
        """,
        "Field workouts mood 2", "Field workouts.heartRateData zone 1", "Field workouts.route satellites 2",
        "Unit workouts.distance league 1", "Unit workouts.heartRateData Hz# 1");

    [Fact]
    public void Sections_and_fields_of_events_sleep_and_standard_items_are_told() => AssertTells(
        """
        {"tool":7,"data":{"dreams":[1,2],"hopes":{"a":1},"symptoms":[{"name":"Fever",ENDS,"severity":"Mild","place":"x"}],
         "ecg":[{ENDS,"classification":"Sinus Rhythm","lead":"I"}],
         "metrics":[
          {"name":"sleep_analysis","units":"hr","data":[{"sleepStart":"2026-01-15 00:00:00 +0100","sleepEnd":"2026-01-15 07:00:00 +0100","core":3,"dreams":2}]},
          {"type":"HeartRate","recorded_at":"2026-01-15T08:00:00Z","avg_bpm":60,"mood":1},
          {"type":"SleepStage","start_at":"2026-01-15T00:00:00Z","end_at":"2026-01-15T01:00:00Z","stage":"deep","mood":1},
          {"type":"Event","kind":"symptom","start_at":"2026-01-15T00:00:00Z","payload":{"any":1},"mood":1},
          {"type":"Horoscope"}]}}
        """,
        "Field ecg lead 1", "Field events mood 1", "Field heart_rate mood 1", "Field sleep_analysis dreams 1",
        "Field sleep_analysis mood 1", "Field symptoms place 1", "Section  Horoscope 1", "Section  dreams 2",
        "Section  hopes 1", "Section  tool 1");

    [Fact]
    public void Files_and_columns_of_CSV_are_told()
    {
        var csv = Outcome.Context(zone: "Europe/Berlin") with { ContentType = "text/csv" };
        Assert.Equal(
            ["Metric metrics sock_colour 2", "Unit step_count furlong 1"],
            Outcome.Of(
                "Date/Time,Sock Colour (hue),Step Count (furlong),Heart Rate [Avg] (bpm)\n"
                + "2026-01-15 08:00:00,1,,60\n2026-01-15 09:00:00,x,5,61\n", csv).Told());
        Assert.Equal(
            ["Field workouts moodAfter 1"],
            Outcome.Of(
                "Workout Type,Start,End,Duration,Water Salinity,Mood After\n"
                + "Running,2026-01-15 08:00,2026-01-15 09:00,01:00:00,Salt Water,high\n"
                + "Running,2026-01-15 10:00,2026-01-15 11:00,01:00:00,,\n", csv).Told());
        Assert.Equal(["Section  text/csv 1"], Outcome.Of("Anna,fever\nBob,cough\n", csv).Told());
        var form = csv with { ContentType = "multipart/form-data; boundary=B" };
        Assert.Equal(
            ["Section  ECGData 1"],
            Outcome.Of(
                "--B\r\nContent-Disposition: form-data; name=\"ECGData\"; filename=\"/var/Anna.csv\"\r\n\r\n"
                + "Anna,fever\r\n--B--\r\n", form).Told());
    }

    /// <summary>All that the app documents, and what real payloads had beside it.</summary>
    public static TheoryData<string> Known =>
    [
        "all-sections.json", "cycle-tracking.json", "dates-all-forms.json", "ecg-as-documented.json", "ecg-bad-epoch.json",
        "ecg-small-epoch.json", "heart-rate-notifications-as-documented.json",
        "heart-rate-notifications-real-shape.json", "medications-localised-es.json", "medications.json",
        "metrics-all-names-metric-units.json", "metrics-all-names-us-units.json", "mixed-energy-units.json",
        "sleep-nonaggregated-localised-sv.json", "sleep-nonaggregated.json", "sleep-variants.json",
        "state-of-mind-as-documented.json", "state-of-mind.json", "symptoms.json", "workouts-v1-all-fields.json",
        "workouts-v2-all-fields.json", "workouts-v2-localised-names.json", "workouts-v2-minimal.json",
    ];

    [Theory]
    [MemberData(nameof(Known))]
    public void Of_what_the_app_is_known_to_send_nothing_is_told(string fixture) =>
        Assert.Empty(Outcome.OfFixture(fixture).Told());

    [Fact]
    public void Of_the_known_CSV_files_nothing_is_told() => Assert.All(
        Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Fixtures", "Csv")).ToList(),
        file => Assert.Empty(Outcome.Of(
            File.ReadAllBytes(file), Outcome.Context(zone: "Europe/Berlin") with { ContentType = "text/csv" }).Told()));

    [Theory]
    [InlineData("2026-01-15", "#-#-#")]
    [InlineData("2026-01-15T08:00:00.5Z", "#-#-#T#:#:#.#Z")]
    [InlineData("9F0C477C-51B9-4F14-8FC6-FACEBEEFDEAD", "#")]
    [InlineData("id 9f0c477c51b94f148fc6109dbe455f7d x", "id # x")]
    [InlineData("anna@example.org", "#")]
    [InlineData("https://example.org/anna", "#")]
    [InlineData("72.5", "#.#")]
    [InlineData("٢٠٢٦", "#")]
    [InlineData("Protection Not Used", "Protection Not Used")]
    [InlineData("vo2_max", "vo#_max")]
    [InlineData(" a\u0000b\nc ", "abc")]
    [InlineData("   ", "#")]
    [InlineData("\u0001", "#")]
    [InlineData("Größe ✓ 😀", "Größe ✓ 😀")]
    public void A_name_that_is_data_is_folded(string name, string folded) =>
        Assert.Equal(folded, DriftName.Fold(name));

    [Fact]
    public void Half_a_character_is_replaced() => Assert.Equal("a\ufffdb", DriftName.Fold("a\ud800b"));

    [Fact]
    public void A_long_name_is_cut_between_characters()
    {
        Assert.Equal(new string('x', 99), DriftName.Fold(new string('x', 99) + "😀" + new string('y', 1_000_000)));
        Assert.Equal(DriftName.Longest, DriftName.Fold(new string('x', 1_000_000)).Length);
    }

    [Fact]
    public void A_map_of_days_is_one_name_and_a_million_names_are_some_hundred()
    {
        var days = string.Join(',', Enumerable.Range(1, 28).Select(day => $"\"2026-01-{day:00}\":{day}"));
        Assert.Equal(
            ["Field step_count #-#-# 1"],
            Outcome.Of("""
                {"data":{"metrics":[{"name":"step_count","units":"count","data":[{DATE,"qty":1,DAYS}]}]}}
                """.Replace("DATE", Date).Replace("DAYS", days)).Told());

        static string Word(int n) => string.Concat(n.ToString("000000", null).Select(digit => (char)('a' + digit - '0')));
        var names = string.Join(',', Enumerable.Range(0, 5_000).Select(n => $"\"{Word(n)}\":1"));
        foreach (var json in (string[])
            [
                """{"data":{"metrics":[{"name":"step_count","units":"count","data":[{DATE,"qty":1,NAMES}]}]}}""",
                """{"data":{"workouts":[{"name":"Running",ENDS,NAMES}]}}""",
            ])
        {
            var drift = Outcome.Of(json.Replace("DATE", Date).Replace("ENDS", Ends).Replace("NAMES", names)).Drift;
            Assert.Equal(301, drift.Count);
            // One item bore them all.
            Assert.All(drift, note => Assert.Equal(1, note.Items));
            Assert.Equal(DriftKind.Field, Assert.Single(drift, note => note.IsOfOthers).Kind);
        }
    }

    [Fact]
    public void An_item_counts_once_in_a_row_however_many_of_its_names_are_counted_there() => AssertTells(
        """
        {"data":{"metrics":[
          {"name":"step_count","units":"count","data":[
            {DATE,"qty":1,"r2026":1,"r2027":1,"r1":1,"r1":2},{DATE,"qty":"no","r2027":1,"r3":1},{DATE,"qty":1}],
           "p1":1,"p2":1},
          {"name":"step_count","units":"count","data":[{DATE,"qty":1,"r4":1,"r5":1}]}],
         "workouts":[{"name":"Running",ENDS,"m1":1,"m2":2,"heartRateData":[{DATE,"Avg":90,"z1":2,"z2":2},
           {DATE,"Avg":90,"z1":2,"z2":2}]},{"name":"Running",ENDS,"m3":1}]}}
        """,
        "Field metrics p# 1", "Field step_count r# 3", "Field workouts m# 2", "Field workouts.heartRateData z# 2");

    [Theory]
    [InlineData("""{"data":{"metrics":[{"name":"step_count","units":"count","data":[ITEM,{DATE,"qty":1}]}]}}""")]
    [InlineData("""{"data":{"workouts":[ITEM,{"name":"Running",ENDS}]}}""")]
    public void An_item_of_fields_without_end_is_rejected_and_the_others_are_kept(string json)
    {
        string Item(int fields) => $"{{{Date},{Ends},\"name\":\"Running\",\"qty\":1"
            + string.Concat(Enumerable.Range(0, fields).Select(n => $",\"n{n}\":1")) + "}";
        Outcome Read(int fields) =>
            Outcome.Of(json.Replace("ITEM", Item(fields)).Replace("DATE", Date).Replace("ENDS", Ends));
        Assert.Empty(Read(9_000).Rejects);
        var over = Read(11_000);
        Assert.Equal(["0 unreadable_item"], over.Codes);
        Assert.Contains("more than 10000 fields", over.Rejects[0].Error, StringComparison.Ordinal);
        Assert.Equal(1, over.Rows.Count + over.Workouts.Count);
    }

    [Fact]
    public void Of_a_cut_payload_what_was_read_is_told()
    {
        var cut = Outcome.Of("""
            {"data":{"dreams":[1],"metrics":[{"name":"sock_colour","units":"hue","data":[{DATE,"qty":1,"spoon":1},{DATE,"q
            """.Replace("DATE", Date));
        Assert.NotNull(cut.TruncatedAt);
        Assert.Equal(
            ["Field sock_colour spoon 1", "Metric metrics sock_colour 1", "Section  dreams 1"], cut.Told());
    }
}
