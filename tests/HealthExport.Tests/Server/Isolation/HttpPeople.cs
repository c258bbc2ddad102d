using System.Net;
using System.Text.Json;
using HealthExport.Moving;
using HealthExport.Tests.Isolation;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server.Isolation;

/// <summary>
/// A server with somebody who has something of everything, and somebody else, who has less and tries to get at it.
/// Every text of the owner's that an answer could hold has <see cref="Name"/> in it.
/// </summary>
public abstract class HttpPeople(Engine engine) : IAsyncLifetime
{
    public const string Name = "owner";

    /// <summary>Written beside what is asked for, whoever asks: when a key was used, what days add up to.</summary>
    static readonly string[] s_moving = ["api_keys", "audit_log", "daily_totals", "key_addresses"];

    StorePlace _place = null!;
    SortedDictionary<string, TableFigures> _before = null!;

    internal RunningServer Server { get; private set; } = null!;
    internal TestKey Owner { get; private set; } = null!;
    internal TestKey Intruder { get; private set; } = null!;

    /// <summary>Another key of the owner's.</summary>
    internal TestKey OwnersOther { get; private set; } = null!;

    public Guid OwnersIngestion { get; private set; }
    public Guid OwnersWorkout { get; } = Guid.NewGuid();
    public string OwnersEvent { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await StorePlace.MakeAsync(engine);
        Server = await RunningServer.StartAsync(shared: _place);
        Intruder = await Server.AddKeyAsync();
        Owner = await Server.AddKeyAsync();
        OwnersOther = await Server.AddKeyAsync(Owner.User);
        await PushAsync(Intruder, PushedLife.Of("intruder", Guid.NewGuid(), hour: 9));
        OwnersIngestion = await PushAsync(Owner, OwnersPush);
        await PushAsync(Owner, PushedLife.Of(Name, Guid.NewGuid(), day: 11));
        using (var named = await SendAsync(
            HttpMethod.Patch, "/v1/users/me", Owner,
            $$"""{"email":"{{Name}}@example.org","display_name":"{{Name}}","source_ranks":["{{Name}} watch"]}"""))
            Assert.Equal(HttpStatusCode.OK, named.StatusCode);
        OwnersEvent = (await Server.ReadAsync(Owner, "/v1/events")).GetProperty("items")[0].Text("id")!;
        _before = await UserRows.OfAsync(_place.Url, Owner.User.Id);
    }

    public async ValueTask DisposeAsync()
    {
        if (Server is not null) await Server.DisposeAsync();
        if (_place is not null) await _place.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>The body of the owner's first push.</summary>
    public string OwnersPush => PushedLife.Of(Name, OwnersWorkout);

    public string IdempotencyKey => "once";

    internal Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, TestKey? key, string? json = null) =>
        Server.SendAsync(
            method, path, key,
            json is null ? null : new StringContent(json, System.Text.Encoding.UTF8, "application/json"));

    /// <summary>Checks that no row of the owner's has come, gone or changed.</summary>
    public async Task AssertUntouchedAsync()
    {
        var now = await UserRows.OfAsync(_place.Url, Owner.User.Id);
        foreach (var table in s_moving) now[table] = _before[table];
        Assert.Equal(_before, now);
    }

    /// <summary>Checks that the intruder is answered about what is the owner's as about what nobody has.</summary>
    /// <param name="path">Where <c>{id}</c> stands for the id.</param>
    /// <param name="json">The body, likewise.</param>
    public async Task AssertHiddenAsync(
        HttpMethod method, string path, string id, string nobodys, string? json = null)
    {
        var answers = new List<JsonElement>();
        foreach (var one in (string[])[id, nobodys])
        {
            using var response = await SendAsync(method, path.Replace("{id}", one), Intruder, json?.Replace("{id}", one));
            answers.Add(await response.ReadProblemAsync(404, "not_found"));
        }
        foreach (var member in answers[1].EnumerateObject().Where(member => member.Name != "instance"))
            Assert.Equal(member.Value.GetRawText(), answers[0].GetProperty(member.Name).GetRawText());
        Assert.Equal(answers[1].EnumerateObject().Count(), answers[0].EnumerateObject().Count());
    }

    /// <summary>
    /// Checks that a list of the intruder's has nothing of the owner's in it, not with the owner's cursor nor with what
    /// the owner's client remembers of an answer; and that the owner's own has.
    /// </summary>
    /// <param name="bearsName">Whether the owner's list has the owner's name in it.</param>
    public async Task AssertApartAsync(string path, bool bearsName = true)
    {
        string? remembered;
        using (var theirs = await Server.GetAsync(Owner, path))
        {
            Assert.Equal(HttpStatusCode.OK, theirs.StatusCode);
            var text = await theirs.Content.ReadAsStringAsync();
            if (bearsName) Assert.Contains(Name, text, StringComparison.Ordinal);
            remembered = theirs.Headers.ETag?.ToString();
        }
        (string, string)[] headers = remembered is null ? [] : [("If-None-Match", remembered)];
        using (var own = await Server.SendAsync(HttpMethod.Get, path, Intruder, null, headers))
        {
            Assert.Equal(HttpStatusCode.OK, own.StatusCode);
            Assert.DoesNotContain(Name, await own.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            if (remembered is not null) Assert.NotEqual(remembered, own.Headers.ETag?.ToString());
        }
        // From what is kept, if it is.
        using (var again = await Server.GetAsync(Intruder, path))
            Assert.DoesNotContain(Name, await again.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var page = $"{path}{(path.Contains('?') ? '&' : '?')}limit=1";
        var cursor = (await Server.ReadAsync(Owner, page)).Text("next_cursor");
        Assert.NotNull(cursor);
        using var stolen = await Server.GetAsync(Intruder, $"{page}&cursor={Uri.EscapeDataString(cursor)}");
        await stolen.ReadProblemAsync(400, "invalid_parameter");
    }

    async Task<Guid> PushAsync(TestKey key, string body)
    {
        using var response = await Server.PushAsync(
            key, body, ("automation-name", $"{(key == Owner ? Name : "intruder")} daily"),
            ("Idempotency-Key", body == OwnersPush ? IdempotencyKey : Guid.NewGuid().ToString()));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var answer = await response.ReadJsonAsync();
        Assert.Equal("partial", answer.Text("status"));
        return answer.IngestionId();
    }
}

public sealed class SqliteHttpPeople() : HttpPeople(Engine.Sqlite);

public sealed class PostgresHttpPeople() : HttpPeople(Engine.Postgres);
