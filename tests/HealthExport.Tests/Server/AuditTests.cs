using System.Net;
using System.Text.Json;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Server.Audit;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Server;

/// <summary>What the audit trail tells, asked over HTTP where its owner can ask.</summary>
public abstract class AuditTests(ServerFixture fixture)
{
    const string Steps = """
        {"data":{"metrics":[{"name":"step_count","units":"count","data":[
        {"qty":7,"date":"2026-01-15 08:01:07 +0100"},{"qty":9,"date":"2026-01-15 08:02:07 +0100"}]}]}}
        """;

    readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task A_push_is_told_with_key_address_client_and_request()
    {
        var key = await _server.AddKeyAsync();
        using var pushed = await _server.PushAsync(
            key, Steps, ("User-Agent", "Auto Export/8"), ("X-Request-Id", "r-7"));
        var id = (await pushed.ReadJsonAsync()).IngestionId();
        using var again = await _server.PushAsync(key, Steps);

        var entries = await _server.ReadAuditAsync(key, "&action=data.ingested");

        Assert.Equal(2, entries.Count);
        var entry = entries[1];
        Assert.Equal(
            ("data.ingested", id.ToString(), key.Id, "127.0.0.1", "Auto Export/8", "r-7"),
            (entry.Text("action"), entry.Text("resource"), entry.Text("key_id"), entry.Text("ip"),
                entry.Text("user_agent"), entry.Text("request_id")));
        Assert.Equal(
            $$"""{"size_bytes":{{Steps.Length}},"kept_as":"new"}""", entry.GetProperty("metadata").GetRawText());
        Assert.Equal("duplicate", entries[0].GetProperty("metadata").GetProperty("kept_as").GetString());
        Assert.Equal(again.Headers.GetValues("X-Request-Id").Single(), entries[0].Text("request_id"));
    }

    [Fact]
    public async Task Reads_of_a_key_and_a_path_are_one_entry_with_count_rows_subjects_and_span()
    {
        var key = await _server.AddKeyAsync();
        var other = await _server.AddKeyAsync(key.User);
        (await _server.PushAsync(key, Steps)).Dispose();
        foreach (var (who, path) in ((TestKey, string)[])
        [
            (key, "/v1/metrics/step_count/samples?from=2026-01-15&to=2026-01-16"),
            (key, "/v1/metrics/step_count/samples?from=2026-01-14T00:00:00Z&to=2026-01-15T12:00:00Z"),
            (key, "/v1/metrics/heart_rate/samples?from=2026-01-15&to=2026-01-16"),
            (key, "/v1/metrics/step_count/series"),
            (other, "/v1/metrics/step_count/samples"),
        ])
        {
            using var response = await _server.GetAsync(who, path);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        using var refused = await _server.GetAsync(key, "/v1/metrics/step_count/samples?limit=0");
        using var nothing = await _server.GetAsync(key, "/v1/metrics/nothing_of_the_kind/samples");

        var entries = (await _server.ReadAuditAsync(key, "&action=data.read"))
            .ToDictionary(entry => (entry.Text("key_id"), entry.Text("resource")));

        Assert.Equal(3, entries.Count);
        var samples = entries[(key.Id, "/v1/metrics/{name}/samples")].GetProperty("metadata");
        Assert.Equal(3, samples.GetProperty("count").GetInt32());
        Assert.Equal(4, samples.GetProperty("rows").GetInt32());
        Assert.Equal(
            ["heart_rate", "step_count"],
            samples.GetProperty("subjects").EnumerateArray().Select(subject => subject.GetString()));
        Assert.Equal("2026-01-14T00:00:00+00:00", samples.Text("from"));
        Assert.Equal("2026-01-16T00:00:00+00:00", samples.Text("to"));
        Assert.True(samples.TryGetProperty("last_at", out _));
        var series = entries[(key.Id, "/v1/metrics/{name}/series")].GetProperty("metadata");
        Assert.Equal(1, series.GetProperty("count").GetInt32());
        Assert.False(series.TryGetProperty("from", out _));
        var others = entries[(other.Id, "/v1/metrics/{name}/samples")].GetProperty("metadata");
        Assert.Equal(2, others.GetProperty("rows").GetInt32());
    }

    [Fact]
    public async Task Payloads_read_and_pushes_replayed_are_told_one_by_one()
    {
        var key = await _server.AddKeyAsync();
        using var pushed = await _server.PushAsync(key, Steps);
        var id = (await pushed.ReadJsonAsync()).IngestionId();
        for (var i = 0; i < 2; i++) (await _server.GetAsync(key, $"/v1/ingestions/{id}/payload")).Dispose();
        using var replayed = await _server.SendAsync(HttpMethod.Post, $"/v1/ingestions/{id}/replay", key);
        Assert.Equal(HttpStatusCode.Accepted, replayed.StatusCode);
        using var nothing = await _server.GetAsync(key, $"/v1/ingestions/{Guid.Empty}/payload");
        await _server.FollowAsync(key, id);

        var entries = await _server.ReadAuditAsync(key);

        Assert.Equal(
            ["ingestion.replayed", "payload.read", "payload.read"],
            entries.Where(entry => entry.Text("resource") == id.ToString() && entry.Text("action") != "data.ingested")
                .Select(entry => entry.Text("action")));
    }

    [Fact]
    public async Task Failures_with_a_key_that_was_good_are_in_its_owners_trail_and_the_rest_is_nobodys()
    {
        var user = await _server.AddUserAsync();
        var good = await _server.AddKeyAsync(user);
        var expired = await _server.AddKeyAsync(user, expiresAt: Instant.From(DateTimeOffset.UnixEpoch.AddYears(50)));
        var revoked = await _server.AddKeyAsync(user);
        Assert.True(await _server.Get<IKeyStore>().RevokeAsync(revoked.Id, user.Id, Entries.KeyRevoked, default));
        var unknown = ApiKey.Mint(KeyFormat.Hx).Key.Reveal();
        var agent = $"agent {Guid.NewGuid()}";
        // Failures of the tests before must not be folded with these.
        await _server.Get<AuditTrail>().FlushAsync(null, default);
        foreach (var text in (string?[])[null, "nonsense", unknown, expired.Text, revoked.Text])
        {
            (string, string)[] headers = [("User-Agent", agent), .. text is null ? [] : new[] { ("api-key", text) }];
            using var response = await _server.SendAsync(HttpMethod.Get, "/v1/metrics", null, null, headers);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }

        var own = await _server.ReadAuditAsync(good, "&action=auth.failed");
        var all = (await _server.ListAuditAsync(AuditAction.AuthenticationFailed))
            .Where(entry => entry.UserAgent == agent).ToList();

        Assert.Equal(
            [(expired.Id, "expired"), (revoked.Id, "revoked")],
            own.Select(entry => (entry.Text("key_id"), entry.GetProperty("metadata").Text("reason")))
                .OrderBy(entry => entry.Item2, StringComparer.Ordinal));
        Assert.Equal(
            ["malformed", "missing", "unknown"],
            all.Where(entry => entry is { UserId: 0, KeyId: null })
                .Select(entry => entry.Metadata().Text("reason")).Order(StringComparer.Ordinal));
        Assert.Equal(5, all.Count);
    }

    [Fact]
    public async Task A_key_without_the_scope_is_told()
    {
        var admin = await _server.AddKeyAsync();
        var phone = await _server.AddKeyAsync(admin.User, KeyScopes.Ingest);
        for (var i = 0; i < 2; i++) (await _server.GetAsync(phone, "/v1/metrics/step_count/samples")).Dispose();

        var entry = Assert.Single(await _server.ReadAuditAsync(admin, "&action=auth.forbidden"));

        Assert.Equal((phone.Id, "/v1/metrics/{name}/samples"), (entry.Text("key_id"), entry.Text("resource")));
        Assert.Equal(2, entry.GetProperty("metadata").GetProperty("count").GetInt32());
        Assert.Empty(await _server.ReadAuditAsync(admin, "&action=data.read"));
    }

    [Fact]
    public async Task That_the_trail_is_read_is_in_the_trail()
    {
        var key = await _server.AddKeyAsync();
        Assert.Empty(await _server.ReadAuditAsync(key, "&action=audit.read"));

        var entry = Assert.Single(await _server.ReadAuditAsync(key, "&action=audit.read"));

        Assert.Equal((key.Id, "/v1/audit"), (entry.Text("key_id"), entry.Text("resource")));
    }

    [Fact]
    public async Task A_person_sees_nobody_elses_trail()
    {
        var (one, other) = (await _server.AddKeyAsync(), await _server.AddKeyAsync());
        (await _server.PushAsync(other, Steps)).Dispose();
        (await _server.GetAsync(null, "/v1/metrics")).Dispose();

        Assert.DoesNotContain(await _server.ReadAuditAsync(one), entry =>
            entry.Text("key_id") is { } id && id != one.Id || entry.Text("action") is "data.ingested" or "auth.failed");
        Assert.Single(await _server.ReadAuditAsync(other, "&action=data.ingested"));

        using var first = await _server.GetAsync(other, "/v1/audit?limit=1");
        var cursor = (await first.ReadJsonAsync()).GetProperty("next_cursor").GetString();
        Assert.NotNull(cursor);
        using var stolen = await _server.GetAsync(one, $"/v1/audit?limit=1&cursor={cursor}");
        await stolen.ReadProblemAsync(400, "invalid_parameter");
    }

    [Fact]
    public async Task Pages_hold_everything_once()
    {
        var key = await _server.AddKeyAsync();
        for (var i = 0; i < 7; i++) (await _server.PushAsync(key, Steps)).Dispose();
        var entries = await _server.ReadAuditAsync(key, "&action=data.ingested");
        var all = entries.Select(entry => entry.Text("id")).ToList();

        List<string?> paged = [];
        string? cursor = null;
        do
        {
            using var page = await _server.GetAsync(
                key, $"/v1/audit?action=data.ingested&limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            var answer = await page.ReadJsonAsync();
            paged.AddRange(answer.GetProperty("items").EnumerateArray().Select(entry => entry.Text("id")));
            cursor = answer.Text("next_cursor");
        }
        while (cursor is not null);

        Assert.Equal(7, all.Count);
        Assert.Equal(all, paged);
    }

    [Theory]
    [InlineData("action=key.stolen")]
    [InlineData("from=yesterday")]
    [InlineData("to=2026-01-15T08:00:00")]
    [InlineData("limit=0")]
    [InlineData("cursor=abc")]
    [InlineData("user=1")]
    public async Task What_cannot_be_asked_is_refused_by_name(string query)
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.GetAsync(key, $"/v1/audit?{query}");
        var problem = await response.ReadProblemAsync(400, "invalid_parameter");
        Assert.StartsWith(query[..query.IndexOf('=')], problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task From_and_to_bound_the_trail()
    {
        var key = await _server.AddKeyAsync();
        (await _server.PushAsync(key, Steps)).Dispose();
        var at = Assert.Single(await _server.ReadAuditAsync(key, "&action=data.ingested")).Text("created_at")!;
        var escaped = Uri.EscapeDataString(at);

        Assert.Single(await _server.ReadAuditAsync(key, $"&action=data.ingested&from={escaped}"));
        Assert.Empty(await _server.ReadAuditAsync(key, $"&action=data.ingested&to={escaped}"));
        Assert.Empty(await _server.ReadAuditAsync(key, "&from=2999-01-01"));
    }

    [Fact]
    public async Task No_secret_gets_into_the_trail_wherever_somebody_puts_it()
    {
        var key = await _server.AddKeyAsync();
        (await _server.PushAsync(key, Steps, ("User-Agent", $"curl {key.Text}"), ("X-Request-Id", key.Text))).Dispose();
        (await _server.GetAsync(key, $"/v1/metrics/{key.Text}/samples")).Dispose();
        (await _server.SendAsync(HttpMethod.Get, "/v1/metrics", null, null, ("User-Agent", key.Text))).Dispose();

        var entries = await _server.ReadAuditAsync(key);
        var failures = await _server.ListAuditAsync(AuditAction.AuthenticationFailed);

        Assert.Contains(entries, entry => entry.Text("user_agent") == "curl hx_…");
        var secret = key.Text[^43..];
        Assert.DoesNotContain(secret, JsonSerializer.Serialize(entries), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, JsonSerializer.Serialize(failures), StringComparison.Ordinal);
    }

}

public sealed class SqliteAuditTests(ServerFixture fixture) : AuditTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresAuditTests(PostgresServerFixture fixture)
    : AuditTests(fixture), IClassFixture<PostgresServerFixture>;
