using HealthExport.Server.CommandLine;

namespace HealthExport.Tests.CommandLine;

public sealed class PairCommandTests : IDisposable
{
    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public async Task A_pairing_is_one_document_with_a_link_for_each_type_of_data()
    {
        await _terminal.AddUserAsync();
        var paired = await _terminal.RunAsync("pair", "--url", "https://health.example.org/", "--json");
        Assert.Equal(0, paired.Code);
        Assert.Equal(["id", "key", "url", "links"], paired.Json.EnumerateObject().Select(property => property.Name));
        Assert.Equal("https://health.example.org/v1/ingest", paired.Json.GetProperty("url").GetString());

        var key = paired.Json.GetProperty("key").GetString();
        var links = paired.Json.GetProperty("links");
        Assert.Equal(
            ["health_metrics", "workouts", "symptoms", "ecg", "heart_rate_notifications", "state_of_mind",
                "cycle_tracking", "medications"],
            links.EnumerateObject().Select(link => link.Name));
        Assert.All(
            links.EnumerateObject(),
            link => Assert.Contains($"&headers=api-key,{key}&", link.Value.GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_phone_key_may_only_push_and_has_the_limits_of_a_phone()
    {
        await _terminal.AddUserAsync();
        await _terminal.RunAsync("pair");
        var listed = await _terminal.RunAsync("key", "list", "--json");
        var key = Assert.Single(listed.Json.GetProperty("items").EnumerateArray());
        Assert.Equal(["ingest"], key.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()));
        Assert.Equal("phone", key.GetProperty("limit_profile").GetString());
    }

    [Fact]
    public async Task The_printed_code_is_the_printed_link()
    {
        await _terminal.AddUserAsync();
        var paired = await _terminal.RunAsync("pair", "--url", "http://192.168.1.20:8080");
        var lines = paired.Out.Split(Environment.NewLine);
        var link = lines.First(line => line.Contains("datatype=healthmetrics", StringComparison.Ordinal)).Trim();
        var drawn = QrText.Draw(QrText.Encode(link));
        var start = Array.IndexOf(lines, drawn[0]);
        Assert.True(start > 0);
        Assert.Equal(drawn, lines[start..(start + drawn.Count)]);
        Assert.True(drawn[0].Length <= 80, "The code must fit an ordinary terminal.");
    }

    [Fact]
    public async Task Bound_to_loopback_it_says_how_to_let_the_phone_in()
    {
        await _terminal.AddUserAsync();
        var paired = await _terminal.RunAsync("pair");
        Assert.Contains("http://127.0.0.1:8080/v1/ingest", paired.Out, StringComparison.Ordinal);
        Assert.Contains("serve --urls http://0.0.0.0:8080", paired.Out, StringComparison.Ordinal);
        Assert.Contains("tailscale", paired.Out, StringComparison.Ordinal);
        Assert.Contains("HEALTHEXPORT__PUBLICURL", paired.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://127.0.0.1:8443", "https://127.0.0.1:8443/v1/ingest")]
    [InlineData("https://127.0.0.1:443", "https://127.0.0.1/v1/ingest")]
    [InlineData("https://127.0.0.1:80", "https://127.0.0.1:80/v1/ingest")]
    public async Task With_a_certificate_it_says_https(string listening, string expected)
    {
        _terminal.Environment["HEALTHEXPORT__URLS"] = listening;
        // Only a server reads it.
        _terminal.Environment["HEALTHEXPORT__TLS__CERTIFICATE"] = "/no/such/file";
        await _terminal.AddUserAsync();
        var paired = await _terminal.RunAsync("pair");
        Assert.Equal(0, paired.Code);
        Assert.Contains($"  {expected}{Environment.NewLine}", paired.Out, StringComparison.Ordinal);
        Assert.Contains("serve --urls https://0.0.0.0:", paired.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("not encrypted", paired.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_public_url_wins_over_the_address_listened_on()
    {
        _terminal.Environment["HEALTHEXPORT__PUBLICURL"] = "https://health.example.org";
        await _terminal.AddUserAsync();
        var paired = await _terminal.RunAsync("pair");
        Assert.Contains("https://health.example.org/v1/ingest", paired.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("tailscale", paired.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_users_one_must_be_named()
    {
        await _terminal.AddUserAsync();
        await _terminal.AddUserAsync("bert@example.org");
        var unnamed = await _terminal.RunAsync("pair");
        Assert.Equal(1, unnamed.Code);
        Assert.Contains("--user", unnamed.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await _terminal.RunAsync("pair", "--user", "bert@example.org")).Code);
    }

    [Fact]
    public async Task Without_a_user_it_says_what_to_do_first()
    {
        var paired = await _terminal.RunAsync("pair");
        Assert.Equal(1, paired.Code);
        Assert.Contains("user add", paired.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("health.example.org")]
    [InlineData("ftp://health.example.org")]
    [InlineData("https://health.example.org/?key=1")]
    [InlineData("https://anna:secret@health.example.org")]
    public async Task A_url_must_be_one_of_the_web_without_secrets(string url) =>
        Assert.Equal(2, (await _terminal.RunAsync("pair", "--url", url)).Code);
}
