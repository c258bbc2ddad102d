using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using HealthExport.Pushes;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>The same life sent as JSON, as CSV and as GPX is there once, in whichever order it came.</summary>
public abstract partial class CsvAndJsonTests(Household household)
{
    const string Run =
        """
        {"data":{"workouts":[{"id":"6F1B6A52-0000-4000-8000-000000000001","name":"Outdoor Run",
        "start":"2026-01-15 07:00:12 +0100","end":"2026-01-15 07:30:24 +0100","duration":1812}]}}
        """;

    const string RunCsv =
        "Workout Type,Start,End,Duration,Active Energy (kcal),\nOutdoor Run,2026-01-15 07:00,2026-01-15 07:30,00:30:12,166.0,\n";

    const string HeartRates =
        "Date/Time,Min (bpm),Max (bpm),Avg (bpm),Context,Source\n2026-01-15 07:01:00,100,120,110,Active,Watch\n"
        + "2026-01-15 07:02:00,101,121,111,Active,Watch\n";

    const string Gpx =
        """
        <gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
        <trkpt lat="52.5" lon="13.4"><ele>30</ele><time>2026-01-15T06:01:00Z</time></trkpt>
        <trkpt lat="52.6" lon="13.5"><ele>31</ele><time>2026-01-15T06:29:00Z</time></trkpt>
        </trkseg></trk></gpx>
        """;

    static readonly string s_heartRatesType = PayloadName.AddTo("text/csv", "Outdoor Run-Heart Rate-20260115_070012.csv");
    static readonly string s_gpxType = PayloadName.AddTo(GpxType.Name, "Outdoor Run-Route-20260115_070012.gpx");

    static Task<PushAnswer> PushAsync(Person person, string text, string type = "application/json") =>
        person.Phone.PushAsync(Encoding.UTF8.GetBytes(text), type);

    static async Task<JsonElement> GetAsync(Person person, string path)
    {
        using var document = JsonDocument.Parse(await person.Phone.Http.GetStringAsync(path));
        return document.RootElement.Clone();
    }

    [Fact]
    public async Task Files_of_a_workout_join_it_and_once_is_enough()
    {
        var person = await household.AddPersonAsync("Europe/Berlin");

        var early = await PushAsync(person, HeartRates, s_heartRatesType);
        early.AssertAddsUp();
        Assert.Equal("partial", early.Text("status"));
        var error = Assert.Single(early.Body.GetProperty("errors").EnumerateArray());
        Assert.Equal("no_workout", error.GetProperty("code").GetString());
        Assert.Contains("06:01:00 to 2026-01-15 06:02:00 UTC, running", error.GetRawText(), StringComparison.Ordinal);

        await PushAsync(person, Run);
        var joined = await person.Phone.ReplayAsync(early.Id);
        var route = await PushAsync(person, Gpx, s_gpxType);
        Assert.All([joined, route], answer =>
        {
            answer.AssertAddsUp();
            Assert.Equal("completed", answer.Text("status"));
            Assert.Equal((1, 1), (answer.Count("received"), answer.Count("updated")));
        });
        Assert.Equal(("hae_csv", "gpx"), (joined.Text("format"), route.Text("format")));
        // The same points in another shape, and the workout again without them, take nothing away.
        var fuller = await PushAsync(
            person,
            "Timestamp,Latitude,Longitude,Altitude (m),Speed (m/s)\n2026-01-15 07:01:00,52.5,13.4,30,2\n"
            + "2026-01-15 07:29:00,52.6,13.5,31,3\n",
            PayloadName.AddTo("text/csv", "Outdoor Run-Route-20260115_070012.csv"));
        var poorer = await PushAsync(person, Gpx + "\n", s_gpxType);
        var csv = await PushAsync(person, RunCsv, "text/csv");
        var again = await PushAsync(person, HeartRates, s_heartRatesType);
        Assert.Equal(
            (1, 1, 1, 1),
            (fuller.Count("updated"), poorer.Count("unchanged"), csv.Count("updated"), again.Count("unchanged")));

        var workout = Assert.Single(await person.Phone.ListAsync("/v1/workouts", 10));
        Assert.Equal("6f1b6a52-0000-4000-8000-000000000001", workout.GetProperty("id").GetString());
        Assert.Equal(166, workout.GetProperty("active_energy_kcal").GetDouble());
        var whole = await GetAsync(person, $"/v1/workouts/{workout.GetProperty("id").GetString()}");
        var series = Assert.Single(whole.GetProperty("series").EnumerateArray());
        Assert.Equal("heart_rate", series.GetProperty("name").GetString());
        Assert.Equal([110.0, 111], series.GetProperty("values").EnumerateArray().Select(value => value.GetDouble()));
        Assert.Equal([100.0, 101], series.GetProperty("min").EnumerateArray().Select(value => value.GetDouble()));
        var line = await GetAsync(person, $"/v1/workouts/{workout.GetProperty("id").GetString()}/route?format=geojson");
        Assert.Equal("[[13.4,52.5,30],[13.5,52.6,31]]", line.GetProperty("geometry").GetProperty("coordinates").GetRawText());
        Assert.Equal("[2,3]", line.GetProperty("properties").GetProperty("speeds").GetRawText());
        Assert.Equal(
            Gpx, Encoding.UTF8.GetString(await person.Phone.Http.GetByteArrayAsync($"/v1/ingestions/{route.Id}/payload")));
    }

    [Fact]
    public async Task What_came_before_a_time_zone_was_set_is_read_under_it_when_it_is_replayed()
    {
        var person = await household.AddPersonAsync(null);
        var early = await PushAsync(
            person, "Date/Time,Step Count (count)\n2026-01-14 07:00:00,100\n2026-01-14 08:00:00,50\n", "text/csv");
        Assert.Equal((0, 2), (early.Count("inserted"), early.Count("rejected")));
        Assert.Equal(2, (await person.Phone.ReplayAsync(early.Id)).Count("rejected"));

        using var set = await person.Phone.Http.PatchAsync(
            "/v1/users/me", new StringContent("""{"time_zone":"Asia/Tokyo"}""", Encoding.UTF8, "application/json"));
        Assert.True(set.IsSuccessStatusCode);
        var replayed = await person.Phone.ReplayAsync(early.Id);

        Assert.Equal("completed", replayed.Text("status"));
        Assert.Equal((2, 0), (replayed.Count("inserted"), replayed.Count("rejected")));
        var rows = await person.Phone.ListAsync("/v1/metrics/step_count/samples", 10);
        Assert.Equal(
            ["2026-01-14T07:00:00+09:00 100", "2026-01-14T08:00:00+09:00 50"],
            rows.Select(row => $"{row.GetProperty("start_at").GetString()} {row.GetProperty("value")}"));
    }

    [Fact]
    public async Task A_form_may_name_the_workout_after_what_belongs_to_it()
    {
        var person = await household.AddPersonAsync("Europe/Berlin");
        using var form = new MultipartFormDataContent("B");
        form.Add(Part(HeartRates), "file", "Outdoor Run-Heart Rate-20260115_070012.csv");
        form.Add(Part(RunCsv), "WorkoutsData", "/private/var/Workouts-2026-01-15.csv");

        var answer = await person.Phone.PushAsync(form, "multipart/form-data; boundary=B");

        answer.AssertAddsUp();
        Assert.Equal((2, 1, 1), (answer.Count("received"), answer.Count("inserted"), answer.Count("updated")));
        var id = Assert.Single(await person.Phone.ListAsync("/v1/workouts", 10)).GetProperty("id").GetString();
        Assert.Equal(1, (await GetAsync(person, $"/v1/workouts/{id}")).GetProperty("series").GetArrayLength());

        static StringContent Part(string text) => new(text, Encoding.UTF8, new MediaTypeHeaderValue("text/csv"));
    }

    [Theory]
    [InlineData("j")]
    [InlineData("c")]
    [InlineData("jc")]
    [InlineData("cj")]
    [InlineData("cjcj")]
    public async Task Two_workouts_of_one_minute_stay_two_and_exact_figures_exact(string order)
    {
        const string Json =
            """
            {"data":{"workouts":[
            {"id":"6F1B6A52-0000-4000-8000-000000000001","name":"Outdoor Run","start":"2026-01-15 07:00:12 +0100",
            "end":"2026-01-15 07:30:24 +0100","duration":1812.7345,"distance":{"qty":3.1234567,"units":"mi"}},
            {"id":"6F1B6A52-0000-4000-8000-000000000002","name":"Outdoor Run","start":"2026-01-15 07:00:02 +0100",
            "end":"2026-01-15 07:30:04 +0100","duration":1799.25,"distance":{"qty":3.2,"units":"mi"}}]}}
            """;
        const string Csv =
            "Workout Type,Start,End,Duration,Active Energy (kcal),Distance (mi),\n"
            + "Outdoor Run,2026-01-15 07:00,2026-01-15 07:30,00:29:59,120.0,3.20,\n"
            + "Outdoor Run,2026-01-15 07:00,2026-01-15 07:30,00:30:12,166.0,3.12,\n"
            + "Outdoor Run,2026-01-15 07:00,2026-01-15 07:30,00:30:12,166.0,3.12,\n";
        var person = await household.AddPersonAsync("Europe/Berlin");

        for (var i = 0; i < order.Length; i++)
            (await PushAsync(
                person, (order[i] == 'c' ? Csv : Json) + new string('\n', i),
                order[i] == 'c' ? "text/csv" : "application/json")).AssertAddsUp();

        var workouts = await person.Phone.ListAsync("/v1/workouts", 10);
        Assert.Equal(
            (order.Contains('j'), order.Contains('c')) switch
            {
                (true, true) => ["1799.25 120 5149.9", "1812.7345 166 5026.7"],
                (true, false) => ["1799.25 none 5149.9", "1812.7345 none 5026.7"],
                _ => new[] { "1799 120 5149.9", "1812 166 5021.2" },
            },
            workouts.Select(workout => FormattableString.Invariant(
                $"{Figure(workout, "duration_s")} {Figure(workout, "active_energy_kcal")} {workout.GetProperty("distance_m").GetDouble():F1}"))
                .Order(StringComparer.Ordinal));
        if (order.Contains('j'))
            Assert.All(workouts, workout => Assert.StartsWith("6f1b6a52", workout.GetProperty("id").GetString()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_state_of_mind_with_and_without_an_id_is_one(bool isCsvFirst)
    {
        const string Json =
            """
            {"data":{"stateOfMind":[
            {"id":"B1C2D3E4-0000-4000-8000-000000000001","start":"2026-01-09T20:34:06Z","end":"2026-01-09T20:34:06Z",
            "kind":"momentary_emotion","labels":["sad"],"valence":-0.62,"valenceClassification":"unpleasant","metadata":{}},
            {"id":"B1C2D3E4-0000-4000-8000-000000000002","start":"2026-01-09T20:34:06Z","end":"2026-01-09T20:34:06Z",
            "kind":"daily_mood","labels":[],"valence":0.1,"valenceClassification":"neutral"}]}}
            """;
        const string Csv =
            "Start,End,Kind,Labels,Associations,Valence,Valence Classification,\n"
            + "2026-01-09 15:34:06 -0500,2026-01-09 15:34:06 -0500,Momentary Emotion,Sad,,-0.62,Unpleasant,\n"
            + "2026-01-09 15:34:07 -0500,2026-01-09 15:34:07 -0500,Momentary Emotion,,,0.5,Pleasant,\n";
        var person = await household.AddPersonAsync("America/New_York");

        var (first, second) = isCsvFirst ? ((Csv, "text/csv"), (Json, "application/json"))
            : ((Json, "application/json"), (Csv, "text/csv"));
        (await PushAsync(person, first.Item1, first.Item2)).AssertAddsUp();
        var later = await PushAsync(person, second.Item1, second.Item2);
        (await PushAsync(person, first.Item1 + "\n", first.Item2)).AssertAddsUp();

        later.AssertAddsUp();
        Assert.Equal(
            isCsvFirst ? (1, 1, 0) : (1, 0, 1),
            (later.Count("inserted"), later.Count("updated"), later.Count("unchanged")));
        var states = await person.Phone.ListAsync("/v1/events?kind=state_of_mind", 10);
        Assert.Equal(
            ["-0.62 unpleasant True", "0.1 neutral True", "0.5 pleasant False"],
            states.Select(state => string.Create(
                CultureInfo.InvariantCulture,
                $"{state.GetProperty("value").GetDouble()} {state.GetProperty("code").GetString()} {state.GetProperty("payload").TryGetProperty("id", out _)}"))
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_a_form_is_silent_of_stays_in_either_order()
    {
        const string Json =
            """
            {"data":{"metrics":[
            {"name":"blood_glucose","units":"mg/dL","data":[{"date":"2026-01-14 08:01:00 +0100","qty":100,"mealTime":"Before Meal"}]},
            {"name":"insulin_delivery","units":"IU","data":[{"date":"2026-01-14 08:01:00 +0100","qty":2,"reason":"Bolus"}]},
            {"name":"handwashing","units":"s","data":[{"date":"2026-01-14 08:01:00 +0100","qty":20,"value":"Complete"}]},
            {"name":"active_energy","units":"kJ","data":[{"date":"2026-01-14 08:01:00 +0100","qty":52.3456789,
            "source":"Watch","start":"2026-01-14 08:01:00 +0100","end":"2026-01-14 08:02:00 +0100","metadata":{"a":1}}]},
            {"name":"sexual_activity","units":"count","data":[{"date":"2026-01-14 08:01:00 +0100",
            "Unspecified":0,"Protection Used":1,"Protection Not Used":2}]}],
            "medications":[{"displayText":"Ramipril ","nickname":"Heart","start":"2026-01-14 08:00:00 +0100",
            "scheduledDate":"2026-01-14 08:00:00 +0100","status":"Taken","isArchived":false,"dosage":1,
            "codings":[{"code":"35296","system":"rxnorm"}]}]}}
            """;
        const string Doses =
            "Date,Scheduled Date,Medication,Nickname,Dosage,Scheduled Dosage,Unit,Status,Archived,Codings\n"
            + "2026-01-14 08:05:00 +0100,2026-01-14 08:00:00 +0100,Ramipril,,1.0,1.0,count,Taken,No,\n";
        const string Wide =
            "Date/Time,Blood Glucose (mg/dL),Insulin Delivery (IU),Handwashing (s),Active Energy (kJ),"
            + "Sexual Activity [Unspecified] (count),Sexual Activity [Protection Used] (count),"
            + "Sexual Activity [Protection Not Used] (count)\n2026-01-14 08:01:00,100,2.0,20,52.35,0,1,2\n";
        List<string> lives = [];
        foreach (var order in new[] { "jc", "cj", "cjcj" })
        {
            var person = await household.AddPersonAsync("Europe/Berlin");
            for (var i = 0; i < order.Length; i++)
            {
                var end = new string('\n', i);
                PushAnswer[] answers = order[i] == 'c'
                    ? [await PushAsync(person, Wide + end, "text/csv"), await PushAsync(person, Doses + end, "text/csv")]
                    : [await person.Phone.PushAsync(
                        new ByteArrayContent(Encoding.UTF8.GetBytes(Json + end)), "application/json", "Minutes")];
                Assert.All(answers, answer => answer.AssertAddsUp());
                if (i == 0) continue;
                if (order[i] == 'c') Assert.Equal(7, answers[0].Count("unchanged"));
                else if (i == 3) Assert.Equal(6, answers[0].Count("unchanged"));
            }
            lives.Add(await DescribeWholeAsync(person));
        }

        Assert.Equal(
            """
            active_energy 12.51091751912046 2026-01-14T08:02:00+01:00 Watch kJ {"metadata":{"a":1}}
            blood_glucose 100 none none none {"mealTime":"Before Meal"}
            handwashing 20 none none none {"value":"Complete"}
            insulin_delivery 2 none none none {"reason":"Bolus"}
            sexual_activity 3 none none none {"Protection Not Used":2,"Protection Used":1,"Unspecified":0}
            2026-01-14T08:05:00+01:00 1 {"codings":[{"code":"35296","system":"rxnorm"}],"displayText":"Ramipril ","dosage":1,"isArchived":false,"nickname":"Heart","scheduledDate":"2026-01-14 08:00:00 +0100","scheduledDosage":1,"start":"2026-01-14 08:05:00 +0100","status":"Taken","unit":"count"}
            """, lives[0]);
        Assert.All(lives, life => Assert.Equal(lives[0], life));

        // Other figures are news, and what is beside them stays.
        var last = await household.AddPersonAsync("Europe/Berlin");
        await last.Phone.PushAsync(new ByteArrayContent(Encoding.UTF8.GetBytes(Json)), "application/json", "Minutes");
        var changed = await PushAsync(last, "Date/Time,Active Energy (kJ)\n2026-01-14 08:01:00,52.45\n", "text/csv");
        Assert.Equal(1, changed.Count("updated"));
        Assert.StartsWith(
            """active_energy 12.53585086042065 2026-01-14T08:02:00+01:00 Watch kJ {"metadata":{"a":1}}""",
            await DescribeWholeAsync(last), StringComparison.Ordinal);
    }

    /// <summary>Every row, with all that is beside its figure; objects by their names in order.</summary>
    static async Task<string> DescribeWholeAsync(Person person)
    {
        List<string> life = [];
        foreach (var metric in await person.Phone.ListAsync("/v1/metrics", 1_000))
            foreach (var row in await person.Phone.ListAsync($"/v1/metrics/{metric.GetProperty("name").GetString()}/samples", 10))
                life.Add(
                    $"{metric.GetProperty("name").GetString()} {row.GetProperty("value").GetRawText()} {Text(row, "end_at")} "
                    + $"{Text(row, "source")} {Text(row, "sent_unit")} {Sorted(row.GetProperty("extra"))}");
        life.Sort(StringComparer.Ordinal);
        foreach (var dose in await person.Phone.ListAsync("/v1/events", 10))
            life.Add($"{Text(dose, "start_at")} {dose.GetProperty("value").GetRawText()} {Sorted(dose.GetProperty("payload"))}");
        return string.Join('\n', life);

        static string Text(JsonElement row, string field) => row.GetProperty(field).GetString() ?? "none";

        static string Sorted(JsonElement whole) => "{" + string.Join(',', whole.EnumerateObject()
            .OrderBy(one => one.Name, StringComparer.Ordinal)
            .Select(one => $"\"{one.Name}\":{one.Value.GetRawText()}")) + "}";
    }

    [Theory]
    [InlineData("HealthMetrics-2026-01-14-2026-01-15")]
    [InlineData("HealthMetrics-old-metric-header")]
    [InlineData("Medications-2026-01-01-2026-01-15")]
    [InlineData("StateOfMind-2026-01-01-2026-01-15")]
    [InlineData("Workouts-2026-01-15")]
    public async Task Each_file_and_the_JSON_of_the_same_data_say_the_same_and_count_once(string name)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "Csv");
        var (csv, json) = (
            await File.ReadAllTextAsync(Path.Combine(folder, $"{name}.csv")),
            await File.ReadAllTextAsync(Path.Combine(folder, "AsJson", $"{name}.json")));
        List<string[]> lives = [];
        foreach (var order in new[] { "j", "c", "jc", "cjc" })
        {
            var person = await household.AddPersonAsync("Europe/Berlin");
            foreach (var form in order)
            {
                var answer = form == 'c'
                    ? await person.Phone.PushAsync(
                        new ByteArrayContent(Encoding.UTF8.GetBytes(csv)), "text/csv", "Days")
                    : await PushAsync(person, json);
                answer.AssertAddsUp();
                Assert.Equal(0, answer.Count("rejected"));
            }
            lives.Add([.. await DescribeAsync(person)]);
        }

        Assert.NotEmpty(lives[0]);
        Assert.All(lives, life => Assert.Equal(lives[0], life));
    }

    /// <summary>Every figure that both forms can tell, as it is read: by local day, or by minute.</summary>
    static async Task<List<string>> DescribeAsync(Person person)
    {
        List<string> life = [];
        foreach (var metric in await person.Phone.ListAsync("/v1/metrics", 1_000))
        {
            var name = metric.GetProperty("name").GetString()!;
            // JSON has nights in its place.
            if (name.StartsWith("sleep_analysis", StringComparison.Ordinal)) continue;
            foreach (var day in await person.Phone.ListAsync($"/v1/metrics/{name}/series?bucket=day&from=2020-01-01&to=2026-02-01", 100))
                life.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} {day.GetProperty("date").GetString()} {Figure(day, "value")} {Figure(day, "min")} {Figure(day, "max")}"));
        }
        foreach (var pressure in await person.Phone.ListAsync("/v1/blood-pressure", 100))
            life.Add($"{pressure.GetProperty("at").GetString()![..10]} {Figure(pressure, "systolic")} {Figure(pressure, "diastolic")}");
        foreach (var workout in await person.Phone.ListAsync("/v1/workouts", 100))
            life.Add(
                $"{workout.GetProperty("activity").GetString()} {workout.GetProperty("start_at").GetString()![..16]} "
                + $"{Figure(workout, "duration_s")} {Figure(workout, "active_energy_kcal")} {Figure(workout, "distance_m")} "
                + $"{workout.GetProperty("heart_rate").GetRawText()}");
        foreach (var happening in await person.Phone.ListAsync("/v1/events", 100))
            life.Add($"{happening.GetProperty("kind").GetString()} {happening.GetProperty("code").GetString()} {Figure(happening, "value")}");
        life.Sort(StringComparer.Ordinal);
        return life;
    }

    static string Figure(JsonElement row, string field) =>
        row.GetProperty(field) is { ValueKind: JsonValueKind.Number } figure
            ? figure.GetDouble().ToString("G12", CultureInfo.InvariantCulture) : "none";
}
