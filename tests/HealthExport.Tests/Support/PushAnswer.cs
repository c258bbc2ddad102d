using System.Net;
using System.Text.Json;

namespace HealthExport.Tests.Support;

/// <summary>What the server answered to a push: its receipt, or a problem.</summary>
sealed record PushAnswer(HttpStatusCode Code, string? ContentType, JsonElement Body)
{
    public Guid Id => Guid.Parse(Text("ingestion_id")!);

    public string? Text(string name) => Body.GetProperty(name).GetString();

    public static async Task<PushAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        using var document = JsonDocument.Parse(text.Length == 0 ? "null" : text);
        return new(response.StatusCode, response.Content.Headers.ContentType?.MediaType, document.RootElement.Clone());
    }

    /// <summary>One count in total, such as <c>inserted</c>.</summary>
    public long Count(string name) => Body.GetProperty("counts").GetProperty(name).GetInt64();

    /// <summary>The codes of the errors listed, in the order listed.</summary>
    public IEnumerable<string> Codes() =>
        Body.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("code").GetString()!);

    /// <summary>Fails unless the receipt says what the model says, type by type.</summary>
    public void AssertIs(ModelReceipt expected, string? status = null)
    {
        Assert.True(Body.GetProperty("success").GetBoolean());
        var byType = Body.GetProperty("by_type").EnumerateObject().ToDictionary(
            type => type.Name,
            type => new ModelCounts
            {
                Received = type.Value.GetProperty("received").GetInt64(),
                Inserted = type.Value.GetProperty("inserted").GetInt64(),
                Updated = type.Value.GetProperty("updated").GetInt64(),
                Unchanged = type.Value.GetProperty("unchanged").GetInt64(),
                Rejected = type.Value.GetProperty("rejected").GetInt64(),
                Removed = type.Value.GetProperty("removed").GetInt64(),
            });
        AssertSame(
            expected.Rejects.Select(reject => $"{reject.Type}[{reject.Index}]: {reject.Code}"),
            Body.GetProperty("errors").EnumerateArray().Select(
                error => $"{error.GetProperty("item_type")}[{error.GetProperty("item_index")}]: {error.GetProperty("code")}"));
        AssertSame(
            expected.ByType.Select(type => $"{type.Key}: {type.Value}"),
            byType.Select(type => $"{type.Key}: {type.Value}"));
        AssertAddsUp();
        Assert.Equal(expected.ByType.Values.Sum(counts => counts.Received), Count("received"));
        Assert.Equal(status ?? expected.Status, Text("status"));
    }

    static void AssertSame(IEnumerable<string> expected, IEnumerable<string> actual) => Assert.Equal(
        string.Join('\n', expected.Order(StringComparer.Ordinal)),
        string.Join('\n', actual.Order(StringComparer.Ordinal)));

    /// <summary>received = inserted + updated + unchanged + rejected, in total and per type.</summary>
    public void AssertAddsUp()
    {
        AssertAddsUp(Body.GetProperty("counts"));
        foreach (var type in Body.GetProperty("by_type").EnumerateObject()) AssertAddsUp(type.Value);
        foreach (var name in new[] { "received", "inserted", "updated", "unchanged", "rejected" })
            Assert.Equal(
                Count(name),
                Body.GetProperty("by_type").EnumerateObject().Sum(type => type.Value.GetProperty(name).GetInt64()));
    }

    static void AssertAddsUp(JsonElement counts) => Assert.Equal(
        counts.GetProperty("received").GetInt64(),
        counts.GetProperty("inserted").GetInt64() + counts.GetProperty("updated").GetInt64()
        + counts.GetProperty("unchanged").GetInt64() + counts.GetProperty("rejected").GetInt64());
}
