using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HealthExport.Keys;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Server;

/// <summary>Putting a key in the place of another.</summary>
public abstract partial class KeyRoutesTests
{
    [Fact]
    public async Task A_rotated_key_works_beside_its_successor_and_then_no_more()
    {
        var clock = new FakeClock();
        await using var server = await RunningServer.StartAsync(
            overrides: services => services.AddClock(clock), engine: fixture.Engine);
        var admin = await server.AddKeyAsync();
        using var response = await server.SendAsync(
            HttpMethod.Post, $"{Path}/{admin.Id}/rotate", admin, JsonContent.Create(new { overlap_seconds = 60 }));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var rotated = await response.ReadJsonAsync();
        Assert.Equal(admin.Id, rotated.GetProperty("replaces").NeededText("id"));
        Assert.Equal(
            rotated.GetProperty("created_at").GetDateTimeOffset().AddMinutes(1),
            rotated.GetProperty("replaces").GetProperty("ends_at").GetDateTimeOffset());
        var successor = new TestKey(rotated.NeededText("id"), rotated.NeededText("key"), admin.User);

        foreach (var key in (TestKey[])[admin, successor])
        {
            using var beside = await server.GetAsync(key, Path);
            Assert.Equal(HttpStatusCode.OK, beside.StatusCode);
        }
        clock.Advance(TimeSpan.FromSeconds(60));
        using var over = await server.GetAsync(admin, Path);
        await over.ReadProblemAsync(401, "unauthenticated");
        using var good = await server.GetAsync(successor, Path);
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
    }

    [Fact]
    public async Task A_rotation_without_overlap_ends_the_old_key_at_once()
    {
        var admin = await _server.AddKeyAsync();
        Assert.Equal(HttpStatusCode.OK, await UseAsync(admin.Text));
        using var response = await PostAsync(admin, $"{Path}/{admin.Id}/rotate", new { overlap_seconds = 0 });
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await UseAsync(admin.Text));
        Assert.Equal(HttpStatusCode.OK, await UseAsync((await response.ReadJsonAsync()).NeededText("key")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    public async Task A_rotation_of_which_nothing_is_said_overlaps_for_an_hour(string? body)
    {
        var admin = await _server.AddKeyAsync();
        using var response = await SendAsync(admin, HttpMethod.Post, $"{Path}/{admin.Id}/rotate", body);
        var rotated = await response.ReadJsonAsync();
        Assert.Equal(
            TimeSpan.FromHours(1),
            rotated.GetProperty("replaces").GetProperty("ends_at").GetDateTimeOffset()
                - rotated.GetProperty("created_at").GetDateTimeOffset());
    }

    [Theory]
    [InlineData("""{"overlap_seconds":-1}""", "overlap_seconds")]
    [InlineData("""{"overlap_seconds":1.5}""", "overlap_seconds")]
    [InlineData("""{"overlap_seconds":"60"}""", "overlap_seconds")]
    [InlineData("""{"overlap_seconds":7776001}""", "overlap_seconds")]
    [InlineData("""{"overlap_seconds":99999999999999999999}""", "overlap_seconds")]
    [InlineData("""{"overlap":60}""", "body")]
    public async Task A_rotation_that_cannot_be_is_refused_and_changes_nothing(string body, string field)
    {
        var admin = await _server.AddKeyAsync();
        using var response = await SendAsync(admin, HttpMethod.Post, $"{Path}/{admin.Id}/rotate", body);
        var problem = await response.ReadProblemAsync(422, "invalid_request");
        Assert.Equal(field, problem.GetProperty("errors").EnumerateObject().Single().Name);
        Assert.Equal(JsonValueKind.Null, Assert.Single(await ListAsync(admin)).GetProperty("replaced_by").ValueKind);
    }

    [Fact]
    public async Task A_key_that_has_ended_or_was_rotated_is_not_rotated()
    {
        var admin = await _server.AddKeyAsync();
        var expired = await _server.AddKeyAsync(
            admin.User, KeyScopes.Read, Instant.From(DateTimeOffset.UnixEpoch.AddYears(50)));
        var revoked = (await CreateAsync(admin, "read")).NeededText("id");
        (await RevokeAsync(admin, revoked, inBody: false)).Dispose();
        var rotated = (await CreateAsync(admin, "read")).NeededText("id");
        (await PostAsync(admin, $"{Path}/{rotated}/rotate", new { })).Dispose();

        foreach (var id in (string[])[expired.Id, revoked, rotated])
        {
            using var response = await PostAsync(admin, $"{Path}/{id}/rotate", new { });
            var problem = await response.ReadProblemAsync(409, "conflict");
            Assert.Contains(
                id == rotated ? "replaced_by" : "new key", problem.NeededText("hint"), StringComparison.Ordinal);
        }
        Assert.Equal(5, (await ListAsync(admin)).Count);
    }

    [Fact]
    public async Task Of_two_rotations_at_once_one_is_told_of_the_other()
    {
        var admin = await _server.AddKeyAsync();
        var target = (await CreateAsync(admin, "read")).NeededText("id");

        var responses = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(_ => PostAsync(admin, $"{Path}/{target}/rotate", new { })));

        Assert.Equal(
            [HttpStatusCode.Created, .. Enumerable.Repeat(HttpStatusCode.Conflict, 5)],
            responses.Select(response => response.StatusCode).Order());
        var made = await responses.Single(one => one.StatusCode == HttpStatusCode.Created).ReadJsonAsync();
        Assert.Equal(HttpStatusCode.OK, await UseAsync(made.NeededText("key")));
        Assert.Equal(3, (await ListAsync(admin)).Count);
        foreach (var response in responses) response.Dispose();
    }

    [Fact]
    public async Task A_key_is_not_rotated_into_the_hands_of_one_that_lacks_its_scopes()
    {
        var user = await _server.AddUserAsync();
        var reader = await _server.AddKeyAsync(user, KeyScopes.Read);
        var admin = await _server.AddKeyAsync(user, KeyScopes.Admin);
        using var response = await PostAsync(admin, $"{Path}/{reader.Id}/rotate", new { });
        await response.ReadProblemAsync(403, "forbidden");
        using var revoked = await RevokeAsync(admin, reader.Id, inBody: false);
        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
    }
}
