namespace HealthExport.Tests.CommandLine;

public sealed class UsageTests : IDisposable
{
    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public async Task An_unknown_verb_is_a_usage_error_with_a_suggestion()
    {
        var result = await _terminal.RunAsync("impotr", "file.json");
        Assert.Equal(2, result.Code);
        Assert.Empty(result.Out);
        Assert.Contains("impotr", result.Error, StringComparison.Ordinal);
        Assert.Contains("Did you mean import?", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistyped_option_gets_a_suggestion_too()
    {
        var result = await _terminal.RunAsync("pair", "--ulr", "https://health.example.org");
        Assert.Equal(2, result.Code);
        Assert.Contains("Did you mean --url?", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_resembles_nothing_gets_none()
    {
        var result = await _terminal.RunAsync("frobnicate");
        Assert.Equal(2, result.Code);
        Assert.DoesNotContain("Did you mean", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user")]
    [InlineData("key")]
    [InlineData("jobs")]
    public async Task A_group_without_a_verb_is_a_usage_error(string group) =>
        Assert.Equal(2, (await _terminal.RunAsync(group)).Code);

    [Theory]
    [InlineData("--help")]
    [InlineData("serve", "--help")]
    [InlineData("pair", "--help")]
    [InlineData("migrate", "--help")]
    [InlineData("user", "add", "--help")]
    [InlineData("user", "erase", "--help")]
    [InlineData("key", "create", "--help")]
    [InlineData("key", "revoke", "--help")]
    [InlineData("import", "--help")]
    [InlineData("status", "--help")]
    [InlineData("replay", "--help")]
    [InlineData("jobs", "run", "--help")]
    [InlineData("config", "--help")]
    public async Task Help_shows_examples(params string[] args)
    {
        var result = await _terminal.RunAsync(args);
        Assert.Equal(0, result.Code);
        Assert.Contains("Examples:", result.Out, StringComparison.Ordinal);
        Assert.Contains($"health-export {string.Join(' ', args[..^1])}".TrimEnd(), result.Out.Split("Examples:")[1],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_is_a_number_alone()
    {
        var result = await _terminal.RunAsync("--version");
        Assert.Equal(0, result.Code);
        Assert.Matches(@"^\d+\.\d+\.\d+\r?\n$", result.Out);
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_named_without_a_stack_trace()
    {
        File.WriteAllText(_terminal.PathOf("file"), "");
        _terminal.Environment["DATABASE_URL"] = $"sqlite:{_terminal.PathOf("file/health.db")}";
        var result = await _terminal.RunAsync("status", "--json");
        Assert.Equal(1, result.Code);
        Assert.Contains(
            "The store cannot be used", result.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_none_is_named()
    {
        _terminal.Environment["DATABASE_URL"] = "mysql://root:secret@host/db";
        var result = await _terminal.RunAsync("status");
        Assert.Equal(1, result.Code);
        Assert.Contains("DATABASE_URL", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_out_of_range_is_named()
    {
        _terminal.Environment["HEALTHEXPORT__INGEST__WAITSECONDS"] = "soon";
        var result = await _terminal.RunAsync("status");
        Assert.Equal(1, result.Code);
        Assert.Contains("HEALTHEXPORT__INGEST__WAITSECONDS", result.Error, StringComparison.Ordinal);
    }
}
