using System.Net;
using System.Text.Json;
using HealthExport.People;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server.Isolation;

/// <summary>How each endpoint keeps people apart, by method and route under <c>/v1</c>.</summary>
static class HttpIsolation
{
    /// <param name="Prefix">Nothing, or <c>/api</c>.</param>
    public delegate Task Case(HttpPeople people, string Prefix);

    const string Nobodys = "019bc186-de00-7404-9e1a-d0764a66c18e";

    public static readonly IReadOnlyDictionary<string, Case> Cases = new Dictionary<string, Case>
    {
        ["GET /docs/{**path}"] = SameForAllAsync("/docs/index.html"),
        ["GET /health"] = OpenAsync("/health"),
        ["GET /openapi/v1.json"] = SameForAllAsync("/openapi/v1.json"),
        ["GET /ready"] = OpenAsync("/ready"),

        ["POST /api/data"] = (people, _) => PushOwnersBytesAsync(people, "/api/data"),
        ["POST /v1/ingest"] = (people, prefix) => PushOwnersBytesAsync(people, $"{prefix}/v1/ingest"),
        ["GET /v1/ingestions"] = async (people, prefix) =>
        {
            await people.AssertApartAsync($"{prefix}/v1/ingestions");
            await people.AssertApartAsync($"{prefix}/v1/ingestions?status=partial");
        },
        ["GET /v1/ingestions/{id:guid}"] = HiddenAsync(HttpMethod.Get, "/v1/ingestions/{id}", Ingestion),
        ["GET /v1/ingestions/{id:guid}/rejects"] =
            HiddenAsync(HttpMethod.Get, "/v1/ingestions/{id}/rejects", Ingestion),
        ["GET /v1/ingestions/{id:guid}/payload"] =
            HiddenAsync(HttpMethod.Get, "/v1/ingestions/{id}/payload", Ingestion),
        ["POST /v1/ingestions/{id:guid}/replay"] =
            HiddenAsync(HttpMethod.Post, "/v1/ingestions/{id}/replay", Ingestion),

        ["GET /v1/metrics"] = async (people, prefix) =>
        {
            await people.AssertApartAsync($"{prefix}/v1/metrics");
            await people.AssertApartAsync($"{prefix}/v1/metrics?all=true");
        },
        ["GET /v1/metrics/latest"] = (people, prefix) => people.AssertApartAsync($"{prefix}/v1/metrics/latest"),
        ["GET /v1/metrics/{name}/samples"] = async (people, prefix) =>
        {
            await people.AssertApartAsync($"{prefix}/v1/metrics/step_count/samples");
            await people.AssertHiddenAsync(
                HttpMethod.Get, $"{prefix}/v1/metrics/{{id}}/samples", $"{HttpPeople.Name}_hue", "nobodys_hue");
            Assert.Empty((await people.Server.ReadAsync(
                people.Intruder, $"{prefix}/v1/metrics/step_count/samples?source={HttpPeople.Name}%20watch"))
                .GetProperty("items").EnumerateArray());
        },
        ["GET /v1/metrics/{name}/series"] = async (people, prefix) =>
        {
            await people.AssertApartAsync($"{prefix}/v1/metrics/step_count/series?by=source");
            await people.AssertApartAsync($"{prefix}/v1/metrics/step_count/series?bucket=hour", bearsName: false);
            await people.AssertHiddenAsync(
                HttpMethod.Get, $"{prefix}/v1/metrics/{{id}}/series", $"{HttpPeople.Name}_hue", "nobodys_hue");
        },
        ["GET /v1/series"] = async (people, prefix) =>
        {
            await people.AssertApartAsync($"{prefix}/v1/series?metrics=step_count&by=source");
            await people.AssertHiddenAsync(
                HttpMethod.Get, $"{prefix}/v1/series?metrics={{id}}", $"{HttpPeople.Name}_hue", "nobodys_hue");
        },
        ["GET /v1/blood-pressure"] = (people, prefix) => people.AssertApartAsync($"{prefix}/v1/blood-pressure"),
        ["GET /v1/summary"] = async (people, prefix) =>
        {
            var own = await people.Server.ReadAsync(
                people.Intruder, $"{prefix}/v1/summary?from=2026-01-01&to=2026-02-01");
            var theirs = await people.Server.ReadAsync(
                people.Owner, $"{prefix}/v1/summary?from=2026-01-01&to=2026-02-01");
            Assert.NotEqual(theirs.GetRawText(), own.GetRawText());
            Assert.DoesNotContain(HttpPeople.Name, own.GetRawText(), StringComparison.Ordinal);
        },
        ["GET /v1/freshness"] = async (people, prefix) =>
        {
            var own = (await people.Server.ReadAsync(people.Intruder, $"{prefix}/v1/freshness")).GetRawText();
            Assert.DoesNotContain(HttpPeople.Name, own, StringComparison.Ordinal);
            Assert.NotEqual(
                (await people.Server.ReadAsync(people.Owner, $"{prefix}/v1/freshness")).GetRawText(), own);
        },
        ["GET /v1/drift"] = (people, prefix) => people.AssertApartAsync($"{prefix}/v1/drift"),
        ["GET /v1/sleep"] = (people, prefix) => people.AssertApartAsync($"{prefix}/v1/sleep?stages=true"),
        ["GET /v1/events"] = (people, prefix) => people.AssertApartAsync($"{prefix}/v1/events"),
        ["GET /v1/events/{id}"] = (people, prefix) => people.AssertHiddenAsync(
            HttpMethod.Get, $"{prefix}/v1/events/{{id}}", people.OwnersEvent, "nobodys"),
        ["GET /v1/unmapped"] = async (people, prefix) =>
        {
            foreach (var (key, name) in new[] { (people.Owner, HttpPeople.Name), (people.Intruder, "intruder") })
                Assert.Equal(
                    $"{name} run",
                    Assert.Single(await people.Server.ReadItemsAsync(key, $"{prefix}/v1/unmapped")).Text("text"));
        },
        ["GET /v1/export"] = async (people, prefix) =>
        {
            var theirs = await ExportedZip.ReadAsync(people.Server, people.Owner, prefix: prefix);
            var own = await ExportedZip.ReadAsync(people.Server, people.Intruder, prefix: prefix);
            Assert.Contains(HttpPeople.Name, theirs.AllText, StringComparison.Ordinal);
            Assert.DoesNotContain(HttpPeople.Name, own.AllText, StringComparison.Ordinal);
        },
        ["GET /v1/workouts"] = async (people, prefix) =>
        {
            await people.AssertApartAsync($"{prefix}/v1/workouts");
            await people.AssertApartAsync($"{prefix}/v1/workouts?near=52.5,13.4&radius_m=1000");
        },
        ["GET /v1/workouts/{id:guid}"] =
            HiddenAsync(HttpMethod.Get, "/v1/workouts/{id}", people => people.OwnersWorkout),
        ["GET /v1/workouts/{id:guid}/route"] =
            HiddenAsync(HttpMethod.Get, "/v1/workouts/{id}/route", people => people.OwnersWorkout),

        ["GET /api/metrics/{name}"] = async (people, _) =>
        {
            foreach (var metric in (string[])["step_count", "sleep_analysis", "blood_pressure"])
                Assert.DoesNotContain(
                    HttpPeople.Name,
                    (await people.Server.ReadAsync(people.Intruder, $"/api/metrics/{metric}")).GetRawText(),
                    StringComparison.Ordinal);
        },
        ["GET /api/workouts"] = async (people, _) =>
        {
            var id = people.OwnersWorkout.ToString().ToUpperInvariant();
            Assert.Contains(
                id, (await people.Server.ReadAsync(people.Owner, "/api/workouts")).GetRawText(),
                StringComparison.Ordinal);
            Assert.DoesNotContain(
                id, (await people.Server.ReadAsync(people.Intruder, "/api/workouts")).GetRawText(),
                StringComparison.Ordinal);
        },
        ["GET /api/workouts/{id:guid}"] =
            HiddenAsync(HttpMethod.Get, "/api/workouts/{id}", people => people.OwnersWorkout),

        ["GET /v1/audit"] = async (people, prefix) =>
        {
            await people.AssertApartAsync($"{prefix}/v1/audit", bearsName: false);
            var own = await people.Server.ReadAsync(people.Intruder, $"{prefix}/v1/audit?limit=10000");
            foreach (var theirs in (string[])
                [people.OwnersIngestion.ToString(), people.Owner.Id, people.Owner.User.PublicId.ToString()])
                Assert.DoesNotContain(theirs, own.GetRawText(), StringComparison.Ordinal);
        },

        ["DELETE /v1/data"] = async (people, prefix) =>
        {
            using var none = await people.SendAsync(
                HttpMethod.Delete, $"{prefix}/v1/data?source={HttpPeople.Name}%20watch&dry_run=true",
                people.Intruder);
            Assert.Equal(0, (await none.ReadJsonAsync()).Number("deleted"));
            await people.AssertHiddenAsync(
                HttpMethod.Delete, $"{prefix}/v1/data?metric={{id}}", $"{HttpPeople.Name}_hue", "nobodys_hue");
        },

        ["POST /v1/auth/keys"] = async (people, prefix) =>
        {
            using var made = await people.SendAsync(
                HttpMethod.Post, $"{prefix}/v1/auth/keys", people.Intruder, """{"name":"mine","scopes":["read"]}""");
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
            var key = people.Intruder with { Text = (await made.ReadJsonAsync()).Text("key")! };
            Assert.Equal(people.Intruder.User.Email, (await people.Server.ReadAsync(key, "/v1/users/me")).Text("email"));
            foreach (var field in (string[])["user", "user_id", "owner", "email"])
            {
                using var refused = await people.SendAsync(
                    HttpMethod.Post, $"{prefix}/v1/auth/keys", people.Intruder,
                    $$"""{"name":"theirs","scopes":["read"],"{{field}}":"{{people.Owner.User.PublicId}}"}""");
                await refused.ReadProblemAsync(422, "invalid_request");
            }
        },
        ["GET /v1/auth/keys"] = async (people, prefix) =>
        {
            await people.AssertApartAsync($"{prefix}/v1/auth/keys", bearsName: false);
            var own = await people.Server.ReadAsync(people.Intruder, $"{prefix}/v1/auth/keys");
            Assert.DoesNotContain(people.Owner.Id, own.GetRawText(), StringComparison.Ordinal);
            Assert.DoesNotContain(people.OwnersOther.Id, own.GetRawText(), StringComparison.Ordinal);
        },
        ["DELETE /v1/auth/keys"] = (people, prefix) => people.AssertHiddenAsync(
            HttpMethod.Delete, $"{prefix}/v1/auth/keys", people.Owner.Id, "nobodys", """{"id":"{id}"}"""),
        ["DELETE /v1/auth/keys/{id}"] = (people, prefix) => people.AssertHiddenAsync(
            HttpMethod.Delete, $"{prefix}/v1/auth/keys/{{id}}", people.Owner.Id, "nobodys"),
        ["POST /v1/auth/keys/{id}/rotate"] = (people, prefix) => people.AssertHiddenAsync(
            HttpMethod.Post, $"{prefix}/v1/auth/keys/{{id}}/rotate", people.Owner.Id, "nobodys"),

        ["GET /v1/auth/rate-limit"] = async (people, prefix) =>
        {
            // Nothing of what the owner has used.
            var key = await people.Server.AddKeyAsync();
            var own = await people.Server.ReadAsync(key, $"{prefix}/v1/auth/rate-limit");
            foreach (var one in (string[])["ingest", "read"])
                Assert.Equal(0, own.GetProperty(one).GetProperty("requests").Number("used"));
        },

        ["GET /v1/users/me"] = async (people, prefix) => Assert.Equal(
            people.Intruder.User.Email,
            (await people.Server.ReadAsync(people.Intruder, $"{prefix}/v1/users/me")).Text("email")),
        ["PATCH /v1/users/me"] = async (people, prefix) =>
        {
            using var refused = await people.SendAsync(
                HttpMethod.Patch, $"{prefix}/v1/users/me", people.Intruder,
                $$"""{"email":"{{HttpPeople.Name}}@EXAMPLE.org","source_ranks":["{{HttpPeople.Name}} watch"]}""");
            var errors = (await refused.ReadProblemAsync(422, "invalid_request")).GetProperty("errors");
            // As for a source that nobody has.
            using var unknown = await people.SendAsync(
                HttpMethod.Patch, $"{prefix}/v1/users/me", people.Intruder, """{"source_ranks":["nobodys watch"]}""");
            Assert.Equal(
                (await unknown.ReadProblemAsync(422, "invalid_request")).GetProperty("errors")
                    .GetProperty("source_ranks[0]").GetRawText(),
                errors.GetProperty("source_ranks[0]").GetRawText());
        },
        ["DELETE /v1/users/me"] = async (people, prefix) =>
        {
            using var refused = await people.SendAsync(
                HttpMethod.Delete, $"{prefix}/v1/users/me?confirm={HttpPeople.Name}@example.org", people.Intruder);
            await refused.ReadProblemAsync(400, "invalid_parameter");
            Assert.NotNull(await people.Server.Get<IUserStore>().FindAsync(people.Intruder.User.Id, default));
        },
    };

    static Guid Ingestion(HttpPeople people) => people.OwnersIngestion;

    static Case HiddenAsync(HttpMethod method, string path, Func<HttpPeople, Guid> id) =>
        (people, prefix) => people.AssertHiddenAsync(method, prefix + path, id(people).ToString(), Nobodys);

    /// <summary>What answers anybody has nothing of anybody in it.</summary>
    static Case OpenAsync(string path) => async (people, _) =>
    {
        using var answer = await people.SendAsync(HttpMethod.Get, path, null);
        Assert.DoesNotContain(HttpPeople.Name, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    };

    /// <summary>What is about nobody is the same for whoever asks.</summary>
    static Case SameForAllAsync(string path) => async (people, _) =>
    {
        using var forNobody = await people.SendAsync(HttpMethod.Get, path, null);
        using var forOwner = await people.SendAsync(HttpMethod.Get, path, people.Owner);
        Assert.Equal(
            await forNobody.Content.ReadAsByteArrayAsync(), await forOwner.Content.ReadAsByteArrayAsync());
    };

    /// <summary>The owner's very bytes and idempotency key are another push of another person.</summary>
    static async Task PushOwnersBytesAsync(HttpPeople people, string path)
    {
        // Of somebody who has nothing yet, so that it would be seen if anything was taken for sent before.
        var key = await people.Server.AddKeyAsync();
        using var response = await people.Server.PushAsync(
            key, System.Text.Encoding.UTF8.GetBytes(people.OwnersPush), path: path,
            headers: ("Idempotency-Key", people.IdempotencyKey));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var answer = await response.ReadJsonAsync();
        Assert.Equal(("partial", JsonValueKind.Null), (answer.Text("status"), answer.GetProperty("duplicate_of").ValueKind));
        Assert.NotEqual(people.OwnersIngestion, answer.IngestionId());
        var counts = answer.GetProperty("counts");
        Assert.Equal(counts.Number("received") - counts.Number("rejected"), counts.Number("inserted"));
    }
}
