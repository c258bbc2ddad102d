using HealthExport.Server.CommandLine;

namespace HealthExport.Tests.CommandLine;

public sealed class UserCommandTests : IDisposable
{
    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public async Task An_added_user_is_listed_with_name_and_zone()
    {
        var added = await _terminal.RunAsync(
            "user", "add", "anna@example.org", "--name", "Anna", "--time-zone", "Europe/Berlin", "--json");
        Assert.Equal(0, added.Code);

        var listed = await _terminal.RunAsync("user", "list", "--json");
        var user = Assert.Single(listed.Json.GetProperty("items").EnumerateArray());
        Assert.Equal("anna@example.org", user.GetProperty("email").GetString());
        Assert.Equal("Anna", user.GetProperty("name").GetString());
        Assert.Equal("Europe/Berlin", user.GetProperty("time_zone").GetString());
        Assert.Equal(added.Json.GetProperty("id").GetString(), user.GetProperty("id").GetString());
    }

    [Fact]
    public async Task The_list_for_people_is_a_table()
    {
        await _terminal.AddUserAsync();
        var listed = await _terminal.RunAsync("user", "list");
        Assert.Contains("E-mail", listed.Out, StringComparison.Ordinal);
        Assert.Contains("anna@example.org", listed.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_email_is_unique_ignoring_case()
    {
        await _terminal.AddUserAsync();
        var again = await _terminal.RunAsync("user", "add", "ANNA@example.org");
        Assert.Equal(1, again.Code);
        Assert.Empty(again.Out);
        Assert.Contains("already", again.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anna")]
    [InlineData("@example.org")]
    [InlineData("anna@")]
    [InlineData("a nna@example.org")]
    [InlineData("anna@example@org")]
    public async Task What_is_no_email_is_a_usage_error(string email)
    {
        var added = await _terminal.RunAsync("user", "add", email);
        Assert.Equal(2, added.Code);
        Assert.Contains("EMAIL", added.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_terminal.PathOf("health.db")));
    }

    [Theory]
    [InlineData("Mars/Olympus")]
    [InlineData("+02:00")]
    [InlineData("W. Europe Standard Time")]
    public async Task A_zone_must_be_an_IANA_zone(string zone)
    {
        var added = await _terminal.RunAsync("user", "add", "anna@example.org", "--time-zone", zone);
        Assert.Equal(2, added.Code);
        Assert.Contains("IANA", added.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Erasing_asks_and_goes_on_when_the_email_is_typed()
    {
        await _terminal.AddUserAsync();
        var erased = await _terminal.AnswerAsync("anna@example.org\n", "user", "erase", "anna@example.org");
        Assert.Equal(0, erased.Code);
        Assert.Empty((await _terminal.RunAsync("user", "list", "--json")).Json.GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("y\n")]
    [InlineData("\n")]
    [InlineData("")]
    public async Task Any_other_answer_erases_nothing(string answer)
    {
        await _terminal.AddUserAsync();
        var erased = await _terminal.AnswerAsync(answer, "user", "erase", "anna@example.org");
        Assert.Equal(1, erased.Code);
        Assert.Single((await _terminal.RunAsync("user", "list", "--json")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task With_yes_nothing_is_asked()
    {
        await _terminal.AddUserAsync();
        var erased = await _terminal.RunAsync("user", "erase", "anna@example.org", "--yes", "--json");
        Assert.Equal(0, erased.Code);
        Assert.Equal("anna@example.org", erased.Json.GetProperty("erased").GetString());
        Assert.DoesNotContain("Type", erased.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_json_erasing_must_be_confirmed_beforehand()
    {
        await _terminal.AddUserAsync();
        var erased = await _terminal.RunAsync("user", "erase", "anna@example.org", "--json");
        Assert.Equal(2, erased.Code);
        Assert.Contains("--yes", erased.Json.GetProperty("hint").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_stopped_is_finished_by_the_same_command_again_which_does_not_ask()
    {
        await _terminal.AddUserAsync();
        await BeginErasingAsync("anna@example.org");
        var user = Assert.Single((await _terminal.RunAsync("user", "list", "--json")).Json
            .GetProperty("items").EnumerateArray());
        Assert.True(user.GetProperty("being_erased").GetBoolean());
        Assert.Contains(
            "anna@example.org (being erased)", (await _terminal.RunAsync("user", "list")).Out,
            StringComparison.Ordinal);
        var paired = await _terminal.RunAsync("pair", "--user", "anna@example.org");
        Assert.Equal(1, paired.Code);
        Assert.Contains("being erased", paired.Error, StringComparison.Ordinal);

        var erased = await _terminal.RunAsync("user", "erase", "anna@example.org");

        Assert.Equal((0, "Erased anna@example.org."), (erased.Code, erased.Out.Trim()));
        Assert.DoesNotContain("Type", erased.Error, StringComparison.Ordinal);
        Assert.Empty((await _terminal.RunAsync("user", "list", "--json")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Erasing_anybody_finishes_those_whom_somebody_began_to_erase()
    {
        await _terminal.AddUserAsync();
        await _terminal.AddUserAsync("bert@example.org");
        await BeginErasingAsync("anna@example.org");
        var erased = await _terminal.RunAsync("user", "erase", "carl@example.org", "--yes");
        Assert.Equal(1, erased.Code);
        Assert.Contains("Finished erasing somebody", erased.Error, StringComparison.Ordinal);
        var left = Assert.Single((await _terminal.RunAsync("user", "list", "--json")).Json
            .GetProperty("items").EnumerateArray());
        Assert.Equal("bert@example.org", left.GetProperty("email").GetString());
    }

    [Fact]
    public async Task A_display_name_must_be_printable()
    {
        var added = await _terminal.RunAsync("user", "add", "anna@example.org", "--name", "An\u0007na");
        Assert.Equal(2, added.Code);
        Assert.Contains("--name", added.Error, StringComparison.Ordinal);
    }

    async Task BeginErasingAsync(string email)
    {
        await using var store = StoreSession.Open(_terminal.OpenShell(new StringWriter(), new StringWriter()));
        var user = await store.GetUserAsync(email, default);
        Assert.True(await store.Users.BeginErasingAsync(user.Id, default));
    }

    [Fact]
    public async Task Nobody_of_that_name_is_an_error()
    {
        var erased = await _terminal.RunAsync("user", "erase", "bert@example.org", "--yes");
        Assert.Equal(1, erased.Code);
        Assert.Contains("no user bert@example.org", erased.Error, StringComparison.Ordinal);
    }
}
