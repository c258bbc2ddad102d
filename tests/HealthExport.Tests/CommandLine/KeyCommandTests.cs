using System.Text.Json;
using HealthExport.Keys;

namespace HealthExport.Tests.CommandLine;

public sealed class KeyCommandTests : IDisposable
{
    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    async Task<Terminal.Result> CreateAsync(params string[] more)
    {
        await _terminal.AddUserAsync();
        return await _terminal.RunAsync(
            ["key", "create", "--user", "anna@example.org", "--name", "dashboard", .. more]);
    }

    async Task<JsonElement[]> ListAsync() =>
        [.. (await _terminal.RunAsync("key", "list", "--json")).Json.GetProperty("items").EnumerateArray()];

    [Fact]
    public async Task A_new_key_is_one_document_of_id_key_and_scopes()
    {
        var created = await CreateAsync("--scopes", "read,ingest", "--json");
        Assert.Equal(0, created.Code);
        Assert.Equal(["id", "key", "scopes"], created.Json.EnumerateObject().Select(property => property.Name));
        Assert.True(ApiKey.TryParse(created.Json.GetProperty("key").GetString(), out var key));
        Assert.Equal(created.Json.GetProperty("id").GetString(), key.PublicId);
        Assert.Equal(
            ["ingest", "read"], created.Json.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()));
        Assert.Empty(created.Error);
    }

    [Fact]
    public async Task For_people_stdout_holds_the_key_alone()
    {
        var created = await CreateAsync("--scopes", "read");
        Assert.True(ApiKey.TryParse(created.Out.TrimEnd(), out _));
        Assert.Contains("not shown again", created.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_uuid_key_is_a_uuid_whose_id_tells_nothing_of_it()
    {
        var created = await CreateAsync("--scopes", "ingest", "--format", "uuid", "--json");
        var key = created.Json.GetProperty("key").GetString()!;
        Assert.True(Guid.TryParse(key, out _));
        Assert.DoesNotContain(created.Json.GetProperty("id").GetString()!, key, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_shows_everything_but_the_secret()
    {
        var created = await CreateAsync(
            "--scopes", "ingest", "--limit-profile", "bulk", "--expires-in", "90d", "--json");
        var secret = created.Json.GetProperty("key").GetString()!;

        var key = Assert.Single(await ListAsync());
        Assert.Equal("dashboard", key.GetProperty("name").GetString());
        Assert.Equal("anna@example.org", key.GetProperty("user").GetString());
        Assert.Equal("bulk", key.GetProperty("limit_profile").GetString());
        Assert.Equal("good", key.GetProperty("state").GetString());
        Assert.Equal(
            TimeSpan.FromDays(90),
            key.GetProperty("expires_at").GetDateTimeOffset() - key.GetProperty("created_at").GetDateTimeOffset());

        var table = await _terminal.RunAsync("key", "list", "--user", "anna@example.org");
        Assert.Contains("dashboard", table.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(secret[^43..], table.Out + JsonSerializer.Serialize(key), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_key_is_listed_as_revoked()
    {
        var created = await CreateAsync("--scopes", "read", "--json");
        var revoked = await _terminal.RunAsync("key", "revoke", created.Json.GetProperty("id").GetString()!);
        Assert.Equal(0, revoked.Code);
        Assert.Equal("revoked", Assert.Single(await ListAsync()).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Revoking_what_is_not_there_fails()
    {
        var revoked = await _terminal.RunAsync("key", "revoke", "nothing", "--json");
        Assert.Equal(1, revoked.Code);
        Assert.Contains("no key", revoked.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("revoke")]
    [InlineData("rotate")]
    [InlineData("limit")]
    public async Task A_whole_key_is_no_id_and_is_not_repeated(string verb)
    {
        var created = await CreateAsync("--scopes", "read", "--json");
        var key = created.Json.GetProperty("key").GetString()!;
        var done = await _terminal.RunAsync("key", verb, key);
        Assert.Equal(1, done.Code);
        Assert.Contains("not its id", done.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(key[^43..], done.Error + done.Out, StringComparison.Ordinal);
        Assert.Equal("good", Assert.Single(await ListAsync()).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_key_needs_a_user_that_is_there()
    {
        var created = await _terminal.RunAsync(
            "key", "create", "--user", "bert@example.org", "--name", "n", "--scopes", "read");
        Assert.Equal(1, created.Code);
        Assert.Contains("user list", created.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--scopes", "write")]
    [InlineData("--scopes", "")]
    [InlineData("--scopes", "read", "--format", "jwt")]
    [InlineData("--scopes", "read", "--expires-in", "90")]
    [InlineData("--scopes", "read", "--expires-in", "0d")]
    [InlineData("--scopes", "read", "--expires-in", "-1d")]
    [InlineData("--scopes", "read", "--expires-in", "4000d")]
    [InlineData("--scopes", "read", "--limit-profile", "endless")]
    public async Task A_wrong_value_is_a_usage_error_that_names_its_option(params string[] more)
    {
        var created = await CreateAsync(more);
        Assert.Equal(2, created.Code);
        Assert.Contains(more[^2], created.Error, StringComparison.Ordinal);
        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task A_rotated_key_is_replaced_by_one_of_its_kind()
    {
        var created = await CreateAsync(
            "--scopes", "ingest", "--format", "uuid", "--expires-in", "90d", "--limit-profile", "phone", "--json");
        var id = created.Json.GetProperty("id").GetString()!;
        var rotated = await _terminal.RunAsync("key", "rotate", id, "--overlap", "7d", "--json");

        Assert.Equal(0, rotated.Code);
        Assert.Equal(["id", "key", "scopes", "replaces"], rotated.Json.EnumerateObject().Select(one => one.Name));
        Assert.True(Guid.TryParse(rotated.Json.GetProperty("key").GetString(), out _));
        var keys = await ListAsync();
        Assert.Equal(2, keys.Length);
        Assert.Equal(rotated.Json.GetProperty("id").GetString(), keys[0].GetProperty("replaced_by").GetString());
        Assert.Equal(
            keys[0].GetProperty("expires_at").GetString(),
            rotated.Json.GetProperty("replaces").GetProperty("ends_at").GetString());
        foreach (var (at, days) in (IEnumerable<(string, int)>)[("expires_at", 90), ("created_at", 0)])
            Assert.Equal(
                TimeSpan.FromDays(days),
                keys[1].GetProperty(at).GetDateTimeOffset() - keys[1].GetProperty("created_at").GetDateTimeOffset());
        foreach (var same in (string[])["name", "format", "limit_profile", "user", "state"])
            Assert.Equal(keys[0].GetProperty(same).GetString(), keys[1].GetProperty(same).GetString());
    }

    [Fact]
    public async Task For_people_rotating_prints_the_key_alone_on_stdout()
    {
        var created = await CreateAsync("--scopes", "read", "--json");
        var rotated = await _terminal.RunAsync(
            "key", "rotate", created.Json.GetProperty("id").GetString()!, "--overlap", "0m");
        Assert.True(ApiKey.TryParse(rotated.Out.TrimEnd(), out _));
        Assert.Contains("not shown again", rotated.Error, StringComparison.Ordinal);
        Assert.Equal(["revoked", "good"], (await ListAsync()).Select(key => key.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task What_cannot_be_rotated_says_what_to_do_instead()
    {
        var created = await CreateAsync("--scopes", "read", "--json");
        var id = created.Json.GetProperty("id").GetString()!;
        await _terminal.RunAsync("key", "rotate", id);
        var again = await _terminal.RunAsync("key", "rotate", id);
        Assert.Equal(1, again.Code);
        Assert.Contains("replaced it", again.Error, StringComparison.Ordinal);

        var successor = (await ListAsync())[1].GetProperty("id").GetString()!;
        await _terminal.RunAsync("key", "revoke", successor);
        var ended = await _terminal.RunAsync("key", "rotate", successor);
        Assert.Equal(1, ended.Code);
        Assert.Contains("key create", ended.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await _terminal.RunAsync("key", "rotate", "nothing")).Code);
        Assert.Equal(2, (await ListAsync()).Length);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("-1d")]
    [InlineData("91d")]
    [InlineData("x")]
    public async Task An_overlap_that_cannot_be_is_a_usage_error(string overlap)
    {
        var created = await CreateAsync("--scopes", "read", "--json");
        var rotated = await _terminal.RunAsync(
            "key", "rotate", created.Json.GetProperty("id").GetString()!, "--overlap", overlap);
        Assert.Equal(2, rotated.Code);
        Assert.Contains("--overlap", rotated.Error, StringComparison.Ordinal);
        Assert.Single(await ListAsync());
    }

    [Fact]
    public async Task The_limits_of_a_key_are_replaced_as_a_whole()
    {
        var created = await CreateAsync("--scopes", "read", "--json");
        var id = created.Json.GetProperty("id").GetString()!;
        var first = await _terminal.RunAsync(
            "key", "limit", id, "--limit-profile", "phone", "--ingest-requests", "5", "--read-bytes", "7", "--json");
        Assert.Equal(0, first.Code);
        var key = Assert.Single(await ListAsync());
        Assert.Equal("phone", key.GetProperty("limit_profile").GetString());
        Assert.Equal(
            """{"ingest_requests":5,"ingest_bytes":null,"read_requests":null,"read_bytes":7}""",
            JsonSerializer.Serialize(key.GetProperty("limits")));

        Assert.Equal(0, (await _terminal.RunAsync("key", "limit", id, "--limit-profile", "bulk")).Code);
        key = Assert.Single(await ListAsync());
        Assert.Equal("bulk", key.GetProperty("limit_profile").GetString());
        Assert.Equal(JsonValueKind.Null, key.GetProperty("limits").ValueKind);
        Assert.Equal(1, (await _terminal.RunAsync("key", "limit", "nothing")).Code);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("9007199254740992")]
    [InlineData("many")]
    public async Task A_limit_that_cannot_be_is_a_usage_error(string number)
    {
        var created = await CreateAsync("--scopes", "read", "--json");
        var limited = await _terminal.RunAsync(
            "key", "limit", created.Json.GetProperty("id").GetString()!, "--read-requests", number);
        Assert.Equal(2, limited.Code);
        Assert.Contains("--read-requests", limited.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_would_write_to_a_terminal_is_a_usage_error()
    {
        await _terminal.AddUserAsync();
        var created = await _terminal.RunAsync(
            "key", "create", "--user", "anna@example.org", "--name", "red \u001b[31m", "--scopes", "read");
        Assert.Equal(2, created.Code);
    }

    [Fact]
    public async Task Name_and_scopes_are_required()
    {
        var created = await _terminal.RunAsync("key", "create", "--user", "anna@example.org");
        Assert.Equal(2, created.Code);
        Assert.Contains("--name", created.Error, StringComparison.Ordinal);
        Assert.Contains("--scopes", created.Error, StringComparison.Ordinal);
    }
}
