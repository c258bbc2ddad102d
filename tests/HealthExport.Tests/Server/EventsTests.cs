using System.Net;
using System.Text.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public abstract partial class EventsTests(ServerFixture fixture)
{
    readonly RunningServer _server = fixture.Server;

    static string Symptom(string name, string start, string end) =>
        $$"""{"name":"{{name}}","start":"{{start}} +0100","end":"{{end}} +0100","severity":"Mild","userEntered":true,"source":"iPhone"}""";

    async Task<JsonElement> PushAsync(TestKey key, string sections)
    {
        using var response = await _server.PushAsync(key, $$"""{"data":{ {{sections}} } }""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var receipt = await response.ReadJsonAsync();
        Assert.Equal("completed", receipt.GetProperty("status").GetString());
        return receipt;
    }

    [Fact]
    public async Task An_event_has_the_contracts_members_and_its_text_as_sent_beside_the_code()
    {
        var key = await _server.AddKeyAsync();
        Assert.Empty(await _server.ReadItemsAsync(key, "/v1/events"));
        var sent = Symptom("Fatiga", "2026-01-15 08:00:00", "2026-01-15 09:00:00");
        await PushAsync(key, $"\"symptoms\":[{sent}]");
        var item = Assert.Single(await _server.ReadItemsAsync(key, "/v1/events"));
        Assert.Equal(
            [
                "id", "kind", "start_at", "end_at", "code", "text", "value", "value_code", "value_text", "source",
                "payload",
            ],
            item.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            ("symptom", "2026-01-15T08:00:00+01:00", "2026-01-15T09:00:00+01:00", "fatigue", "Fatiga", "iPhone"),
            (item.Text("kind"), item.Text("start_at"), item.Text("end_at"), item.Text("code"), item.Text("text"),
                item.Text("source")));
        Assert.Equal(("mild", "Mild"), (item.Text("value_code"), item.Text("value_text")));
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(sent).RootElement, item.GetProperty("payload")));

        var one = await _server.ReadAsync(key, $"/v1/events/{item.Text("id")}");
        Assert.Equal(JsonValueKind.Null, one.GetProperty("voltages").ValueKind);
        Assert.Equal(item.GetProperty("payload").GetRawText(), one.GetProperty("payload").GetRawText());
    }

    [Fact]
    public async Task An_ecg_alone_comes_with_its_voltages()
    {
        var key = await _server.AddKeyAsync();
        await PushAsync(
            key,
            """
            "ecg":[{"start":"2026-01-15 08:00:00 +0100","end":"2026-01-15 08:00:30 +0100",
            "classification":"Sinus Rhythm","averageHeartRate":61,"numberOfVoltageMeasurements":3,
            "samplingFrequency":512,"source":"Watch","voltageMeasurements":[
            {"date":"2026-01-15 08:00:00 +0100","voltage":12.5,"units":"mcV"},
            {"date":"2026-01-15 08:00:00 +0100","voltage":-3,"units":"mcV"},
            {"date":"2026-01-15 08:00:00 +0100","voltage":0.25,"units":"mcV"}]}]
            """);
        var item = Assert.Single(await _server.ReadItemsAsync(key, "/v1/events?kind=ecg"));
        Assert.Equal(("sinus_rhythm", 61), (item.Text("code"), item.Number("value")));
        Assert.False(item.TryGetProperty("voltages", out _));
        var voltages = (await _server.ReadAsync(key, $"/v1/events/{item.Text("id")}")).GetProperty("voltages");
        Assert.Equal(512, voltages.Number("frequency_hz"));
        Assert.Equal("[12.5,-3,0.25]", voltages.GetProperty("microvolts").GetRawText());
    }

    [Fact]
    public async Task Events_come_newest_first_once_each_in_pages_of_any_size_those_without_a_time_last()
    {
        var key = await _server.AddKeyAsync();
        var symptoms = Enumerable.Range(0, 12).Select(i => Symptom(
            i % 2 == 0 ? "Headache" : "Fatigue", $"2026-01-{10 + i / 4:00} 08:00:00", $"2026-01-20 09:{i:00}:00"));
        await PushAsync(
            key,
            $$"""
            "symptoms":[{{string.Join(",", symptoms)}}],"moonPhases":[{"phase":"new"},{"phase":"full"},{"phase":"half"}]
            """);
        var all = await _server.ReadItemsAsync(key, "/v1/events");
        Assert.Equal(15, all.Select(item => item.Text("id")).Distinct().Count());
        Assert.Equal(
            [.. Enumerable.Repeat("2026-01-12T08:00:00+01:00", 4), .. Enumerable.Repeat("2026-01-11T08:00:00+01:00", 4),
                .. Enumerable.Repeat("2026-01-10T08:00:00+01:00", 4), null, null, null],
            all.Select(item => item.Text("start_at")));
        Assert.All(all[12..], item => Assert.Equal("unknown:moonPhases", item.Text("kind")));
        foreach (var size in (int[])[1, 2, 5, 12, 13, 15])
            Assert.Equal(
                all.Select(item => item.GetRawText()),
                (await _server.ReadPagesAsync(key, "/v1/events", size)).Select(item => item.GetRawText()));
        foreach (var item in all)
            Assert.Equal(item.Text("id"), (await _server.ReadAsync(key, $"/v1/events/{item.Text("id")}")).Text("id"));

        Assert.Equal(3, (await _server.ReadPagesAsync(key, "/v1/events?kind=unknown:moonPhases", 2)).Length);
        Assert.Equal(4, (await _server.ReadItemsAsync(key, "/v1/events?from=2026-01-11&to=2026-01-12")).Length);
        Assert.Equal(
            4, (await _server.ReadItemsAsync(key, "/v1/events?from=2026-01-12T08:00:00%2B01:00")).Length);
        Assert.Equal(8, (await _server.ReadItemsAsync(key, "/v1/events?to=2026-01-12T08:00:00%2B01:00")).Length);
        Assert.Empty(await _server.ReadItemsAsync(key, "/v1/events?kind=no_such_kind"));
    }

    [Fact]
    public async Task Nobody_reaches_the_events_of_another()
    {
        var key = await _server.AddKeyAsync();
        await PushAsync(
            key, $"\"symptoms\":[{Symptom("Fever", "2026-01-15 08:00:00", "2026-01-15 09:00:00")},{Symptom("Fever", "2026-01-16 08:00:00", "2026-01-16 09:00:00")}]");
        var page = await _server.ReadAsync(key, "/v1/events?limit=1");
        var other = await _server.AddKeyAsync();
        Assert.Empty(await _server.ReadItemsAsync(other, "/v1/events"));
        Assert.Contains("cursor", await _server.RefusedParameterAsync(
            other, $"/v1/events?cursor={page.Text("next_cursor")}"));
        foreach (var id in (string?[])[page.GetProperty("items")[0].Text("id"), "abc", "__", new string('A', 3_000)])
        {
            using var response = await _server.GetAsync(other, $"/v1/events/{id}");
            await response.ReadProblemAsync(404, "not_found");
        }
    }
}
