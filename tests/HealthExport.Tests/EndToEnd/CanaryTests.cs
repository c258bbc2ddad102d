using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HealthExport.Keys;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>
/// Sends known secrets and known values through everything that the program does, in processes of its own, and looks
/// for them wherever something may come to lie. Secrets may be nowhere but in the one answer that shows them. Values
/// may be in the person's own answers and data, and not in logs, errors or the audit trail.
/// </summary>
public abstract class CanaryTests(Engine engine) : IAsyncLifetime
{
    const string HeartRate = "61.72839451";
    const string Rejected = "412.82713";
    const string Latitude = "47.61803391";
    const string Longitude = "8.64932171";
    const string Workout = "Kanarienlauf";
    const string Watch = "Kanarienuhr";
    const string Symptom = "Kanarienkopfweh";
    const string Email = "canary@example.org";

    const string Push = $$$"""
        {"data":{"metrics":[
          {"name":"heart_rate","units":"count/min","data":[
            {"date":"2026-01-15 07:30:00 +0100","source":"{{{Watch}}}",
              "Min":{{{HeartRate}}},"Avg":{{{HeartRate}}},"Max":70},
            {"date":"2026-01-15 07:31:00 +0100","source":"{{{Watch}}}",
              "Min":60,"Avg":{{{Rejected}}},"Max":{{{Rejected}}}}]}],
          "workouts":[{"id":"7d5a6f0e-0000-4000-8000-00000000c0de","name":"{{{Workout}}}",
            "start":"2026-01-15 08:00:00 +0100","end":"2026-01-15 08:30:00 +0100",
            "route":[{"latitude":{{{Latitude}}},"longitude":{{{Longitude}}},"timestamp":"2026-01-15 08:00:00 +0100"},
              {"latitude":{{{Latitude}}},"longitude":8.65,"timestamp":"2026-01-15 08:01:00 +0100"}]}],
          "symptoms":[{"name":"{{{Symptom}}}","start":"2026-01-15 09:00:00 +0100","end":"2026-01-15 09:30:00 +0100",
            "severity":"{{{Symptom}}}","userEntered":true,"source":"{{{Watch}}}"}]}}
        """;

    readonly Canaries _secrets = new();
    readonly Canaries _values = new();

    StorePlace _place = null!;
    string _temp = null!;
    (string, string)[] _settings = null!;
    RedisServer? _redis;

    public async ValueTask InitializeAsync()
    {
        _place = await StorePlace.MakeSpoiltAsync(engine);
        _temp = Directory.CreateDirectory(Path.Combine(_place.Folder, "temp")).FullName;
        _settings =
        [
            ("LOG_LEVEL", "Trace"), ("TMPDIR", _temp), ("HEALTHEXPORT__INGEST__TEMPFOLDER", _temp),
            ("HEALTHEXPORT__INGEST__WAITSECONDS", "120"),
        ];
        // Where there are several servers, there is Redis, too.
        if (engine == Engine.Postgres)
        {
            RedisServer.Require(own: true);
            _redis = await RedisServer.StartAsync();
            _settings = [.. _settings, ("REDIS_URL", _redis.Url)];
        }
        foreach (var (name, value) in (IEnumerable<(string, string)>)
        [
            ("a heart rate", HeartRate), ("a rejected value", Rejected), ("a latitude", Latitude),
            ("a longitude", Longitude), ("a workout's name", Workout), ("a source", Watch), ("a symptom", Symptom),
        ])
            _values.Add(name, value);
    }

    public async ValueTask DisposeAsync()
    {
        if (_redis is not null) await _redis.DisposeAsync();
        if (_place is not null) await _place.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Secrets_and_values_get_nowhere_but_where_they_belong()
    {
        // The server's own log shall show what it is sent even where the operator has it log everything.
        if (engine == Engine.Postgres) await DatabaseSinks.LogEverythingAsync(_place.Url);
        string log;
        using (var server = await ServerProcess.StartAsync(_place, _settings))
        {
            var admin = server.AdminKey!;
            _secrets.AddKey("the first admin key", admin);
            await RunVerbsAsync();
            using var http = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(3) };
            var keys = await MakeKeysAsync(http, admin);
            await PushAndReadAsync(http, keys);
            await GoWrongAsync(http, admin);
            AssertProcess(server.Id);
            // In the middle of a push, as it would be by a power cut.
            using var cut = await RawConnection.OpenAsync(server.Address);
            await cut.SendAsync(
                $"POST /v1/ingest HTTP/1.1\r\nHost: test\r\napi-key: {admin}\r\nContent-Type: application/json\r\n"
                + $"Content-Length: 100000000\r\n\r\n{Push}");
            await http.SendAsync(Ask(HttpMethod.Get, "/v1/metrics", admin));
            await server.KillAsync();
            log = server.Log;
        }
        using (var again = await ServerProcess.StartAsync(_place, _settings))
        {
            await again.TerminateAsync(RunningServer.Deadline);
            log += again.Log;
        }

        Assert.Contains("RequestLog[1001]", log, StringComparison.Ordinal);
        _secrets.AssertNotIn("the log", log);
        Assert.DoesNotContain(Email, log, StringComparison.OrdinalIgnoreCase);
        _values.AssertNotIn("the log", log);
        foreach (var file in Directory.EnumerateFiles(_temp, "*", SearchOption.AllDirectories))
        {
            // The runtime's own pipes have no content.
            if (Path.GetFileName(file).StartsWith("dotnet-diagnostic", StringComparison.Ordinal)
                || Path.GetFileName(file).StartsWith("clr-debug-pipe", StringComparison.Ordinal)) continue;
            // Nor has the one that tells how caches do, left by a server that was killed: a socket.
            if (new FileInfo(file) is { Length: 0, Name: var name }
                && name.StartsWith("health-export-", StringComparison.Ordinal)) continue;
            Assert.Fail($"A temporary file is left behind: {file}");
        }
        if (_redis is not null) await AssertRedisAsync(_redis);
        await (engine == Engine.Postgres
            ? DatabaseSinks.AssertPostgresAsync(_place.Url, _secrets, _values)
            : DatabaseSinks.AssertSqliteAsync(_place, _secrets, _values));
    }

    /// <summary>Every verb; its output is the operator's, but for secrets that it is not there to show.</summary>
    async Task RunVerbsAsync()
    {
        await RunVerbAsync("user", "add", Email, "--name", "Kanarienvogel");
        var phone = await IssueAsync("the phone's key", "pair", "--user", Email);
        var hx = await IssueAsync(
            "a key of the command line", "key", "create", "--user", Email, "--name", "n", "--scopes", "read");
        var uuid = await IssueAsync(
            "a UUID of the command line", "key", "create", "--user", Email, "--name", "n", "--scopes", "ingest,admin",
            "--format", "uuid");
        var rotated = await IssueAsync("a key rotated on the command line", "key", "rotate", hx.Id);
        // What somebody may well do: the key, where its id belongs.
        foreach (var verb in (string[])["revoke", "rotate", "limit"])
            foreach (var key in (string[])[phone.Key, uuid.Key, rotated.Key])
            {
                Assert.Equal(1, await RunVerbAsync("key", verb, key));
                Assert.Equal(1, await RunVerbAsync("key", verb, key, "--json"));
            }
        await RunVerbAsync("key", "revoke", rotated.Id);

        var file = Path.Combine(_place.Folder, "push.json");
        await File.WriteAllTextAsync(file, Push);
        await RunVerbAsync("import", file, "--user", Email);
        File.Delete(file);
        foreach (var verb in (string[][])
        [
            ["key", "list"], ["user", "list"], ["status"], ["config"], ["migrate", "--status"], ["replay", "--failed"],
            ["audit"], ["nonsense"], ["--help"],
        ])
        {
            await RunVerbAsync(verb);
            await RunVerbAsync([.. verb, "--json"]);
        }
    }

    async Task<int> RunVerbAsync(params string[] arguments)
    {
        var (code, output, error) = await ServerProcess.RunVerbAsync(_place, _settings, arguments);
        _secrets.AssertNotIn($"{arguments[0]} {arguments.ElementAtOrDefault(1)}", output + error);
        _values.AssertNotIn($"standard error of {arguments[0]}", error);
        return code;
    }

    /// <summary>Runs a verb that shows a key, and takes the key up into those that nothing shows after.</summary>
    async Task<(string Id, string Key)> IssueAsync(string name, params string[] arguments)
    {
        var (code, output, error) = await ServerProcess.RunVerbAsync(_place, _settings, [.. arguments, "--json"]);
        Assert.True(code == 0, error);
        using var document = JsonDocument.Parse(output);
        var key = document.RootElement.NeededText("key");
        _secrets.AddKey(name, key);
        _secrets.AssertNotIn($"standard error of {arguments[0]}", error);
        return (document.RootElement.NeededText("id"), key);
    }

    async Task<IReadOnlyList<string>> MakeKeysAsync(HttpClient http, string admin)
    {
        List<string> keys = [admin];
        foreach (var format in KeyFormats.Names)
        {
            using var created = await http.SendAsync(Ask(
                HttpMethod.Post, "/v1/auth/keys", admin,
                JsonContent.Create(new { name = "http", scopes = (string[])["read", "ingest", "admin"], format })));
            var made = await TakeKeyAsync($"a key made over HTTP ({format})", created);
            using var rotated = await http.SendAsync(
                Ask(HttpMethod.Post, $"/v1/auth/keys/{made.Id}/rotate", admin));
            keys.Add((await TakeKeyAsync($"a key rotated over HTTP ({format})", rotated)).Key);
        }
        return keys;
    }

    async Task<(string Id, string Key)> TakeKeyAsync(string name, HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        _secrets.AssertNotIn("headers", response.Headers.ToString());
        var answer = await response.ReadJsonAsync();
        _secrets.AddKey(name, answer.NeededText("key"));
        return (answer.NeededText("id"), answer.NeededText("key"));
    }

    async Task PushAndReadAsync(HttpClient http, IReadOnlyList<string> keys)
    {
        foreach (var key in keys)
        {
            foreach (var body in (string[])[Push, Push[..^9], $"{{\"data\":{{\"metrics\":[{Rejected}]}}}}"])
            {
                using var pushed = await http.SendAsync(Ask(
                    HttpMethod.Post, "/v1/ingest", key, JsonOf(body)));
                Assert.True(
                    pushed.StatusCode == HttpStatusCode.OK, await pushed.Content.ReadAsStringAsync());
                await CheckAsync("POST /v1/ingest", pushed, mayHoldValues: true);
            }
            foreach (var path in (string[])
            [
                "/v1/ingestions", "/v1/metrics", "/v1/metrics/heart_rate/samples", "/v1/metrics/heart_rate/series",
                "/v1/workouts", "/v1/workouts/7d5a6f0e-0000-4000-8000-00000000c0de",
                "/v1/workouts/7d5a6f0e-0000-4000-8000-00000000c0de/route", "/v1/auth/keys", "/v1/audit", "/health",
                "/ready", $"/v1/workouts?near={Latitude},{Longitude}&activity={Workout}",
                $"/v1/metrics/heart_rate/samples?source={Watch}",
            ])
            {
                using var read = await http.SendAsync(Ask(HttpMethod.Get, path, key));
                Assert.Equal(HttpStatusCode.OK, read.StatusCode);
                var isHealth = !path.StartsWith("/v1/au", StringComparison.Ordinal);
                await CheckAsync($"GET {path}", read, mayHoldValues: isHealth);
            }
        }
    }

    /// <summary>Every route, in every way of going wrong that comes with a secret or a value.</summary>
    async Task GoWrongAsync(HttpClient http, string admin)
    {
        var (unknown, uuid) = (ApiKey.Mint(KeyFormat.Hx).Key.Reveal(), ApiKey.Mint(KeyFormat.Uuid).Key.Reveal());
        var malformed = unknown + "!";
        _secrets.AddKey("an unknown key", unknown);
        _secrets.AddKey("an unknown UUID", uuid);
        var routes = RepositoryFacts.Read("tests/HealthExport.Tests/Manifests/endpoints.txt")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.NotEmpty(routes);
        foreach (var (method, route) in routes.Select(words => (new HttpMethod(words[0]), words[1])))
        {
            var path = PathOf(route, "nothing");
            var isPush = route.EndsWith("/ingest", StringComparison.Ordinal) || route == "/api/data";
            List<HttpRequestMessage> requests = [];
            foreach (var key in (string[])[unknown, uuid, malformed])
            {
                requests.Add(Ask(method, path, key));
                foreach (var header in (string[])["X-API-Key", "api-key"])
                    requests.Add(With(Ask(method, path, null), header, key));
                requests.Add(Ask(method, $"{path}?api-key={key}&key={key}", null));
                requests.Add(Ask(method, $"{path}?api-key={key}", admin));
                requests.Add(Ask(method, path, admin, JsonOf(key)));
                // As a push that would be data, and kept as it is.
                if (!isPush) requests.Add(Ask(method, path, admin, JsonOf($"{{\"{key}\":\"{key}\"}}")));
                requests.Add(Ask(method, path, admin, TypedAs(key)));
            }
            requests.Add(Ask(method, PathOf(route, unknown), admin));
            requests.Add(With(Ask(method, path, unknown), "X-Request-Id", unknown));
            requests.Add(Ask(method, $"{path}?from={HeartRate}&near={Latitude}&limit={Symptom}", admin));
            requests.Add(Ask(method, path, admin, JsonOf($"{{\"name\":{Rejected},\"{Symptom}\":\"{Workout}\"")));
            requests.Add(Ask(method, path, admin, new StringContent(Push, Encoding.UTF8, "text/csv")));
            foreach (var request in requests)
            {
                using (request)
                using (var response = await http.SendAsync(request))
                    await CheckAsync($"{method} {route}", response, mayHoldValues: response.IsSuccessStatusCode);
            }
        }
    }

    /// <summary>A path that the route matches, if it takes such a text at all.</summary>
    static string PathOf(string route, string id) => string.Join('/', route.Split('/').Select(part =>
        part.StartsWith('{') ? Uri.EscapeDataString(id) : part));

    async Task CheckAsync(string sink, HttpResponseMessage response, bool mayHoldValues)
    {
        var answer = $"{(int)response.StatusCode}\n{response.Headers}{response.Content.Headers}\n"
            + await response.Content.ReadAsStringAsync();
        _secrets.AssertNotIn(sink, answer);
        if (!mayHoldValues) _values.AssertNotIn(sink, answer);
    }

    void AssertProcess(int id)
    {
        if (!OperatingSystem.IsLinux()) return;
        foreach (var file in (string[])["cmdline", "environ", "comm", "status"])
        {
            var text = File.ReadAllText($"/proc/{id}/{file}");
            _secrets.AssertNotIn($"/proc/{file}", text);
            _values.AssertNotIn($"/proc/{file}", text);
        }
        foreach (var thread in Directory.EnumerateDirectories($"/proc/{id}/task"))
            _secrets.AssertNotIn("the name of a thread", File.ReadAllText($"{thread}/comm"));
    }

    /// <summary>Every name and every value, as Redis itself would write them to disk.</summary>
    async Task AssertRedisAsync(RedisServer redis)
    {
        using var connection = await redis.ConnectAsync();
        var database = connection.GetDatabase();
        var names = connection.GetServer(connection.GetEndPoints().Single()).Keys().ToList();
        Assert.NotEmpty(names);
        foreach (var name in names)
            foreach (var canaries in (Canaries[])[_secrets, _values])
            {
                canaries.AssertNotIn("a name in Redis", name.ToString());
                canaries.AssertNotIn("a value in Redis", await database.KeyDumpAsync(name));
            }
    }

    static StringContent JsonOf(string text) => new(text, Encoding.UTF8, "application/json");

    static ByteArrayContent TypedAs(string contentType)
    {
        var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return content;
    }

    static HttpRequestMessage Ask(HttpMethod method, string path, string? key, HttpContent? content = null)
    {
        var request = new HttpRequestMessage(method, path) { Content = content };
        if (key is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        return request;
    }

    static HttpRequestMessage With(HttpRequestMessage request, string header, string value)
    {
        request.Headers.TryAddWithoutValidation(header, value);
        return request;
    }
}

public sealed class SqliteCanaryTests() : CanaryTests(Engine.Sqlite);

public sealed class PostgresCanaryTests() : CanaryTests(Engine.Postgres);
