using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using HealthExport.People;
using HealthExport.Storage;
using HealthExport.Storage.Postgres;
using HealthExport.Tests.Isolation;
using HealthExport.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HealthExport.Tests.EndToEnd;

/// <summary>A person's whole life with the server, from the first command to the last trace, in processes of their own.
/// </summary>
public abstract class LifeTests(Engine engine)
{
    const string Email = "canary7Qx@example.org";
    const int PushesAllowed = 3;

    [Fact]
    public async Task From_the_first_command_to_the_last_trace()
    {
        await using var place = await StorePlace.MakeAsync(engine);
        await ServerProcess.RunAsync(place, "user", "add", Email, "--time-zone", "Europe/Berlin");
        await ServerProcess.RunAsync(place, "user", "add", "neighbour@example.org");
        var (user, neighbour) = (await FindAsync(place, Email), await FindAsync(place, "neighbour@example.org"));
        using var server = await ServerProcess.StartAsync(place);
        using var admin = Connect(server, await AddKeyAsync(place, Email, "read,admin"));
        using var phone = Connect(server, await AddKeyAsync(place, Email, "ingest", PushesAllowed));
        using var other = Connect(server, await AddKeyAsync(place, "neighbour@example.org", "ingest,read,admin"));
        await PushAsync(other, PushedLife.Of("sparrow", Guid.NewGuid(), hour: 9));

        // Pushed, read back, pushed again.
        var workout = Guid.NewGuid();
        var first = await PushAsync(phone, PushedLife.Of("canary7Qx", workout));
        Assert.Equal("partial", first.GetProperty("status").GetString());
        var again = await PushAsync(phone, PushedLife.Of("canary7Qx", workout));
        Assert.Equal("duplicate", again.GetProperty("status").GetString());
        Assert.Equal(
            first.GetProperty("ingestion_id").GetString(), again.GetProperty("duplicate_of").GetString());
        var steps = await GetAsync(admin, "/v1/metrics/step_count/series");
        Assert.Equal(120, Assert.Single(steps.GetProperty("items").EnumerateArray()).GetProperty("value").GetDouble());
        Assert.Equal(
            2_000, (await GetAsync(admin, $"/v1/workouts/{workout}")).GetProperty("distance_m").GetDouble());

        // One more is allowed, the next is not, and the other key is not held up by it.
        await PushAsync(phone, """{"data":{"metrics":[]}}""");
        using (var refused = await SendPushAsync(phone, """{"data":{"metrics":[],"x":[]}}"""))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }
        Assert.Equal(
            PushesAllowed,
            (await GetAsync(phone, "/v1/auth/rate-limit")).GetProperty("ingest").GetProperty("requests")
                .GetProperty("used").GetInt32());

        // What was done stands in the trail.
        await Eventually.TrueAsync(async () =>
        {
            var actions = (await GetAsync(admin, "/v1/audit?limit=1000")).GetProperty("items").EnumerateArray()
                .Select(entry => entry.GetProperty("action").GetString()).ToHashSet();
            return actions.IsSupersetOf(["user.created", "key.created", "data.ingested", "data.read", "limit.hit"]);
        });
        Assert.Equal(["ecg_voltages", "removed_samples"], (await UserRows.OfAsync(place.Url, user)).Empty()
            .Except(["queue", "idempotency_keys", "deletions"]));
        var theirs = await UserRows.OfAsync(place.Url, neighbour);

        // And nothing is left of it.
        using (var wrong = await admin.DeleteAsync("/v1/users/me?confirm=neighbour@example.org"))
            Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        using (var erased = await admin.DeleteAsync($"/v1/users/me?confirm={Email}"))
            Assert.Equal(HttpStatusCode.OK, erased.StatusCode);
        using (var dead = await admin.GetAsync("/v1/users/me"))
            Assert.Equal(HttpStatusCode.Unauthorized, dead.StatusCode);
        await AssertGoneAsync(place, user);
        Assert.Equal(theirs["samples"], (await UserRows.OfAsync(place.Url, neighbour))["samples"]);
        Assert.Equal(theirs["raw_chunks"], (await UserRows.OfAsync(place.Url, neighbour))["raw_chunks"]);
        Assert.NotEmpty((await GetAsync(other, "/v1/workouts")).GetProperty("items").EnumerateArray());
        Assert.Equal(0, await server.TerminateAsync(TimeSpan.FromSeconds(20)));
        await AssertGoneAsync(place, user);
        Assert.DoesNotContain("canary7Qx", server.Log, StringComparison.Ordinal);
        var erasure = Assert.Single((await ServerProcess.RunAsync(place, "audit", "--action", "user.erased"))
            .GetProperty("items").EnumerateArray());
        foreach (var member in erasure.EnumerateObject())
            Assert.DoesNotContain("canary", member.Value.GetRawText(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(
            (await ServerProcess.RunAsync(place, "user", "list")).GetProperty("items").EnumerateArray(),
            one => one.GetProperty("email").GetString() == Email);
    }

    [Fact]
    public async Task Killed_in_the_middle_of_erasing_somebody_the_next_start_finishes_it()
    {
        await using var place = await StorePlace.MakeAsync(engine);
        await ServerProcess.RunAsync(place, "user", "add", Email);
        var user = await FindAsync(place, Email);
        using (var server = await ServerProcess.StartAsync(place))
        {
            using var phone = Connect(server, await AddKeyAsync(place, Email, "ingest"));
            await PushAsync(phone, PushedLife.Of("canary7Qx", Guid.NewGuid()));
            Assert.Equal(0, await server.TerminateAsync(TimeSpan.FromSeconds(20)));
        }
        await using (await HoldUpAsync(place, user))
        {
            using var erasing = ServerProcess.StartVerb(place, [], "user", "erase", Email, "--yes");
            // The samples are gone by then, and the rest cannot go on.
            await Eventually.TrueAsync(async () => !await HasSamplesAsync(place, user));
            Assert.False(erasing.HasExited);
            erasing.Kill();
            await erasing.WaitForExitAsync();
        }
        var left = Assert.Single((await ServerProcess.RunAsync(place, "user", "list")).GetProperty("items")
            .EnumerateArray());
        Assert.True(left.GetProperty("being_erased").GetBoolean());

        using var next = await ServerProcess.StartAsync(place);

        await Eventually.TrueAsync(async () => (await UserRows.OfAsync(place.Url, user))["users"].Rows == 0);
        await AssertGoneAsync(place, user);
        Assert.Equal(0, await next.TerminateAsync(TimeSpan.FromSeconds(20)));
    }

    /// <summary>Holds up whoever erases a person: after the samples, before the end.</summary>
    internal abstract Task<IAsyncDisposable> HoldUpAsync(StorePlace place, long userId);

    /// <summary>Asked through a connection of its own, which is in nobody's way.</summary>
    internal abstract Task<bool> HasSamplesAsync(StorePlace place, long userId);

    static async Task AssertGoneAsync(StorePlace place, long user)
    {
        var left = await UserRows.OfAsync(place.Url, user);
        Assert.Equal(left.Keys, left.Empty());
        if (!place.Url.StartsWith("sqlite:", StringComparison.Ordinal)) return;
        foreach (var path in Directory.EnumerateFiles(place.Folder, "*", SearchOption.AllDirectories))
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var content = new byte[file.Length];
            await file.ReadExactlyAsync(content);
            Assert.True(content.AsSpan().IndexOf("canary7Qx"u8) < 0, $"{path} still holds what was erased.");
        }
    }

    static async Task<long> FindAsync(StorePlace place, string email)
    {
        await using var services = new ServiceCollection().AddHealthExportStorage(place.Url).BuildServiceProvider();
        return (await services.GetRequiredService<IUserStore>().FindByEmailAsync(email, default))!.Id;
    }

    /// <param name="pushes">How many an hour, if not as usual.</param>
    static async Task<string> AddKeyAsync(StorePlace place, string email, string scopes, int? pushes = null)
    {
        var key = await ServerProcess.RunAsync(
            place, "key", "create", "--user", email, "--name", scopes, "--scopes", scopes);
        if (pushes is { } most)
            await ServerProcess.RunAsync(
                place, "key", "limit", key.GetProperty("id").GetString()!, "--ingest-requests", $"{most}");
        return key.GetProperty("key").GetString()!;
    }

    static HttpClient Connect(ServerProcess server, string key)
    {
        var client = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    static Task<HttpResponseMessage> SendPushAsync(HttpClient phone, string body) => phone.PostAsync(
        "/v1/ingest", new StringContent(body, Encoding.UTF8, "application/json"));

    static async Task<JsonElement> PushAsync(HttpClient phone, string body)
    {
        using var response = await SendPushAsync(phone, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.ReadJsonAsync();
    }

    static async Task<JsonElement> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.ReadJsonAsync();
    }
}

public sealed class SqliteLifeTests() : LifeTests(Engine.Sqlite)
{
    /// <summary>A reader of what was: the log cannot be emptied until it ends.</summary>
    internal override async Task<IAsyncDisposable> HoldUpAsync(StorePlace place, long userId)
    {
        var connection = await ConnectAsync(place);
        using var begin = connection.CreateCommand();
        begin.CommandText = "begin; select count(*) from samples";
        await begin.ExecuteScalarAsync();
        return connection;
    }

    internal override async Task<bool> HasSamplesAsync(StorePlace place, long userId)
    {
        await using var connection = await ConnectAsync(place);
        using var find = connection.CreateCommand();
        find.CommandText = $"select exists (select 1 from samples where user_id = {userId})";
        return (long)(await find.ExecuteScalarAsync())! != 0;
    }

    static async Task<SqliteConnection> ConnectAsync(StorePlace place)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = place.Url["sqlite:".Length..], Pooling = false,
        }.ToString());
        await connection.OpenAsync();
        return connection;
    }
}

public sealed class PostgresLifeTests() : LifeTests(Engine.Postgres)
{
    /// <summary>A lock on a row that goes after the samples.</summary>
    internal override async Task<IAsyncDisposable> HoldUpAsync(StorePlace place, long userId)
    {
        var connection = await ConnectAsync(place);
        await connection.BeginTransactionAsync();
        await using var hold = new NpgsqlCommand("select 1 from sources where user_id = $1 for update", connection);
        hold.Parameters.Add(new NpgsqlParameter<long> { TypedValue = userId });
        await hold.ExecuteNonQueryAsync();
        return connection;
    }

    internal override async Task<bool> HasSamplesAsync(StorePlace place, long userId)
    {
        await using var connection = await ConnectAsync(place);
        await using var find = new NpgsqlCommand(
            "select exists (select 1 from samples where user_id = $1)", connection);
        find.Parameters.Add(new NpgsqlParameter<long> { TypedValue = userId });
        return (bool)(await find.ExecuteScalarAsync())!;
    }

    static async Task<NpgsqlConnection> ConnectAsync(StorePlace place)
    {
        var settings = PostgresUrl.Parse(place.Url);
        settings.Pooling = false;
        var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }
}
