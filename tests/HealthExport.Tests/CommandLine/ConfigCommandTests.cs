using System.Text.Json;

namespace HealthExport.Tests.CommandLine;

public sealed class ConfigCommandTests : IDisposable
{
    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    async Task<JsonElement> FindAsync(string name)
    {
        var shown = await _terminal.RunAsync("config", "--json");
        return shown.Json.GetProperty("items").EnumerateArray()
            .Single(item => item.GetProperty("name").GetString() == name);
    }

    [Fact]
    public async Task A_setting_nobody_set_shows_its_default()
    {
        var setting = await FindAsync("HEALTHEXPORT__URLS");
        Assert.Equal("http://127.0.0.1:8080", setting.GetProperty("value").GetString());
        Assert.Equal("default", setting.GetProperty("from").GetString());
    }

    [Fact]
    public async Task The_environment_wins_over_the_file()
    {
        _terminal.Write(".env", "LOG_LEVEL=Debug\nHEALTHEXPORT__URLS=http://127.0.0.1:9999\n");
        _terminal.Environment["LOG_LEVEL"] = "Warning";
        var level = await FindAsync("LOG_LEVEL");
        Assert.Equal("Warning", level.GetProperty("value").GetString());
        Assert.Equal("environment", level.GetProperty("from").GetString());
        var urls = await FindAsync("HEALTHEXPORT__URLS");
        Assert.Equal("http://127.0.0.1:9999", urls.GetProperty("value").GetString());
        Assert.Equal(".env", urls.GetProperty("from").GetString());
    }

    [Fact]
    public async Task A_password_is_hidden()
    {
        _terminal.Environment["DATABASE_URL"] = "postgresql://health:topsecret@db.example.org/health";
        var shown = await _terminal.RunAsync("config");
        Assert.DoesNotContain("topsecret", shown.Out, StringComparison.Ordinal);
        Assert.Contains("db.example.org", shown.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_may_come_from_a_file()
    {
        _terminal.Environment.Remove("DATABASE_URL");
        _terminal.Write("url", "sqlite:elsewhere.db\n");
        _terminal.Environment["DATABASE_URL_FILE"] = _terminal.PathOf("url");
        var setting = await FindAsync("DATABASE_URL");
        Assert.Equal("sqlite:elsewhere.db", setting.GetProperty("value").GetString());
        Assert.Equal("file", setting.GetProperty("from").GetString());
    }

    [Fact]
    public async Task A_wrong_value_is_shown_and_fails()
    {
        _terminal.Environment["LOG_LEVEL"] = "Loud";
        var shown = await _terminal.RunAsync("config", "--json");
        Assert.Equal(1, shown.Code);
        Assert.Contains("LOG_LEVEL", shown.Json.GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Equal("Loud", (await FindAsync("LOG_LEVEL")).GetProperty("value").GetString());
    }
}
