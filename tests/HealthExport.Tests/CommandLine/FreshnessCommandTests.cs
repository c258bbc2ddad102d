using HealthExport.Tests.Support;

namespace HealthExport.Tests.CommandLine;

public abstract class FreshnessCommandTests(Engine engine) : IAsyncLifetime
{
    readonly Terminal _terminal = new();
    StorePlace _place = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await StorePlace.MakeAsync(engine);
        _terminal.Environment["DATABASE_URL"] = _place.Url;
        await _terminal.AddUserAsync("anna@example.org");
        await _terminal.AddUserAsync("ben@example.org");
    }

    public async ValueTask DisposeAsync()
    {
        _terminal.Dispose();
        if (_place is not null) await _place.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task It_fails_while_the_newest_push_or_sample_is_older_than_it_may_be()
    {
        var now = TimeProvider.System.GetUtcNow();
        await ImportAsync("anna@example.org", now.AddHours(-30));
        await ImportAsync("ben@example.org", now.AddHours(-1));

        var both = await _terminal.RunAsync("freshness", "--max-age", "36h", "--json");
        Assert.Equal(0, both.Code);
        Assert.False(both.Json.GetProperty("stale").GetBoolean());
        Assert.Equal(
            ["anna@example.org", "ben@example.org"],
            both.Json.GetProperty("users").EnumerateArray().Select(user => user.Text("email")));

        var tighter = await _terminal.RunAsync("freshness", "--max-age", "24h", "--json");
        Assert.Equal(1, tighter.Code);
        Assert.Equal(
            [true, false],
            tighter.Json.GetProperty("users").EnumerateArray().Select(user => user.GetProperty("stale").GetBoolean()));
        Assert.Equal(0, (await _terminal.RunAsync("freshness", "--max-age", "24h", "--user", "ben@example.org")).Code);

        // Without an age it goes by what is usual, and of that nothing is known yet.
        var usual = await _terminal.RunAsync("freshness");
        Assert.Equal(0, usual.Code);
        Assert.Contains("anna@example.org", usual.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_never_sent_anything_is_not_fresh_and_a_bad_age_is_a_usage_error()
    {
        var never = await _terminal.RunAsync("freshness", "--max-age", "36h", "--user", "anna@example.org");
        Assert.Equal(1, never.Code);
        Assert.Contains("never", never.Out, StringComparison.Ordinal);
        Assert.Equal(2, (await _terminal.RunAsync("freshness", "--max-age", "soon")).Code);
        Assert.Equal(1, (await _terminal.RunAsync("freshness", "--user", "nobody@example.org")).Code);
    }

    async Task ImportAsync(string email, DateTimeOffset at)
    {
        _terminal.Write(
            "push.json",
            $$$"""{"data":{"metrics":[{"name":"step_count","units":"count","data":[{"date":"{{{at:yyyy-MM-dd HH:mm:ss}}} +0000","qty":{{{at.Minute}}}}]}]}}""");
        Assert.Equal(0, (await _terminal.RunAsync("import", "push.json", "--user", email, "--json")).Code);
    }
}

public sealed class SqliteFreshnessCommandTests() : FreshnessCommandTests(Engine.Sqlite);

public sealed class PostgresFreshnessCommandTests() : FreshnessCommandTests(Engine.Postgres);
