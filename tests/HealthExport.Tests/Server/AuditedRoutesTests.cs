using System.Net;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Limits;
using HealthExport.Server.Audit;
using HealthExport.Server.Security;
using HealthExport.Tests.Support;
using Microsoft.AspNetCore.Builder;

namespace HealthExport.Tests.Server;

/// <summary>No route can be forgotten by the audit trail.</summary>
public sealed class AuditedRoutesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Steps = """
        {"data":{"metrics":[{"name":"step_count","units":"count","data":[
        {"qty":7,"date":"2026-01-15 08:01:07 +0100"},{"qty":-1,"date":"2026-01-15 08:02:07 +0100"}]}]}}
        """;

    const string Headache = """
        {"data":{"symptoms":[{"name":"Headache","start":"2026-01-15 08:00:00 +0100","end":"2026-01-15 09:00:00 +0100",
        "severity":"Mild","userEntered":true,"source":"iPhone"}]}}
        """;

    /// <summary>Routes of scope read that show no health data, and why.</summary>
    static readonly Dictionary<string, string> s_harmless = new()
    {
        ["GET /v1/auth/rate-limit"] = "it shows what is left of a key's limits",
        ["GET /v1/users/me"] = "it shows who one is",
    };

    readonly RunningServer _server = fixture.Server;

    [Fact]
    public void Every_route_that_a_key_may_read_with_says_that_it_is_audited_as_a_read()
    {
        var silent = Endpoints.Of(_server)
            .Where(endpoint => endpoint.AnyOf.Include(KeyScopes.Read)
                && endpoint.Audit is not ("data.read" or "payload.read" or "data.exported"))
            .Select(endpoint => $"{endpoint.Method} {endpoint.Route.Replace("/api/v1/", "/v1/")}").Distinct();

        Assert.Empty(silent.Except(s_harmless.Keys));
    }

    [Fact]
    public async Task Every_route_that_reads_health_data_leaves_its_trace()
    {
        var user = await _server.AddUserAsync();
        var key = await _server.AddKeyAsync(user);
        var workout = Guid.CreateVersion7();
        await _server.PushWorkoutsAsync(key, WorkoutPushes.Run(
            workout, "2026-01-15T07:00:00Z", more: WorkoutPushes.Route((50, 8, 100), (50.001, 8, 101))));
        using var pushed = await _server.PushAsync(key, Steps);
        var ingestion = (await pushed.ReadJsonAsync()).IngestionId();
        (await _server.PushAsync(key, Headache)).Dispose();
        using var events = await _server.GetAsync(key, "/v1/events");
        var headache = (await events.ReadJsonAsync()).GetProperty("items")[0].Text("id")!;

        foreach (var endpoint in Endpoints.Of(_server).Where(endpoint => endpoint.Audit == "data.read"))
        {
            var reader = await _server.AddKeyAsync(user);
            // Whoever adds a route with another kind of name says here what to read.
            var path = string.Join('/', endpoint.Route.Split('/').Select((part, i) => part switch
            {
                "{name}" => "step_count",
                ['{', ..] => endpoint.Route.Split('/')[i - 1] switch
                {
                    "ingestions" => ingestion.ToString(),
                    "workouts" => workout.ToString(),
                    "events" => headache,
                    var things => throw new InvalidOperationException($"Say which of {things} to read."),
                },
                _ => part,
            }));
            if (path.EndsWith("v1/series", StringComparison.Ordinal)) path += "?metrics=step_count";
            using var response = await _server.SendAsync(new(endpoint.Method), path, reader);
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path} answers {response.StatusCode}");

            var entry = Assert.Single(
                await _server.ReadAuditAsync(reader, "&action=data.read"), entry => entry.Text("key_id") == reader.Id);

            Assert.Equal(endpoint.Route, entry.Text("resource"));
            Assert.DoesNotContain(headache, entry.GetRawText(), StringComparison.Ordinal);
            Assert.Equal(1, entry.GetProperty("metadata").GetProperty("count").GetInt32());
        }
    }

    [Fact]
    public async Task Every_route_that_changes_something_leaves_the_trace_that_it_declares()
    {
        var user = await _server.AddUserAsync();
        var admin = await _server.AddKeyAsync(user);
        using var pushed = await _server.PushAsync(admin, Steps);
        var ingestion = (await pushed.ReadJsonAsync()).IngestionId();
        await _server.FollowAsync(admin, ingestion);

        foreach (var endpoint in Endpoints.Of(_server)
            .Where(endpoint => endpoint.Audit is not ("-" or "data.read" or "audit.read" or "user.erased")))
        {
            var other = await _server.AddKeyAsync(user);
            var before = await CountAsync();
            var (path, body) = (endpoint.Method, endpoint.Route.Replace("/api/v1/", "/v1/")) switch
            {
                ("POST", "/api/data" or "/v1/ingest") => (endpoint.Route, Steps),
                ("POST", "/v1/auth/keys") => (endpoint.Route, """{"name":"made","scopes":["read"]}"""),
                ("PATCH", "/v1/users/me") => (endpoint.Route, $$"""{"display_name":"after {{before}}"}"""),
                ("DELETE", "/v1/auth/keys") => (endpoint.Route, $$"""{"id":"{{other.Id}}"}"""),
                ("GET", "/v1/export") => (endpoint.Route, null),
                ("DELETE", "/v1/data") => ($"{endpoint.Route}?metric=heart_rate", null),
                (_, "/v1/auth/keys/{id}" or "/v1/auth/keys/{id}/rotate") =>
                    (endpoint.Route.Replace("{id}", other.Id), null),
                (_, "/v1/ingestions/{id:guid}/payload" or "/v1/ingestions/{id:guid}/replay") =>
                    (endpoint.Route.Replace("{id:guid}", ingestion.ToString()), (string?)null),
                _ => throw new InvalidOperationException($"Say how to call {endpoint.Method} {endpoint.Route}."),
            };
            using var content = body is null ? null : new StringContent(body, null, "application/json");
            using var response = await _server.SendAsync(new(endpoint.Method), path, admin, content);
            Assert.True(response.IsSuccessStatusCode, $"{endpoint.Method} {path} answers {response.StatusCode}");

            Assert.True(before + 1 == await CountAsync(), $"{endpoint.Method} {path} left no trace.");

            async Task<int> CountAsync() =>
                (await _server.ReadAuditAsync(admin, $"&action={endpoint.Audit}"))
                    .Count(entry => entry.Text("key_id") == admin.Id);
        }
    }

    [Fact]
    public async Task Every_route_that_erases_a_person_leaves_one_line_and_that_is_nobodys()
    {
        var erasing = Endpoints.Of(_server).Where(endpoint => endpoint.Audit == "user.erased").ToList();
        Assert.NotEmpty(erasing);
        foreach (var endpoint in erasing)
        {
            var gone = await _server.AddKeyAsync();
            (await _server.PushAsync(gone, Steps)).Dispose();
            using var response = await _server.SendAsync(
                new(endpoint.Method), $"{endpoint.Route}?confirm={Uri.EscapeDataString(gone.User.Email)}", gone);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);

            var entry = Assert.Single(
                await _server.ListAuditAsync(AuditAction.UserErased),
                entry => entry.Resource == gone.User.PublicId.ToString());

            Assert.Equal((0L, null, null), (entry.UserId, entry.KeyId, entry.Address));
            var all = await _server.Get<IAuditStore>().ListAsync(new(gone.User.Id), null, 10, default);
            Assert.Empty(all.Items);
        }
    }

    [Fact]
    public void An_endpoint_that_does_not_say_what_it_leaves_in_the_trail_stops_the_start()
    {
        Assert.Contains(
            "/forgotten",
            Assert.Throws<InvalidOperationException>(() => Check("/forgotten", route => route)).Message);
        Assert.Throws<InvalidOperationException>(() => Check("/both", route => route.Audits(
            AuditAction.DataRead).AuditsNothing("")));
        Check("/audited", route => route.Audits(AuditAction.DataRead));
        Check("/silent", route => route.AuditsNothing("a test"));

        static void Check(string path, Func<RouteHandlerBuilder, RouteHandlerBuilder> declare)
        {
            var app = WebApplication.CreateSlimBuilder().Build();
            app.MapGet("/open", () => "").NeedsNoKey();
            declare(app.MapGet(path, () => "").Needs(KeyScopes.Read).CountsAs(LimitClass.Read));
            app.CheckAudits();
        }
    }
}
