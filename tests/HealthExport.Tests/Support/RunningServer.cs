using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Migrations;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Server;
using HealthExport.Server.Settings;
using HealthExport.Time;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace HealthExport.Tests.Support;

/// <summary>
/// The whole server on a port of its own, in this process, over a new store, migrated. People and keys are made in its
/// stores. Disposing stops it and removes the store, unless that was given: then several servers may share it.
/// </summary>
sealed class RunningServer : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    // Real Argon2id, but not its real cost: tests make a key each.
    static readonly Argon2Cost s_cheap = new(64, 1, 1);

    readonly StorePlace? _place;
    readonly WebApplication _app;
    int _people;

    RunningServer(StorePlace? place, WebApplication app, CapturedLog log)
    {
        (_place, _app, Log) = (place, app, log);
        Url = new Uri(app.Urls.Single());
        Client = new HttpClient { BaseAddress = Url, Timeout = Deadline };
    }

    public Uri Url { get; }
    public HttpClient Client { get; }
    public CapturedLog Log { get; }
    public IServiceProvider Services => _app.Services;

    /// <param name="settings">Changes to the defaults.</param>
    /// <param name="overrides">Changes to the container.</param>
    /// <param name="engine">Of the new store.</param>
    /// <param name="shared">A store that is there already, instead of a new one.</param>
    public static async Task<RunningServer> StartAsync(
        Func<ServerSettings, ServerSettings>? settings = null, Action<IServiceCollection>? overrides = null,
        Engine engine = Engine.Sqlite, StorePlace? shared = null)
    {
        var own = shared is null ? await StorePlace.MakeAsync(engine) : null;
        var log = new CapturedLog();
        var defaults = new ServerSettings { DatabaseUrl = (shared ?? own)!.Url, Urls = ["http://127.0.0.1:0"] };
        var app = ServerHost.Build(
            settings?.Invoke(defaults) ?? defaults,
            services =>
            {
                services.RemoveAll<ILoggerProvider>();
                services.AddSingleton<ILoggerProvider>(log);
                overrides?.Invoke(services);
            });
        await app.Services.GetRequiredService<IMigrationStore>().MigrateAsync(null, false, CancellationToken.None);
        await app.StartAsync();
        return new(own, app, log);
    }

    public T Get<T>() where T : notnull => Services.GetRequiredService<T>();

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        if (_place is not null) await _place.DisposeAsync();
    }

    /// <summary>A new person.</summary>
    public async Task<User> AddUserAsync(string? timeZone = "Europe/Berlin") =>
        await Get<IUserStore>().AddAsync(
            $"person{Interlocked.Increment(ref _people)}@example.org", null, timeZone,
            Entries.Now(AuditAction.UserCreated), CancellationToken.None)
        ?? throw new InvalidOperationException("The e-mail was taken.");

    /// <summary>A new key, as its holder would send it; under limits that no test comes near by chance.</summary>
    public async Task<TestKey> AddKeyAsync(
        User user, KeyScopes scopes = KeyScopes.All, Instant? expiresAt = null, KeyFormat format = KeyFormat.Hx,
        LimitProfile profile = LimitProfile.Bulk)
    {
        var minted = ApiKey.Mint(format);
        var text = minted.Key.Reveal();
        await Get<IKeyStore>().AddAsync(
            new(
                minted.PublicId, user.Id, "test", scopes, LimitProfiles.GetName(profile), minted.Key.LookupHash.ToArray(),
                Argon2id.Hash(Encoding.ASCII.GetBytes(text), s_cheap), Instant.From(TimeProvider.System.GetUtcNow()),
                expiresAt, null, null),
            Entries.Now(AuditAction.KeyCreated), CancellationToken.None);
        return new(minted.PublicId, text, user);
    }

    /// <summary>A new key of a new person.</summary>
    public async Task<TestKey> AddKeyAsync(KeyScopes scopes = KeyScopes.All) =>
        await AddKeyAsync(await AddUserAsync(), scopes);

    /// <summary>Posts a body as a push; the headers are content headers where HTTP has them so.</summary>
    public Task<HttpResponseMessage> PushAsync(
        TestKey key, byte[] body, string? contentType = "application/json", string path = "/v1/ingest",
        params (string Name, string Value)[] headers)
    {
        var content = new ByteArrayContent(body);
        if (contentType is not null) content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return SendAsync(HttpMethod.Post, path, key, content, headers);
    }

    public Task<HttpResponseMessage> PushAsync(
        TestKey key, string json, params (string Name, string Value)[] headers) =>
        PushAsync(key, Encoding.UTF8.GetBytes(json), headers: headers);

    public Task<HttpResponseMessage> GetAsync(TestKey? key, string path) => SendAsync(HttpMethod.Get, path, key);

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, TestKey? key, HttpContent? content = null,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key.Text);
        foreach (var (name, value) in headers)
            if (content is null || !content.Headers.TryAddWithoutValidation(name, value)
                || !name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))
            {
                if (content?.Headers.NonValidated.Contains(name) is true) content.Headers.Remove(name);
                request.Headers.TryAddWithoutValidation(name, value);
            }
        return await Client.SendAsync(request);
    }

    /// <summary>Asks for an ingestion until it is settled.</summary>
    public async Task<JsonElement> FollowAsync(TestKey key, Guid id)
    {
        JsonElement last = default;
        await Eventually.TrueAsync(async () =>
        {
            using var response = await GetAsync(key, $"/v1/ingestions/{id}");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            last = await response.ReadJsonAsync();
            return last.GetProperty("status").GetString() is not ("queued" or "processing");
        });
        return last;
    }

    /// <summary>How many pushes of its owner the store has kept.</summary>
    public async Task<int> CountKeptAsync(TestKey key)
    {
        var page = await Get<IIngestionStore>().ListAsync(key.User.Id, new(), null, 1000, default);
        return page.Items.Count;
    }
}

/// <param name="Id">Public.</param>
/// <param name="Text">What a client sends.</param>
sealed record TestKey(string Id, string Text, User User);

static class Responses
{
    public static async Task<JsonElement> ReadJsonAsync(this HttpResponseMessage response)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.Clone();
    }

    /// <summary>Checks that an answer is a problem with everything a problem has, and gives it back.</summary>
    public static async Task<JsonElement> ReadProblemAsync(this HttpResponseMessage response, int status, string code)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.ReadJsonAsync();
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal($"urn:health-export:problem:{code}", problem.GetProperty("type").GetString());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.StartsWith("/", problem.GetProperty("instance").GetString());
        Assert.True(response.Headers.Contains("X-Request-Id"));
        return problem;
    }

    /// <summary>The text of a field that must be there.</summary>
    public static string NeededText(this JsonElement json, string name) => json.GetProperty(name).GetString()!;

    public static Guid IngestionId(this JsonElement answer) => answer.GetProperty("ingestion_id").GetGuid();
}
