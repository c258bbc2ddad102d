using System.Globalization;
using System.Net;
using System.Text;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>Texts that one engine or the other does not take: they cost their own item, and no other.</summary>
public abstract class HostileTextTests(Household household)
{
    const string Marker = "§";
    const string Neighbour = "body_mass_index";

    static readonly (string Section, string Item)[] s_items =
    [
        ("metrics", """{"name":"step_count","units":"count","data":[{"qty":1,"date":"2026-01-01 08:00:07 +0000","source":"s","x":"y"}]}"""),
        ("metrics", """{"name":"thing","units":"u","data":[{"qty":1,"date":"2026-01-01 08:00:07 +0000"},{"qty":2,"date":"2026-01-01 08:00:08 +0000","units":"v"}]}"""),
        ("metrics", """{"data":[{"qty":1,"date":"2026-01-01 08:00:07 +0000"}],"units":"体","name":"体重"}"""),
        ("metrics", """{"name":"blood_pressure","units":"mmHg","data":[{"date":"2026-01-01 07:00:00 +0000","systolic":121,"diastolic":79,"source":"s"}]}"""),
        ("metrics", """{"name":"sleep_analysis","units":"hr","data":[{"startDate":"2026-01-01 23:00:00 +0000","endDate":"2026-01-01 23:30:00 +0000","qty":0.5,"value":"Core","source":"s"}]}"""),
        ("metrics", """{"name":"sleep_analysis","units":"hr","data":[{"date":"2026-01-05 00:00:00 +0000","sleepStart":"2026-01-04 23:10:00 +0000","sleepEnd":"2026-01-05 06:50:00 +0000","core":3,"totalSleep":5,"source":"s"}]}"""),
        ("metrics", """{"type":"Quantity","metric":"thing","unit":"u","start_at":"2026-01-01T08:00:00Z","value":1,"sent_unit":"w","source":"s","extra":{"a":"b"},"grain":"sample"}"""),
        ("metrics", """{"type":"Event","kind":"k","start_at":"2026-01-01T08:00:00Z","code":"c","source":"s","payload":{"a":"b"}}"""),
        ("metrics", """{"type":"Event","identity":"i","kind":"k","start_at":"2026-01-01T08:00:00Z","code":"c","text":"t","value_text":"v","value_code":"w","source":"s","item_type":"x","payload":{"a":"b"}}"""),
        ("metrics", """{"type":"SleepStage","stage":"core","start_at":"2026-01-01T01:00:00Z","end_at":"2026-01-01T02:00:00Z","source":"s","stage_as_sent":"Core"}"""),
        ("workouts", """{"id":"w","name":"Outdoor Run","start":"2026-01-02 07:30:00 +0000","end":"2026-01-02 08:00:00 +0000","location":"Outdoor","source":"s","distance":{"qty":5.1,"units":"km"},"heartRateData":[{"date":"2026-01-02 07:30:10 +0000","Min":120,"Avg":121.5,"Max":123,"units":"count/min","source":"s"}],"oddData":[{"date":"2026-01-02 07:30:10 +0000","qty":1,"units":"u"}],"odd":"z","metadata":{"k":"v"}}"""),
        ("stateOfMind", """{"id":"m","kind":"daily_mood","start":"2026-01-01 08:00:00 +0000","end":"2026-01-01 08:00:00 +0000","valence":0.5,"valenceClassification":"pleasant","labels":["l"],"associations":["a"]}"""),
        ("medications", """{"displayText":"Ibuprofen","nickname":"n","start":"2026-01-01 08:00:00 +0000","scheduledDate":"2026-01-01 08:00:00 +0000","status":"Taken","codings":[{"code":"c","system":"s"}],"dosage":1}"""),
        ("symptoms", """{"name":"Headache","severity":"Mild","source":"s","start":"2026-01-01 08:00:00 +0000","end":"2026-01-01 09:00:00 +0000"}"""),
        ("cycleTracking", """{"name":"Menstrual Flow","value":"Light","source":"s","start":"2026-01-01 08:00:00 +0000","end":"2026-01-01 09:00:00 +0000"}"""),
        ("ecg", """{"classification":"Sinus Rhythm","source":"s","start":"2026-01-01 08:00:00 +0000","end":"2026-01-01 08:00:30 +0000","voltageMeasurements":[{"date":"2026-01-01 08:00:00 +0000","voltage":1,"units":"mcV"}]}"""),
        ("heartRateNotifications", """{"kind":"High","threshold":120,"start":"2026-01-01 08:00:00 +0000","end":"2026-01-01 08:10:00 +0000","source":"s","heartRate":[{"hr":130,"units":"bpm"}]}"""),
        ("somethingNew", """{"a":"b"}"""),
    ];

    [Fact]
    public async Task Whatever_text_is_in_whatever_field_its_neighbours_are_stored()
    {
        var person = await household.AddPersonAsync("Europe/Berlin");
        var random = new Random(1);
        // One without an id, which those with one take the place of.
        await person.Phone.PushAsync(Encoding.UTF8.GetBytes(
            """{"data":{"stateOfMind":[{"kind":"daily_mood","start":"2026-01-01 08:00:00 +0000","end":"2026-01-01 08:00:00 +0000","valence":0.5,"valenceClassification":"pleasant","labels":["l"],"associations":["a"]}]}}"""));
        var pushes = 0;
        foreach (var text in (string[])["a\\u0000b", "\\ud800", "\\u0001體\\n", "", new string('x', 100_000), Letters(9_000, random)])
            foreach (var items in s_items.GroupBy(item => item.Section, item => item.Item))
            {
                var changed = string.Join(',', items.SelectMany(Change)).Replace(Marker, text, StringComparison.Ordinal);
                var neighbour = string.Create(
                    CultureInfo.InvariantCulture,
                    $$"""{"name":"{{Neighbour}}","units":"count","data":[{"qty":22,"date":"2026-01-02 00:{{pushes / 60:00}}:{{pushes % 60:00}} +0000"}]}""");
                pushes++;
                var body = items.Key == "metrics"
                    ? $$$"""{"data":{"metrics":[{{{changed}}},{{{neighbour}}}]}}"""
                    : $$$"""{"data":{"{{{items.Key}}}":[{{{changed}}}],"metrics":[{{{neighbour}}}]}}""";

                var answer = await SettleAsync(person, body);

                Assert.True(
                    answer.Text("status") is "completed" or "partial",
                    $"{items.Key} with {text[..Math.Min(text.Length, 20)]}: {answer.Body.GetRawText()[..Math.Min(answer.Body.GetRawText().Length, 2000)]}");
                answer.AssertAddsUp();
            }
        Assert.Equal(pushes, (await person.Phone.ReadRowsAsync(Neighbour)).Count);
    }

    public static TheoryData<string, string, string, int> Metrics => new()
    {
        { "text/csv", "Date/Time,Body Mass Index (count),Foo (co\0unt)\n2026-01-02 00:00:00,22,5\n2026-01-03 00:00:00,23,6\n", "foo", 2 },
        { "text/csv", $"Date/Time,Body Mass Index (count),{Letters(9_000, new(2))} (m)\n2026-01-02 00:00:00,22,5\n2026-01-03 00:00:00,23,\n", "metrics", 1 },
        { "application/json", Json(Letters(9_000, new(3)), "m"), "metrics", 2 },
        { "application/json", Json("foo", Letters(9_000, new(4))), "foo", 2 },
        {
            "application/json",
            Json("blood_pressure", Letters(201, new(6))).Replace(
                "\"qty\":5", "\"systolic\":120,\"diastolic\":80", StringComparison.Ordinal)
                .Replace("\"qty\":6", "\"systolic\":121,\"diastolic\":81", StringComparison.Ordinal),
            "blood_pressure", 2
        },
        { "application/json", Json("体\\u0001", "m"), "metrics", 2 },
        { "application/json", Json("foo", "\\u001bm"), "foo", 2 },
        { "application/json", Json("step_count", Letters(201, new(5))), "step_count", 2 },
    };

    [Theory]
    [MemberData(nameof(Metrics))]
    public async Task A_name_or_a_unit_that_cannot_be_kept_is_a_reject_of_each_of_its_items(
        string type, string body, string itemType, int rejected)
    {
        var person = await household.AddPersonAsync("Europe/Berlin");

        var answer = await SettleAsync(person, body, type);

        Assert.Equal(
            ("partial", 2, rejected), (answer.Text("status"), answer.Count("inserted"), answer.Count("rejected")));
        Assert.Empty(answer.Body.GetProperty("warnings").EnumerateArray());
        var rejects = await person.Phone.ListAsync($"/v1/ingestions/{answer.Id}/rejects", 10);
        Assert.Equal(rejected, rejects.Count);
        Assert.All(rejects, reject => Assert.Equal(
            ("unreadable_item", itemType),
            (reject.GetProperty("code").GetString(), reject.GetProperty("item_type").GetString())));
        Assert.Equal([22, 23], (await person.Phone.ReadRowsAsync(Neighbour)).Select(row => row.Row.Value));
        Assert.Single(await person.Phone.ListAsync("/v1/metrics", 10));
    }

    // Where a text is part of a key; the field at fault, and how many letters fit.
    static readonly (string Body, string Field, int Fits)[] s_keys =
    [
        ("""{"data":{"symptoms":[{"name":"TEXT","start":"2026-01-01 08:00:00 +0000","end":"2026-01-01 09:00:00 +0000"}]}}""", "identity", 1965),
        ("""{"data":{"symptoms":[{"name":"Headache","source":"TEXT","start":"2026-01-01 08:00:00 +0000","end":"2026-01-01 09:00:00 +0000"}]}}""", "identity", 1957),
        ("""{"data":{"medications":[{"displayText":"TEXT","start":"2026-01-01 08:00:00 +0000"}]}}""", "identity", 1983),
        ("""{"data":{"stateOfMind":[{"id":"TEXT","start":"2026-01-01 08:00:00 +0000","valence":0.5}]}}""", "identity", 2000),
        ("""{"data":{"metrics":[{"type":"Event","kind":"TEXT","start_at":"2026-01-01T08:00:00Z"}]}}""", "kind", 500),
        ("""{"data":{"metrics":[{"type":"Event","kind":"k","identity":"TEXT","start_at":"2026-01-01T08:00:00Z"}]}}""", "identity", 2000),
        ("""{"data":{"TEXT":[{"a":1}]}}""", "kind", 492),
        ("""{"data":{"metrics":[{"name":"sleep_analysis","units":"hr","data":[{"startDate":"2026-01-01 23:00:00 +0000","endDate":"2026-01-01 23:30:00 +0000","value":"TEXT"}]}]}}""", "value", 1000),
        ("""{"data":{"metrics":[{"type":"SleepStage","stage":"TEXT","start_at":"2026-01-01T01:00:00Z","end_at":"2026-01-01T02:00:00Z"}]}}""", "stage", 1000),
        ("""{"data":{"workouts":[{"workout_type":"running","start_time":"2026-01-01T08:00:00Z","end_time":"2026-01-01T09:00:00Z","series":[{"name":"TEXT","unit":"u","times":[1767254400],"values":[1]}]}]}}""", "series", 1000),
    ];

    [Fact]
    public async Task A_text_that_rows_are_told_apart_by_is_kept_up_to_its_limit_and_beyond_it_is_a_reject()
    {
        var person = await household.AddPersonAsync();
        var random = new Random(7);
        foreach (var (body, field, fits) in s_keys)
        {
            var kept = await SettleAsync(person, body.Replace("TEXT", Letters(fits, random), StringComparison.Ordinal));
            Assert.True(kept.Text("status") is "completed", $"{body}: {kept.Body.GetRawText()}");
            Assert.Equal(1, kept.Count("inserted"));

            var over = await SettleAsync(person, body.Replace("TEXT", Letters(fits + 1, random), StringComparison.Ordinal));
            var error = Assert.Single(over.Body.GetProperty("errors").EnumerateArray());
            Assert.Equal(
                ("unreadable_item", field),
                (error.GetProperty("code").GetString(), error.GetProperty("details").GetProperty("field").GetString()));
            Assert.Contains("bytes in UTF-8, of which no more than", error.GetProperty("error").GetString());
            Assert.Equal((0, 1), (over.Count("inserted"), over.Count("rejected")));
        }
        // What is no part of a key has no limit: a source of several devices among it.
        var source = await SettleAsync(person, """
            {"data":{"metrics":[{"name":"step_count","units":"count","data":[{"qty":1,"date":"2026-01-01 08:00:07 +0000","source":"TEXT"}]}]}}
            """.Replace("TEXT", Letters(9_000, random), StringComparison.Ordinal));
        Assert.Equal(("completed", 1), (source.Text("status"), source.Count("inserted")));
    }

    [Fact]
    public async Task A_series_of_a_workout_is_kept_under_a_name_and_a_unit_without_NUL()
    {
        var person = await household.AddPersonAsync("Europe/Berlin");
        await SettleAsync(
            person,
            """
            {"data":{"workouts":[{"id":"6F1B6A52-0000-4000-8000-000000000001","name":"Outdoor Run",
            "start":"2026-01-15 07:00:12 +0100","end":"2026-01-15 07:30:24 +0100","duration":1812}]}}
            """);

        var answer = await SettleAsync(
            person, "Date/Time,O\0dd (co\0unt),Source\n2026-01-15 07:01:00,1,a\0b\n2026-01-15 07:02:00,2,a\0b\n", "text/csv");

        Assert.Equal(("completed", 1), (answer.Text("status"), answer.Count("updated")));
        var workout = await person.Phone.GetAsync("/v1/workouts/6f1b6a52-0000-4000-8000-000000000001");
        Assert.Contains("co\uFFFDunt", workout.GetRawText().Replace("\\uFFFD", "\uFFFD", StringComparison.OrdinalIgnoreCase), StringComparison.Ordinal);
    }

    /// <summary>The item as often as it has texts and names, another of them marked each time.</summary>
    static IEnumerable<string> Change(string item)
    {
        var pieces = item.Split('"');
        // Times stay: without one there is no item.
        for (var i = 1; i < pieces.Length; i += 2)
        {
            if (pieces[i].StartsWith("2026-", StringComparison.Ordinal)) continue;
            var changed = (string[])pieces.Clone();
            changed[i] = Marker;
            yield return string.Join('"', changed);
        }
    }

    static string Json(string name, string unit) =>
        $$$"""
        {"data":{"metrics":[{"name":"{{{Neighbour}}}","units":"count","data":[
        {"qty":22,"date":"2026-01-02 00:00:00 +0100"},{"qty":23,"date":"2026-01-03 00:00:00 +0100"}]},
        {"name":"{{{name}}}","units":"{{{unit}}}","data":[
        {"qty":5,"date":"2026-01-02 00:00:00 +0100"},{"qty":6,"date":"2026-01-03 00:00:00 +0100"}]}]}}
        """;

    static string Letters(int count, Random random) =>
        string.Create(count, random, (chars, from) =>
        {
            foreach (ref var c in chars) c = (char)('a' + from.Next(26));
        });

    static async Task<PushAnswer> SettleAsync(Person person, string body, string type = "application/json")
    {
        var answer = await person.Phone.PushAsync(Encoding.UTF8.GetBytes(body), type);
        return answer.Code == HttpStatusCode.OK ? answer : await person.Phone.WaitUntilSettledAsync(answer.Id);
    }
}
