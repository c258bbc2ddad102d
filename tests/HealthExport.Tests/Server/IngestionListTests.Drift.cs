using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public abstract partial class IngestionListTests
{
    [Fact]
    public async Task What_pushes_held_that_nobody_knows_is_counted_by_name()
    {
        var key = await _server.AddKeyAsync();
        const string known = """{"date":"2026-01-15 08:00:00 +0100","qty":1}""";
        var first = await PushAsync(key, $$$"""
            {"data":{"metrics":[
              {"name":"blood_glucose","units":"furlong","data":[{"date":"2026-01-15 08:00:00 +0100","qty":90,"mealTime":"Before Meal","spoon":"secret"}]},
              {"name":"Sock Colour","units":"hue","data":[{{{known}}},{{{known}}}]}],
             "dreams":[{"of":"secret"},{"of":"secret"},{"of":"secret"}]}}
            """);
        Assert.Equal(
            [
                ("section", null, "dreams", 3, 1), ("metric", "metrics", "sock_colour", 2, 1),
                ("unit", "blood_glucose", "furlong", 1, 1), ("field", "blood_glucose", "spoon", 1, 1),
            ],
            await ListDriftAsync(key));

        // Sent again and replayed it counts no more, and one of a kind can be asked for.
        using (var again = await _server.SendAsync(HttpMethod.Post, $"/v1/ingestions/{first}/replay", key))
            await _server.FollowAsync(key, first);
        var second = await PushAsync(
            key, """{"data":{"dreams":[{"of":"2"}],"2026-01-15":[{"a":1}],"2026-01-16":[{"a":1}]}}""");
        Assert.Equal(
            [("section", null, "#-#-#", 2, 1), ("section", null, "dreams", 4, 2)],
            await ListDriftAsync(key, "&kind=section"));
        Assert.Equal(5, (await ListDriftAsync(key)).Count);

        var rows = (await _server.ReadAsync(key, "/v1/drift")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal([second, second, first, first, first], rows.Select(row => row.GetProperty("last_ingestion").GetGuid()));
        Assert.True(rows[1].GetProperty("first_seen_at").GetDateTimeOffset()
            < rows[1].GetProperty("last_seen_at").GetDateTimeOffset());
        Assert.DoesNotContain("secret", string.Concat(rows), StringComparison.Ordinal);
        using var odd = await _server.GetAsync(key, "/v1/drift?kind=fields");
        await odd.ReadProblemAsync(400, "invalid_parameter");
        Assert.Empty(await ListDriftAsync(await _server.AddKeyAsync()));
    }

    /// <summary>In pages of two.</summary>
    async Task<List<(string?, string?, string?, int, int)>> ListDriftAsync(TestKey key, string filter = "")
    {
        List<(string?, string?, string?, int, int)> rows = [];
        string? cursor = null;
        do
        {
            var page = await _server.ReadAsync(
                key, $"/v1/drift?limit=2{filter}{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}");
            foreach (var row in page.GetProperty("items").EnumerateArray())
                rows.Add((
                    row.Text("kind"), row.Text("item_type"), row.Text("name"), row.GetProperty("items").GetInt32(),
                    row.GetProperty("pushes").GetInt32()));
            cursor = page.Text("next_cursor");
        }
        while (cursor is not null);
        return rows;
    }
}
