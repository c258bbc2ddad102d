using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HealthExport.Keys;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Server;

public abstract partial class KeyRoutesTests(ServerFixture fixture)
{
    const string Path = "/v1/auth/keys";

    readonly RunningServer _server = fixture.Server;

    [Theory]
    [InlineData("hx")]
    [InlineData("uuid")]
    public async Task A_new_key_is_shown_once_and_works(string format)
    {
        var admin = await _server.AddKeyAsync();
        var expiresAt = DateTimeOffset.FromUnixTimeSeconds(4_000_000_000);
        using var response = await PostAsync(admin, Path, new
        {
            name = "  Küche ", scopes = (string[])["read", "ingest"], format, limit_profile = "phone",
            expires_at = expiresAt.ToOffset(TimeSpan.FromHours(2)),
        });

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.True(response.Headers.CacheControl!.NoStore);
        var created = await response.ReadJsonAsync();
        Assert.Equal(
            ["id", "key", "name", "scopes", "format", "limit_profile", "created_at", "expires_at", "replaces"],
            created.EnumerateObject().Select(field => field.Name));
        var id = created.NeededText("id");
        Assert.Equal($"{Path}/{id}", response.Headers.Location!.OriginalString);
        Assert.Equal(
            ("Küche", format, "phone"),
            (created.NeededText("name"), created.NeededText("format"), created.NeededText("limit_profile")));
        Assert.Equal(expiresAt, created.GetProperty("expires_at").GetDateTimeOffset());
        Assert.Equal(["ingest", "read"], created.GetProperty("scopes").EnumerateArray().Select(one => one.GetString()));
        Assert.True(ApiKey.TryParse(created.NeededText("key"), out var key));
        Assert.Equal(format == "hx" ? KeyFormat.Hx : KeyFormat.Uuid, key.Format);
        Assert.Equal(format == "hx" ? id : null, key.PublicId);

        Assert.Equal(HttpStatusCode.OK, await UseAsync(created.NeededText("key")));
        using var list = await _server.GetAsync(admin, Path);
        var text = await list.Content.ReadAsStringAsync();
        Assert.Contains(id, text, StringComparison.Ordinal);
        Assert.DoesNotContain(SecretOf(created.NeededText("key")), text, StringComparison.Ordinal);
        Assert.DoesNotContain("argon2", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_needs_but_a_name_and_scopes()
    {
        var admin = await _server.AddKeyAsync();
        var created = await CreateAsync(admin, "read");
        Assert.Equal(("hx", "default"), (created.NeededText("format"), created.NeededText("limit_profile")));
        Assert.Equal(JsonValueKind.Null, created.GetProperty("expires_at").ValueKind);
        Assert.Equal(JsonValueKind.Null, created.GetProperty("replaces").ValueKind);
        Assert.NotEqual(created.NeededText("key"), (await CreateAsync(admin, "read")).NeededText("key"));
    }

    [Theory]
    [InlineData("""{"scopes":["read"]}""", "name")]
    [InlineData("""{"name":null,"scopes":["read"]}""", "name")]
    [InlineData("""{"name":" ","scopes":["read"]}""", "name")]
    [InlineData("""{"name":7,"scopes":["read"]}""", "name")]
    [InlineData("""{"name":"a\u001b[31m","scopes":["read"]}""", "name")]
    [InlineData("""{"name":"a\u0000","scopes":["read"]}""", "name")]
    [InlineData("""{"name":"a\u202eb","scopes":["read"]}""", "name")]
    [InlineData("""{"name":"hx_v825q8qej85j_JJfJGmMnzIoBtoxfdnXUySW9","scopes":["read"]}""", "name")]
    [InlineData("""{"name":"5b43c68a-6987-4001-9041-c45004c398ac","scopes":["read"]}""", "name")]
    [InlineData("""{"name":"a\ud83c","scopes":["read"]}""", "name")]
    [InlineData("""{"name":"a"}""", "scopes")]
    [InlineData("""{"name":"a","scopes":[]}""", "scopes")]
    [InlineData("""{"name":"a","scopes":["write"]}""", "scopes")]
    [InlineData("""{"name":"a","scopes":["read",7]}""", "scopes")]
    [InlineData("""{"name":"a","scopes":"read"}""", "scopes")]
    [InlineData("""{"name":"a","scopes":["read"],"format":"jwt"}""", "format")]
    [InlineData("""{"name":"a","scopes":["read"],"limit_profile":"endless"}""", "limit_profile")]
    [InlineData("""{"name":"a","scopes":["read"],"expires_at":"2020-01-01T00:00:00Z"}""", "expires_at")]
    [InlineData("""{"name":"a","scopes":["read"],"expires_at":"9999-01-01T00:00:00Z"}""", "expires_at")]
    [InlineData("""{"name":"a","scopes":["read"],"expires_at":"2099-01-01T00:00:00"}""", "expires_at")]
    [InlineData("""{"name":"a","scopes":["read"],"expires_at":"2099-01-01"}""", "expires_at")]
    [InlineData("""{"name":"a","scopes":["read"],"expires_at":4000000000}""", "expires_at")]
    [InlineData("""{"name":"a","scopes":["read"],"expire_at":"2099-01-01T00:00:00Z"}""", "body")]
    [InlineData(
        """{"name":7,"scopes":["write"],"format":"jwt","limit_profile":1}""", "format,limit_profile,name,scopes")]
    public async Task What_cannot_be_a_key_is_refused_field_by_field_and_nothing_is_made(string body, string fields)
    {
        var admin = await _server.AddKeyAsync();
        using var response = await SendAsync(admin, HttpMethod.Post, Path, body);
        var problem = await response.ReadProblemAsync(422, "invalid_request");
        Assert.Equal(
            fields.Split(','), problem.GetProperty("errors").EnumerateObject().Select(field => field.Name));
        Assert.Single(await ListAsync(admin));
    }

    [Theory]
    [InlineData("", 400, "malformed_body")]
    [InlineData("{", 400, "malformed_body")]
    [InlineData("[]", 400, "malformed_body")]
    [InlineData("\"read\"", 400, "malformed_body")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\",\"scopes\":[\"read\"]}", 400, "malformed_body")]
    [InlineData("{\"\\ud83c\":1}", 400, "malformed_body")]
    [InlineData("{\"a\":[[[[[[[[[[]]]]]]]]]]}", 400, "malformed_body")]
    public async Task A_body_that_is_no_object_of_fields_is_malformed(string body, int status, string code)
    {
        var admin = await _server.AddKeyAsync();
        foreach (var (method, path) in (IEnumerable<(HttpMethod, string)>)
            [(HttpMethod.Post, Path), (HttpMethod.Delete, Path)])
        {
            using var response = await SendAsync(admin, method, path, body);
            await response.ReadProblemAsync(status, code);
        }
        Assert.Single(await ListAsync(admin));
    }

    [Fact]
    public async Task A_body_of_another_type_or_far_too_large_is_refused()
    {
        var admin = await _server.AddKeyAsync();
        using var form = await _server.SendAsync(
            HttpMethod.Post, Path, admin, new FormUrlEncodedContent([new("name", "a")]));
        await form.ReadProblemAsync(415, "unsupported_media_type");
        using var packed = await _server.SendAsync(
            HttpMethod.Post, Path, admin, JsonContent.Create(new { name = "a" }), ("Content-Encoding", "gzip"));
        await packed.ReadProblemAsync(415, "unsupported_media_type");
        using var large = await SendAsync(admin, HttpMethod.Post, Path, $$"""{"name":"{{new string('a', 70_000)}}"}""");
        await large.ReadProblemAsync(413, "body_too_large");
    }

    [Theory]
    [InlineData(KeyScopes.Admin, "read", "read")]
    [InlineData(KeyScopes.Admin | KeyScopes.Read, "ingest,read,admin", "ingest")]
    public async Task A_key_hands_out_no_scope_that_it_lacks_itself(KeyScopes own, string wanted, string lacking)
    {
        var admin = await _server.AddKeyAsync(own);
        using var response = await PostAsync(admin, Path, new { name = "n", scopes = wanted.Split(',') });
        var problem = await response.ReadProblemAsync(403, "forbidden");
        Assert.Contains($"lacks {lacking}.", problem.NeededText("detail"), StringComparison.Ordinal);
        Assert.Single(await ListAsync(admin));
    }

    [Fact]
    public async Task Keys_are_listed_page_by_page_with_their_states_and_nobody_elses()
    {
        var admin = await _server.AddKeyAsync();
        await _server.AddKeyAsync();
        var expired = await _server.AddKeyAsync(
            admin.User, KeyScopes.Read, Instant.From(DateTimeOffset.UnixEpoch.AddYears(50)));
        var revoked = (await CreateAsync(admin, "read")).NeededText("id");
        (await _server.SendAsync(HttpMethod.Delete, $"{Path}/{revoked}", admin)).Dispose();
        var rotated = (await CreateAsync(admin, "ingest")).NeededText("id");
        using var rotation = await PostAsync(admin, $"{Path}/{rotated}/rotate", new { overlap_seconds = 600 });
        var successor = (await rotation.ReadJsonAsync()).NeededText("id");
        await _server.Get<IKeyStore>().LimitAsync(successor, "strict", new(ReadRequests: 5), Entries.KeyLimited, default);

        List<JsonElement> items = [];
        string? cursor = null;
        do
        {
            var query = cursor is null ? "?limit=2" : $"?limit=2&cursor={cursor}";
            using var page = await _server.GetAsync(admin, Path + query);
            var json = await page.ReadJsonAsync();
            items.AddRange(json.GetProperty("items").EnumerateArray());
            cursor = json.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);

        Assert.Equal(
            [(admin.Id, "good"), (expired.Id, "expired"), (revoked, "revoked"), (rotated, "good"), (successor, "good")],
            items.Select(item => (item.NeededText("id"), item.NeededText("state"))));
        Assert.Equal(
            [
                "id", "name", "scopes", "format", "limit_profile", "limits", "state", "created_at", "expires_at",
                "revoked_at", "last_used_at", "replaced_by",
            ],
            items[0].EnumerateObject().Select(field => field.Name));
        Assert.Equal(successor, items[3].NeededText("replaced_by"));
        Assert.Equal(TimeSpan.FromMinutes(10), items[3].GetProperty("expires_at").GetDateTimeOffset()
            - items[4].GetProperty("created_at").GetDateTimeOffset());
        Assert.Equal("""{"ingest_requests":null,"ingest_bytes":null,"read_requests":5,"read_bytes":null}""",
            items[4].GetProperty("limits").GetRawText());
        Assert.Equal(JsonValueKind.Null, items[0].GetProperty("limits").ValueKind);
    }

    [Fact]
    public async Task A_cursor_of_another_persons_keys_is_refused()
    {
        var mine = await _server.AddKeyAsync();
        await _server.AddKeyAsync(mine.User);
        using var page = await _server.GetAsync(mine, $"{Path}?limit=1");
        var cursor = (await page.ReadJsonAsync()).NeededText("next_cursor");
        using var stolen = await _server.GetAsync(await _server.AddKeyAsync(), $"{Path}?limit=1&cursor={cursor}");
        await stolen.ReadProblemAsync(400, "invalid_parameter");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_revoked_key_is_refused_at_once_and_revoking_it_again_is_no_error(bool inBody)
    {
        var admin = await _server.AddKeyAsync();
        var created = await CreateAsync(admin, "read");
        Assert.Equal(HttpStatusCode.OK, await UseAsync(created.NeededText("key")));

        for (var i = 0; i < 2; i++)
        {
            using var response = await RevokeAsync(admin, created.NeededText("id"), inBody);
            Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
            Assert.Empty(await response.Content.ReadAsByteArrayAsync());
            Assert.Equal(HttpStatusCode.Unauthorized, await UseAsync(created.NeededText("key")));
        }
    }

    [Fact]
    public async Task A_key_may_revoke_itself_and_the_last_one_too()
    {
        var admin = await _server.AddKeyAsync();
        using var response = await RevokeAsync(admin, admin.Id, inBody: false);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await UseAsync(admin.Text));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("%00")]
    [InlineData("a%20b")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task What_nobody_has_is_not_found(string id)
    {
        var admin = await _server.AddKeyAsync();
        using var revoked = await _server.SendAsync(HttpMethod.Delete, $"{Path}/{id}", admin);
        using var rotated = await _server.SendAsync(HttpMethod.Post, $"{Path}/{id}/rotate", admin);
        if (id == "%00")
        {
            // Kestrel's own answer.
            Assert.Equal(
                (HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (revoked.StatusCode, rotated.StatusCode));
            return;
        }
        await revoked.ReadProblemAsync(404, "not_found");
        await rotated.ReadProblemAsync(404, "not_found");
    }

    [Fact]
    public async Task Another_persons_key_is_not_found_and_stays_as_it_is()
    {
        var (mine, other) = (await _server.AddKeyAsync(), await _server.AddKeyAsync());
        foreach (var inBody in (bool[])[true, false])
        {
            using var revoked = await RevokeAsync(mine, other.Id, inBody);
            await revoked.ReadProblemAsync(404, "not_found");
        }
        using var rotated = await PostAsync(mine, $"{Path}/{other.Id}/rotate", new { overlap_seconds = 0 });
        await rotated.ReadProblemAsync(404, "not_found");
        Assert.Equal(HttpStatusCode.OK, await UseAsync(other.Text));
        Assert.Single(await ListAsync(other));
    }

    Task<HttpResponseMessage> PostAsync(TestKey key, string path, object body) =>
        _server.SendAsync(HttpMethod.Post, path, key, JsonContent.Create(body));

    Task<HttpResponseMessage> SendAsync(TestKey key, HttpMethod method, string path, string? body) => _server.SendAsync(
        method, path, key, body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"));

    Task<HttpResponseMessage> RevokeAsync(TestKey key, string id, bool inBody) => inBody
        ? _server.SendAsync(HttpMethod.Delete, Path, key, JsonContent.Create(new { id }))
        : _server.SendAsync(HttpMethod.Delete, $"{Path}/{id}", key);

    async Task<JsonElement> CreateAsync(TestKey key, params string[] scopes)
    {
        using var response = await PostAsync(key, Path, new { name = "test", scopes });
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return await response.ReadJsonAsync();
    }

    async Task<IReadOnlyList<JsonElement>> ListAsync(TestKey key)
    {
        using var response = await _server.GetAsync(key, Path);
        return [.. (await response.ReadJsonAsync()).GetProperty("items").EnumerateArray()];
    }

    async Task<HttpStatusCode> UseAsync(string key)
    {
        using var response = await _server.SendAsync(
            HttpMethod.Get, "/v1/ingestions", null, null, ("api-key", key));
        return response.StatusCode;
    }

    static string SecretOf(string key) => key.StartsWith("hx_", StringComparison.Ordinal) ? key[^43..] : key;
}
