using System.Net;
using System.Text.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>
/// Every payload of the fixtures through the server: status, counts and reasons, and each metric's values.
/// </summary>
public abstract class FixtureTests(Household household)
{
    const string TimeZone = "Europe/Berlin";

    // The values of two files were made without a thought to their unit: too far for a day, too wide for a person.
    const string TooFar = """
        walking_running_distance 0 out_of_range, cycling_distance 0 out_of_range, wheelchair_distance 0 out_of_range,
        distance_downhill_snow_sports 0 out_of_range, cross_country_skiing_distance 0 out_of_range,
        paddle_sports_distance 0 out_of_range, rowing_distance 0 out_of_range, skating_sports_distance 0 out_of_range
        """;
    const string TooWide = ", waist_circumference 0 out_of_range, walking_step_length 0 out_of_range";

    /// <summary>
    /// File; what sections other than metrics count, as received, inserted, updated, unchanged; rejects as array (its
    /// place or its metric), item and code.
    /// </summary>
    public static TheoryData<string, string, string> Payloads => new()
    {
        { "all-sections.json",
            "ecg 1 1 0 0, medications 1 1 0 0, stateOfMind 1 1 0 0, symptoms 1 1 0 0, workouts 1 1 0 0", "" },
        { "cycle-tracking.json", "cycleTracking 2 2 0 0", "" },
        { "dates-all-forms.json", "", "" },
        { "dates-dst-and-duplicate-hour.json", "", "" },
        { "ecg-as-documented.json", "ecg 1 1 0 0", "" },
        { "ecg-bad-epoch.json", "ecg 1 1 0 0", "" },
        { "ecg-no-voltages.json", "ecg 1 1 0 0", "" },
        { "ecg-small-epoch.json", "ecg 1 1 0 0", "" },
        { "envelopes/array-root.json", "", "" },
        { "envelopes/bom.json", "", "" },
        { "envelopes/data-null.json", "", "" },
        { "envelopes/empty-arrays.json", "", "" },
        { "envelopes/empty-data.json", "", "" },
        { "envelopes/empty-object.json", "", "" },
        { "envelopes/no-data-wrapper.json", "", "" },
        { "envelopes/null-arrays.json", "", "" },
        { "envelopes/unknown-section.json", "audiograms 1 1 0 0", "" },
        { "envelopes/workouts-beside-data.json", "", "" },
        { "heart-rate-notifications-as-documented.json", "heartRateNotifications 1 1 0 0", "" },
        { "heart-rate-notifications-real-shape.json", "heartRateNotifications 2 2 0 0", "" },
        { "hostile/unicode-source.json", "", "" },
        {
            "hostile/values.json", "",
            """
            0 0 missing_value, 0 2 not_a_number, 0 3 out_of_range, 0 4 out_of_range, 0 6 unreadable_date, 0 7 missing_value,
            0 8 unreadable_date, 0 9 unreadable_date, 0 10 unreadable_date, 0 11 date_out_of_range, 0 12 date_out_of_range,
            0 13 not_a_number, 0 14 unreadable_item, 0 15 unreadable_item, 0 16 missing_value
            """
        },
        { "medications-localised-es.json", "medications 3 1 2 0", "" },
        { "medications.json", "medications 5 3 2 0", "" },
        { "metric-point-variants.json", "", "" },
        { "metrics-all-names-metric-units.json", "sleep_analysis 1 1 0 0", TooFar },
        { "metrics-all-names-us-units.json", "sleep_analysis 1 1 0 0", TooFar + TooWide },
        { "mixed-energy-units.json", "", "" },
        { "sleep-nonaggregated-localised-sv.json", "sleep_analysis 5 5 0 0", "" },
        { "sleep-nonaggregated.json", "sleep_analysis 9 8 0 1", "" },
        { "sleep-variants.json", "sleep_analysis 6 6 0 0", "" },
        { "state-of-mind-as-documented.json", "stateOfMind 1 1 0 0", "" },
        { "state-of-mind.json", "stateOfMind 2 2 0 0", "" },
        { "symptoms.json", "symptoms 2 2 0 0", "" },
        { "workouts-v1-all-fields.json", "workouts 1 1 0 0", "" },
        { "workouts-v2-all-fields.json", "workouts 4 4 0 0", "" },
        { "workouts-v2-localised-names.json", "workouts 10 10 0 0", "" },
        { "workouts-v2-minimal.json", "workouts 1 1 0 0", "" },
    };

    [Theory]
    [MemberData(nameof(Payloads))]
    public async Task What_a_payload_holds_is_what_comes_back(string name, string sections, string rejects)
    {
        var person = await household.AddPersonAsync(TimeZone);
        var payload = new FixturePayload(name);
        var push = payload.ToPush(TimeZoneInfo.FindSystemTimeZoneById(TimeZone), ReadRejects(rejects));
        var model = new StoreModel();
        var expected = model.Apply(push, DateTimeOffset.UnixEpoch);
        foreach (var parts in Split(sections))
        {
            var counts = expected[parts[0]];
            counts.Received += Number(parts[1]);
            counts.Inserted += Number(parts[2]);
            counts.Updated += Number(parts[3]);
            counts.Unchanged += Number(parts[4]);
        }

        var answer = await person.Phone.PushAsync(payload.Body);

        Assert.Equal(HttpStatusCode.OK, answer.Code);
        answer.AssertIs(expected);
        Assert.Equal(JsonValueKind.Null, answer.Body.GetProperty("truncated").ValueKind);
        RowAssert.Equal(model.Rows, await person.Phone.ReadAllRowsAsync());
        await AssertKeptAsSentAsync(person.Phone, answer.Id, payload.Body);
        await AssertRejectsAsync(person.Phone, answer.Id, expected);
    }

    [Fact]
    public async Task All_of_all_sections_comes_back_after_all_is_sent_twice()
    {
        var person = await household.AddPersonAsync(TimeZone);
        var payload = new FixturePayload("all-sections.json");

        await person.Phone.PushAsync(payload.Body);
        await person.Phone.PushAsync(new FixturePayload("envelopes/empty-data.json").Body);
        var again = await person.Phone.PushAsync(payload.Body);

        Assert.Equal("completed", again.Text("status"));
        Assert.Equal(again.Count("received"), again.Count("unchanged"));
    }

    [Fact]
    public async Task A_day_that_was_sent_again_has_its_later_value()
    {
        var person = await household.AddPersonAsync(TimeZone);
        var model = new StoreModel();
        foreach (var name in new[] { "resend-a.json", "resend-b.json" })
        {
            var payload = new FixturePayload(name);
            var push = payload.ToPush(null, ReadRejects(""));
            var expected = model.Apply(push, DateTimeOffset.UnixEpoch);

            (await person.Phone.PushAsync(payload.Body)).AssertIs(expected);
        }

        RowAssert.Equal(model.Rows, await person.Phone.ReadAllRowsAsync());
        Assert.Equal([612.7499999999999, 9800], model.Rows.Select(row => row.Row.Value));
    }

    [Theory]
    [InlineData("envelopes/truncated.json")]
    [InlineData("hostile/nan.json")]
    [InlineData("hostile/deep-nesting.json")]
    public async Task A_payload_that_stops_being_JSON_is_partial_and_says_where(string name)
    {
        var person = await household.AddPersonAsync();
        var body = new FixturePayload(name).Body;

        var answer = await person.Phone.PushAsync(body);

        Assert.Equal(HttpStatusCode.OK, answer.Code);
        Assert.Equal("partial", answer.Text("status"));
        Assert.InRange(answer.Body.GetProperty("truncated").GetProperty("at_byte").GetInt64(), 1, body.Length);
        Assert.Equal(0, answer.Count("received"));
        await AssertKeptAsSentAsync(person.Phone, answer.Id, body);
    }

    [Fact]
    public async Task The_last_of_repeated_keys_counts()
    {
        var person = await household.AddPersonAsync();

        var answer = await person.Phone.PushAsync(new FixturePayload("hostile/duplicate-keys.json").Body);

        Assert.Equal("completed", answer.Text("status"));
        Assert.Equal(0, answer.Count("received"));
        Assert.Contains(
            "repeated_key",
            answer.Body.GetProperty("warnings").EnumerateArray()
                .Select(warning => warning.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task No_bytes_at_all_are_refused_and_leave_nothing()
    {
        var person = await household.AddPersonAsync();

        var answer = await person.Phone.PushAsync(new FixturePayload("envelopes/zero-bytes.json").Body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Code);
        Assert.Equal("malformed_body", answer.Text("code"));
        Assert.Empty(await person.Phone.ListAsync("/v1/ingestions", 10));
    }

    [Fact]
    public async Task A_form_of_CSV_files_is_read_and_the_same_days_as_JSON_count_once()
    {
        const string Form = "multipart/form-data; boundary=Boundary-5A3F2E10-7E0B-4C53-9A4E-1D2C3B4A5F60";
        const string Days = "?from=2026-01-01&to=2026-02-01";
        var person = await household.AddPersonAsync("Europe/Berlin");
        var body = await File.ReadAllBytesAsync(Csv("../Http/multipart-csv.body"));
        person.Phone.Http.DefaultRequestHeaders.Add("automation-aggregation", "Days");

        var first = await person.Phone.PushAsync(body, Form);
        var json = await person.Phone.PushAsync(
            """
            {"data":{"metrics":[
            {"name":"step_count","units":"count","data":[
            {"date":"2026-01-14 00:00:00 +0100","qty":8120,"source":"Watch"},
            {"date":"2026-01-15 00:00:00 +0100","qty":301.5,"source":"Watch|Phone"}]},
            {"name":"heart_rate","units":"count/min","data":[
            {"date":"2026-01-14 00:00:00 +0100","Min":48,"Avg":72.5,"Max":151,"source":"Watch"}]}]}}
            """u8.ToArray());

        var again = await person.Phone.PushAsync([.. body, .. "\r\n"u8], Form);

        first.AssertAddsUp();
        Assert.Equal("hae_csv", first.Text("format"));
        // JSON says who measured; CSV cannot, and takes nothing back.
        Assert.Equal((3, 3), (json.Count("received"), json.Count("updated")));
        Assert.Equal(first.Count("received"), again.Count("unchanged"));
        Assert.Equal(
            [8120, 301.5],
            (await person.Phone.ListAsync($"/v1/metrics/step_count/series{Days}", 100))
                .Select(day => day.GetProperty("value").GetDouble()));
        await AssertKeptAsSentAsync(person.Phone, first.Id, body);
    }

    [Theory]
    [InlineData("HealthMetrics-2026-01-14-2026-01-15.csv", 12, 12)]
    [InlineData("HealthMetrics-old-metric-header.csv", 12, 12)]
    [InlineData("Medications-2026-01-01-2026-01-15.csv", 4, 4)]
    [InlineData("StateOfMind-2026-01-01-2026-01-15.csv", 2, 2)]
    [InlineData("Workouts-2026-01-15.csv", 3, 2)]
    public async Task A_CSV_file_by_itself_is_read(string name, int received, int inserted)
    {
        var person = await household.AddPersonAsync("Europe/Berlin");

        var answer = await person.Phone.PushAsync(await File.ReadAllBytesAsync(Csv(name)), "text/csv");

        answer.AssertAddsUp();
        Assert.Equal("completed", answer.Text("status"));
        Assert.Equal((received, inserted), (answer.Count("received"), answer.Count("inserted")));
    }

    static string Csv(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "Csv", name);

    [Fact]
    public void Every_payload_of_the_fixtures_is_tried()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "Payloads");
        string[] others =
        [
            "envelopes/truncated.json", "envelopes/zero-bytes.json", "hostile/deep-nesting.json",
            "hostile/duplicate-keys.json",
            "hostile/nan.json", "resend-a.json", "resend-b.json",
        ];

        Assert.Equal(
            Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/')).Order(StringComparer.Ordinal),
            Payloads.Select(row => row.Data.Item1).Concat(others).Order(StringComparer.Ordinal));
    }

    static async Task AssertKeptAsSentAsync(PhoneClient phone, Guid id, byte[] body) =>
        Assert.Equal(body, await phone.Http.GetByteArrayAsync($"/v1/ingestions/{id}/payload"));

    static async Task AssertRejectsAsync(PhoneClient phone, Guid id, ModelReceipt expected) =>
        Assert.Equal(
            expected.Rejects.Select(reject => (reject.Type, reject.Index, reject.Code)),
            (await phone.ListAsync($"/v1/ingestions/{id}/rejects", 4)).Select(reject => (
                reject.GetProperty("item_type").GetString()!, reject.GetProperty("item_index").GetInt32(),
                reject.GetProperty("code").GetString()!)));

    static Dictionary<(string Array, int Item), string> ReadRejects(string rejects) =>
        Split(rejects).ToDictionary(parts => (parts[0], (int)Number(parts[1])), parts => parts[2]);

    static IEnumerable<string[]> Split(string list) => list
        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(each => each.Split(' '));

    static long Number(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
