using System.Net;
using System.Text;
using System.Text.Json;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Migrations;
using HealthExport.People;
using HealthExport.Server.Audit;
using HealthExport.Tests.Support;
using HealthExport.Totals;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Server;

public abstract class PeopleTests(ServerFixture fixture)
{
    const string Me = "/v1/users/me";
    const string Series = "/v1/metrics/step_count/series";

    // Written a little later than what they tell of, of everybody.
    static readonly string[] s_trail = ["audit_log", "key_addresses"];

    readonly RunningServer _server = fixture.Server;

    Task<HttpResponseMessage> PatchAsync(
        TestKey key, string body, string contentType = "application/json", params (string, string)[] headers)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return _server.SendAsync(HttpMethod.Patch, Me, key, content, headers);
    }

    async Task<JsonElement> ChangeAsync(TestKey key, string body)
    {
        using var response = await PatchAsync(key, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.ReadJsonAsync();
    }

    async Task<JsonElement> RefuseAsync(TestKey key, string body)
    {
        var before = (await _server.ReadAsync(key, Me)).GetRawText();
        using var response = await PatchAsync(key, body);
        var problem = await response.ReadProblemAsync(422, "invalid_request");
        Assert.Equal(before, (await _server.ReadAsync(key, Me)).GetRawText());
        return problem.GetProperty("errors");
    }

    Task<HttpResponseMessage> EraseAsync(TestKey key, string query) =>
        _server.SendAsync(HttpMethod.Delete, Me + query, key);

    static string Confirming(TestKey key) => $"?confirm={Uri.EscapeDataString(key.User.Email)}";

    [Fact]
    public async Task A_person_reads_what_is_known_of_them()
    {
        var key = await _server.AddKeyAsync();
        var me = await _server.ReadAsync(key, Me);
        Assert.Equal(
            $$"""
            {"id":"{{key.User.PublicId}}","email":"{{key.User.Email}}","display_name":null,"time_zone":"Europe/Berlin","source_ranks":[],"created_at":{{me.GetProperty("created_at").GetRawText()}}}
            """,
            me.GetRawText());
        Assert.Equal(key.User.CreatedAt.At(0), me.GetProperty("created_at").GetDateTimeOffset());
        Assert.Equal(me.GetRawText(), (await _server.ReadAsync(key, "/api" + Me)).GetRawText());
    }

    [Fact]
    public async Task What_is_sent_is_changed_and_the_rest_stays()
    {
        var key = await _server.AddKeyAsync();
        var email = $"new.{key.User.Email}";
        await _server.PushMetricAsync(
            key, "step_count", "count", "Seconds", Point("2026-01-15 08:00:00 +0100", 5, "Watch"),
            Point("2026-01-15 08:00:00 +0100", 5, "Ring"));

        await ChangeAsync(key, """{"display_name":"  Zoë ⌚ "}""");
        await ChangeAsync(key, $$"""{"email":" {{email.ToUpperInvariant()}} ","time_zone":"Asia/Tokyo"}""");
        var changed = await ChangeAsync(key, """{"source_ranks":["Ring"," Watch "]}""");

        Assert.Equal(email.ToUpperInvariant(), changed.Text("email"));
        Assert.Equal(("Zoë ⌚", "Asia/Tokyo"), (changed.Text("display_name"), changed.Text("time_zone")));
        Assert.Equal("""["Ring","Watch"]""", changed.GetProperty("source_ranks").GetRawText());
        Assert.Equal(changed.GetRawText(), (await _server.ReadAsync(key, Me)).GetRawText());
        Assert.Equal(changed.GetRawText(), (await ChangeAsync(key, "{}")).GetRawText());

        var bare = await ChangeAsync(key, """{"display_name":null,"time_zone":null,"source_ranks":null}""");
        Assert.Equal((null, null), (bare.Text("display_name"), bare.Text("time_zone")));
        Assert.Equal("[]", bare.GetProperty("source_ranks").GetRawText());
        Assert.Equal(email.ToUpperInvariant(), bare.Text("email"));
    }

    [Theory]
    [InlineData("""{"email":null}""", "email", "must look like name@host")]
    [InlineData("""{"email":"zoë"}""", "email", "must look like name@host")]
    [InlineData("""{"email":"a b@c"}""", "email", "must look like name@host")]
    [InlineData("""{"email":7}""", "email", "must be a text")]
    [InlineData("""{"email":"\ud800@x"}""", "email", "must be a text")]
    [InlineData("""{"display_name":""}""", "display_name", "must have 1 to 200 characters")]
    [InlineData("""{"display_name":"a\u0000b"}""", "display_name", "must have 1 to 200 characters")]
    [InlineData("""{"display_name":"a\u202eb"}""", "display_name", "must have 1 to 200 characters")]
    [InlineData(
        """{"display_name":"hx_v825q8qej85j_JJfJGmMnzIoBtoxfdnXUySW9"}""", "display_name", "must have 1 to 200 characters")]
    [InlineData("""{"email":"a@b\u2066.example"}""", "email", "must look like name@host")]
    [InlineData("""{"display_name":["Zoë"]}""", "display_name", "must be a text")]
    [InlineData("""{"time_zone":"Mars/Olympus"}""", "time_zone", "must be an IANA time zone")]
    [InlineData("""{"time_zone":"W. Europe Standard Time"}""", "time_zone", "must be an IANA time zone")]
    [InlineData("""{"time_zone":""}""", "time_zone", "must be an IANA time zone")]
    [InlineData("""{"time_zone":"../../etc/passwd"}""", "time_zone", "must be an IANA time zone")]
    [InlineData("""{"source_ranks":"Watch"}""", "source_ranks", "must be a list")]
    [InlineData("""{"source_ranks":[null]}""", "source_ranks", "must be a list of texts")]
    [InlineData("""{"source_ranks":[" | "]}""", "source_ranks[0]", "is empty")]
    [InlineData("""{"source_ranks":["A|B","b","B | A"]}""", "source_ranks[2]", "is named twice")]
    [InlineData("""{"source_ranks":["Toaster"]}""", "source_ranks[0]", "is none of your sources")]
    [InlineData("""{"emial":"a@b"}""", "body", "has a field that is unknown here; there are display_name, email, so")]
    [InlineData("""{"id":"x"}""", "body", "has a field that is unknown here")]
    public async Task What_cannot_be_is_refused_by_its_field(string body, string field, string says)
    {
        var error = Assert.Single((await RefuseAsync(await _server.AddKeyAsync(), body)).EnumerateObject());
        Assert.Equal(field, error.Name);
        Assert.StartsWith(says, Assert.Single(error.Value.EnumerateArray()).GetString());
    }

    [Fact]
    public async Task Everything_wrong_is_said_at_once_and_nothing_is_changed()
    {
        var key = await _server.AddKeyAsync();
        var errors = await RefuseAsync(
            key, """{"email":"x","display_name":"Zoë","time_zone":"x","source_ranks":[1],"x":1}""");
        Assert.Equal(
            ["body", "email", "source_ranks", "time_zone"], errors.EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task Too_long_a_name_and_too_many_ranks_are_refused()
    {
        var key = await _server.AddKeyAsync();
        var name = new string('n', User.MaxDisplayNameLength);
        Assert.Equal(name, (await ChangeAsync(key, $$"""{"display_name":"{{name}}"}""")).Text("display_name"));
        await RefuseAsync(key, $$"""{"display_name":"{{name}}n"}""");
        var ranks = string.Join(",", Enumerable.Range(0, UserChange.MaxSourceRanks + 1).Select(i => $"\"{i}\""));
        Assert.True((await RefuseAsync(key, $$"""{"source_ranks":[{{ranks}}]}""")).TryGetProperty("source_ranks", out _));
    }

    [Fact]
    public async Task An_email_that_somebody_else_has_is_refused_in_any_case()
    {
        var (key, other) = (await _server.AddKeyAsync(), await _server.AddKeyAsync());
        var errors = await RefuseAsync(key, $$"""{"email":"{{other.User.Email.ToUpperInvariant()}}"}""");
        Assert.Equal("""["is taken by somebody else."]""", errors.GetProperty("email").GetRawText());
        var own = await ChangeAsync(key, $$"""{"email":"{{key.User.Email.ToUpperInvariant()}}"}""");
        Assert.Equal(key.User.Email.ToUpperInvariant(), own.Text("email"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"email":"a@b","email":"c@d"}""")]
    [InlineData("""{"email":"a@b"} {}""")]
    [InlineData("""{"email":[[[[[[[[[1]]]]]]]]]}""")]
    public async Task A_body_that_is_no_object_is_malformed(string body)
    {
        using var response = await PatchAsync(await _server.AddKeyAsync(), body);
        await response.ReadProblemAsync(400, "malformed_body");
    }

    [Fact]
    public async Task Only_plain_JSON_of_a_sane_size_is_taken()
    {
        var key = await _server.AddKeyAsync();
        using var text = await PatchAsync(key, "{}", "text/plain");
        await text.ReadProblemAsync(415, "unsupported_media_type");
        using var packed = await PatchAsync(key, "{}", headers: ("Content-Encoding", "gzip"));
        await packed.ReadProblemAsync(415, "unsupported_media_type");
        using var large = await PatchAsync(key, $$"""{"display_name":"{{new string('x', 70_000)}}"}""");
        await large.ReadProblemAsync(413, "body_too_large");
        using var merge = await PatchAsync(key, "{}", "application/merge-patch+json");
        Assert.Equal(HttpStatusCode.OK, merge.StatusCode);
    }

    [Fact]
    public async Task Changes_at_once_lose_nothing()
    {
        var key = await _server.AddKeyAsync();
        var before = await _server.Get<IUserStore>().FindProfileAsync(key.User.Id, default);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => ChangeAsync(
            key, i % 2 == 0 ? $$"""{"display_name":"{{i}}"}""" : $$"""{"email":"{{i}}.{{key.User.Email}}"}""")));
        var after = await _server.Get<IUserStore>().FindProfileAsync(key.User.Id, default);
        Assert.NotEqual(before!.User.DisplayName, after!.User.DisplayName);
        Assert.NotEqual(before.User.Email, after.User.Email);
        Assert.Equal(before.SettingsVersion + 12, after.SettingsVersion);
    }

    [Fact]
    public async Task A_time_zone_holds_for_what_is_pushed_from_then_on()
    {
        var key = await _server.AddKeyAsync(await _server.AddUserAsync(timeZone: null));
        const string push =
            """{"data":{"metrics":[{"name":"heart_rate","units":"bpm","data":[{"date":"2026-01-15 08:00:00","Min":60,"Avg":60,"Max":60}]}]}}""";
        using var before = await _server.PushAsync(key, push);
        Assert.Equal("partial", (await before.ReadJsonAsync()).Text("status"));

        await ChangeAsync(key, """{"time_zone":"Asia/Tokyo"}""");

        using var after = await _server.PushAsync(key, push);
        Assert.Equal("completed", (await after.ReadJsonAsync()).Text("status"));
        var sample = Assert.Single(await _server.ReadItemsAsync(key, "/v1/metrics/heart_rate/samples"));
        Assert.Equal("2026-01-15T08:00:00+09:00", sample.Text("start_at"));
    }

    [Fact]
    public async Task Ranks_decide_which_source_counts_where_several_measured_the_same_time()
    {
        var key = await _server.AddKeyAsync();
        // From 08:00 watch and ring at once, from 09:00 ring and phone, from 10:00 all three; five minutes each.
        await _server.PushMetricAsync(
            key, "step_count", "count", "Seconds",
            Point("2026-01-15 08:00:00 +0100", 100, "Apple Watch"), Point("2026-01-15 08:00:00 +0100", 10, "Ring"),
            Point("2026-01-15 09:00:00 +0100", 20, "Ring"), Point("2026-01-15 09:00:00 +0100", 2, "iPhone"),
            Point("2026-01-15 10:00:00 +0100", 300, "Apple Watch"), Point("2026-01-15 10:00:00 +0100", 30, "Ring"),
            Point("2026-01-15 10:00:00 +0100", 3, "iPhone"), Point("2026-01-15 11:00:00 +0100", 1000, "Ring"));
        // As guessed: watch, phone, others.
        Assert.Equal(100 + 2 + 300 + 1000, await TotalAsync(key));

        await ChangeAsync(key, """{"source_ranks":["Apple Watch","Ring","iPhone"]}""");
        Assert.Equal(100 + 20 + 300 + 1000, await TotalAsync(key));
        await ChangeAsync(key, """{"source_ranks":["Ring"]}""");
        Assert.Equal(10 + 20 + 30 + 1000, await TotalAsync(key));
        // The one that is not named comes last, by guess.
        await ChangeAsync(key, """{"source_ranks":["iPhone","Apple Watch"]}""");
        Assert.Equal(100 + 2 + 3 + 1000, await TotalAsync(key));
        await ChangeAsync(key, """{"source_ranks":[]}""");
        Assert.Equal(1402, await TotalAsync(key));
        Assert.Equal(
            1465, Assert.Single(await _server.ReadItemsAsync(key, $"{Series}?merge=none")).Number("value"));
    }

    /// <summary>The day's total, worked out from the rows, and then again from what is kept of it.</summary>
    async Task<double> TotalAsync(TestKey key)
    {
        var read = Assert.Single(await _server.ReadItemsAsync(key, Series)).GetRawText();
        await _server.Get<DailyTotals>().RefreshAsync(key.User.Id, default);
        Assert.Empty(await _server.Get<IDailyTotalStore>().ListStaleAsync(key.User.Id, 10, default));
        var kept = Assert.Single(await _server.ReadItemsAsync(key, Series));
        Assert.Equal(read, kept.GetRawText());
        return kept.Number("value");
    }

    [Theory]
    [InlineData("")]
    [InlineData("?confirm=")]
    [InlineData("?confirm=somebody@example.org")]
    [InlineData("?confirm=yes&confirm=yes")]
    public async Task Nobody_is_erased_without_their_email(string query)
    {
        var key = await _server.AddKeyAsync();
        using var response = await EraseAsync(key, query);
        var problem = await response.ReadProblemAsync(400, "invalid_parameter");
        Assert.StartsWith("confirm: ", problem.Text("detail"));
        Assert.DoesNotContain(key.User.Email, problem.GetRawText(), StringComparison.Ordinal);
        using var unknown = await EraseAsync(key, $"{Confirming(key)}&force=true");
        Assert.StartsWith("force: ", (await unknown.ReadProblemAsync(400, "invalid_parameter")).Text("detail"));
        Assert.Equal(key.User, await _server.Get<IUserStore>().FindAsync(key.User.Id, default));
    }

    [Fact]
    public async Task An_erased_person_is_gone_and_others_are_as_before()
    {
        var (key, other) = (await _server.AddKeyAsync(), await _server.AddKeyAsync());
        var second = await _server.AddKeyAsync(key.User, KeyScopes.Read);
        await PushAsync(other);
        var theirs = await ReadAllAsync(other);
        var before = await CountRowsAsync();
        await PushAsync(key);

        using var response = await EraseAsync(key, $"?confirm={Uri.EscapeDataString(key.User.Email.ToUpperInvariant())}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("""{"status":"erased"}""", await response.Content.ReadAsStringAsync());
        foreach (var dead in (TestKey[])[key, second])
        {
            using var refused = await _server.GetAsync(dead, Me);
            await refused.ReadProblemAsync(401, "unauthenticated");
        }
        Assert.Null(await _server.Get<IUserStore>().FindAsync(key.User.Id, default));
        Assert.Equal(theirs, await ReadAllAsync(other));
        var after = await CountRowsAsync();
        Assert.Equal(before["users"] - 1, after["users"]);
        Assert.Equal(before["api_keys"] - 2, after["api_keys"]);
        foreach (var table in before.Keys.Except(["users", "api_keys", .. s_trail]))
            Assert.Equal(before[table], after[table]);
        await AssertTrailAsync(key.User);
        Assert.NotNull(await _server.Get<IUserStore>().AddAsync(
            key.User.Email, null, null, Entries.UserCreated, default));
    }

    [Fact]
    public async Task Of_several_erasing_one_person_at_once_each_hears_that_they_are_gone()
    {
        var key = await _server.AddKeyAsync();
        TestKey[] keys = [key, .. await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _server.AddKeyAsync(key.User)))];
        await PushAsync(key);

        var answers = await Task.WhenAll(keys.Select(one => EraseAsync(one, Confirming(one))));

        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        // Whoever came after the first had ended the keys is refused like anybody.
        Assert.All(answers, answer => Assert.True(
            answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Unauthorized, $"{answer.StatusCode}"));
        foreach (var answer in answers) answer.Dispose();
        Assert.Null(await _server.Get<IUserStore>().FindAsync(key.User.Id, default));
    }

    [Fact]
    public async Task A_push_that_is_on_its_way_while_its_person_is_erased_is_refused_and_leaves_nothing()
    {
        var (key, other) = (await _server.AddKeyAsync(), await _server.AddKeyAsync());
        var before = await CountRowsAsync();
        var rest = new TaskCompletionSource();
        using var content = new GatedContent(rest.Task);
        content.Headers.ContentType = new("application/json");
        var push = _server.SendAsync(HttpMethod.Post, "/v1/ingest", key, content);
        Assert.True(ApiKey.TryParse(key.Text, out var pushing));
        await Eventually.TrueAsync(async () => _server.Get<VerifiedKeys>().TryFind(
            pushing, await _server.Get<IKeyStore>().GetVersionAsync(default), out _));

        using (var erased = await EraseAsync(key, Confirming(key))) Assert.Equal(HttpStatusCode.OK, erased.StatusCode);
        rest.SetResult();

        using var response = await push;
        await response.ReadProblemAsync(401, "unauthenticated");
        var after = await CountRowsAsync();
        foreach (var table in before.Keys.Except(["users", "api_keys", .. s_trail]))
            Assert.Equal(before[table], after[table]);
        await AssertTrailAsync(key.User);
        Assert.Equal(other.User, await _server.Get<IUserStore>().FindAsync(other.User.Id, default));
    }

    /// <summary>A body of which the second half comes when told.</summary>
    sealed class GatedContent(Task rest) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("""{"data":{"metrics":["""u8.ToArray());
            await stream.FlushAsync();
            await rest;
            await stream.WriteAsync("]}}"u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>Checks that of an erased person's trail one line is left, which says that they were, and no more.
    /// </summary>
    async Task AssertTrailAsync(User user)
    {
        await _server.Get<AuditTrail>().FlushAsync(null, default);
        var audit = _server.Get<IAuditStore>();
        Assert.Empty((await audit.ListAsync(new(user.Id), null, 10, default)).Items);
        var erasures = (await audit.ListAsync(new(0, AuditAction.UserErased), null, 1_000, default)).Items;
        var entry = Assert.Single(erasures, entry => entry.Resource == user.PublicId.ToString());
        Assert.Equal(
            (null, null, null, null, null),
            (entry.KeyId, entry.Address, entry.UserAgent, entry.RequestId, entry.Metadata));
    }

    async Task PushAsync(TestKey key)
    {
        await _server.PushMetricAsync(
            key, "step_count", "count", "Seconds", Point("2026-01-15 08:00:00 +0100", 100, "Apple Watch"));
        await _server.PushMetricAsync(
            key, $"hue of {key.User.Id}", "deg", null, Point("2026-01-15 08:00:00 +0100", 1));
    }

    async Task<string> ReadAllAsync(TestKey key) =>
        string.Concat(
            (await _server.ReadAsync(key, Me)).GetRawText(), (await _server.ReadAsync(key, "/v1/metrics")).GetRawText(),
            (await _server.ReadAsync(key, "/v1/ingestions")).GetRawText(),
            (await _server.ReadAsync(key, "/v1/metrics/step_count/samples")).GetRawText());

    async Task<IReadOnlyDictionary<string, long>> CountRowsAsync() =>
        (await _server.Get<IMigrationStore>().DescribeAsync(default)).Rows;
}
