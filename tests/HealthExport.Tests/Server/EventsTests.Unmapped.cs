using System.Globalization;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

// What lacks a canonical code, and the words that events say besides.
public abstract partial class EventsTests
{
    [Fact]
    public async Task Texts_without_a_code_are_listed_with_how_often_and_a_receipt_warned_of_each()
    {
        var key = await _server.AddKeyAsync();
        Assert.Empty(await _server.ReadItemsAsync(key, "/v1/unmapped"));
        var receipt = await PushAsync(
            key,
            """
            "metrics":[{"name":"sleep_analysis","units":"hr","data":[
                {"startDate":"2026-01-15 23:00:00 +0100","endDate":"2026-01-15 23:30:00 +0100","value":"Ύπνος"},
                {"startDate":"2026-01-16 01:00:00 +0100","endDate":"2026-01-16 01:30:00 +0100","value":"Ύπνος"}]}],
            "symptoms":[
                {"name":"Headache","severity":"Presente","start":"2026-01-15 08:00:00 +0100","end":"2026-01-15 09:00:00 +0100"},
                {"name":"Headache","severity":"So-so","start":"2026-01-16 08:00:00 +0100","end":"2026-01-16 09:00:00 +0100"}],
            "cycleTracking":[{"name":"Flujo Menstrual","value":"Torrencial","start":"2026-01-15 00:00:00 +0100"}]
            """);

        Assert.Equal(
            ["cycleTracking 0 unmapped_text value", "sleep_analysis 0 unmapped_text value",
                "sleep_analysis 1 unmapped_text value", "symptoms 1 unmapped_text severity"],
            receipt.GetProperty("warnings").EnumerateArray()
                .Select(one => $"{one.Text("item_type")} {one.GetProperty("item_index")} {one.Text("code")} "
                    + one.GetProperty("details").Text("field"))
                .Order(StringComparer.Ordinal));
        var items = await _server.ReadItemsAsync(key, "/v1/unmapped");
        Assert.Equal(
            ["kind", "text", "count", "first_at", "last_at"],
            items[0].EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            [
                "cycle_value Torrencial 1 2026-01-14T23:00:00+00:00 2026-01-14T23:00:00+00:00",
                "severity So-so 1 2026-01-16T07:00:00+00:00 2026-01-16T07:00:00+00:00",
                "sleep_stage Ύπνος 2 2026-01-15T22:00:00+00:00 2026-01-16T00:00:00+00:00",
            ],
            items.Select(item => string.Join(" ", item.EnumerateObject().Select(member => member.Value.ToString()))));
        Assert.Equal(
            (string?[])["heavy", "mild", "present"],
            await ReadCodesAsync(key, "Pesado", "Leve", "Presente"));
    }

    // What fixtures of real phones hold, through the whole server.
    async Task<string?[]> ReadCodesAsync(TestKey key, string flow, string first, string second)
    {
        await PushAsync(
            key,
            $$"""
            "symptoms":[
                {"name":"Fatiga","severity":"{{first}}","start":"2026-01-20 08:00:00 +0100","end":"2026-01-20 09:00:00 +0100"},
                {"name":"Fatiga","severity":"{{second}}","start":"2026-01-19 08:00:00 +0100","end":"2026-01-19 09:00:00 +0100"}],
            "cycleTracking":[{"name":"Flujo Menstrual","value":"{{flow}}","start":"2026-01-21 00:00:00 +0100"}]
            """);
        return [.. (await _server.ReadItemsAsync(key, "/v1/events?from=2026-01-19")).Select(item => item.Text("value_code"))];
    }

    [Fact]
    public async Task The_list_pages_however_many_texts_there_are_and_whatever_they_hold()
    {
        var key = await _server.AddKeyAsync();
        string[] names =
        [
            "line\\nfeed", "quote \\\" and \\\\", "nul \\u0000 \\ud800", "😴", "  blanks  ", "zzz", "ZZZ",
            new string('x', 5_000), .. Enumerable.Range(0, 300).Select(i => $"Sport {i:000}"),
        ];
        await PushAsync(
            key,
            $"\"workouts\":[{string.Join(",", names.Select((name, i) => Workout(name, i)))}]");

        var all = await _server.ReadItemsAsync(key, "/v1/unmapped?limit=10000");
        Assert.Equal(names.Length, all.Length);
        Assert.Equal(
            all.Select(item => item.Text("text")!).OrderBy(System.Text.Encoding.UTF8.GetBytes, s_bytes),
            all.Select(item => item.Text("text")!));
        Assert.Contains(all, item => item.Text("text") == new string('x', 200));
        foreach (var size in (int[])[1, 7, 100])
            Assert.Equal(
                all.Select(item => item.GetRawText()),
                (await _server.ReadPagesAsync(key, "/v1/unmapped", size)).Select(item => item.GetRawText()));

        var page = await _server.ReadAsync(key, "/v1/unmapped?limit=1");
        var other = await _server.AddKeyAsync();
        Assert.Empty(await _server.ReadItemsAsync(other, "/v1/unmapped"));
        Assert.StartsWith("cursor", await _server.RefusedParameterAsync(
            other, $"/v1/unmapped?cursor={page.Text("next_cursor")}"));
        Assert.StartsWith("kind", await _server.RefusedParameterAsync(other, "/v1/unmapped?kind=activity"));
    }

    static readonly Comparer<byte[]> s_bytes =
        Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    static string Workout(string name, int number)
    {
        var at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddHours(number);
        return string.Create(CultureInfo.InvariantCulture, $$"""
            {"type":"Workout","workout_type":"{{name}}","start_time":"{{at:O}}","end_time":"{{at.AddMinutes(30):O}}"}
            """);
    }
}
