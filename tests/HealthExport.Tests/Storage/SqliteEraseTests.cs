using HealthExport.Deletions;
using System.Net;
using System.Text;
using HealthExport.People;
using HealthExport.Tests.Server;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Storage;

/// <summary>What the files of the embedded store hold of somebody who was erased: nothing.</summary>
public sealed class SqliteEraseTests
{
    // In the texts of everything a person can send or set; each push and row with a number behind it.
    const string Canary = "canary7Qx";

    static string PushOf(string name, int i) => $$$"""
        {"data":{"metrics":[
        {"name":"{{{name}}} hue {{{i % 5}}}","units":"{{{name}}}","data":[
        {"date":"2026-01-{{{1 + i % 28:00}}} 08:00:00 +0100","qty":{{{i}}},"source":"{{{name}}} ring {{{i % 40}}}","{{{name}}}":"{{{name}}} {{{i}}}"}]},
        {"name":"step_count","units":"count","data":[
        {"date":"2026-01-{{{1 + i % 28:00}}} 09:{{{i % 60:00}}}:07 +0100","qty":{{{i}}},"source":"{{{name}}} watch {{{i % 40}}}"},
        {"date":"{{{name}}}","qty":1}]}],
        "workouts":[{"id":"{{{new Guid(i, 0, 0, Encoding.ASCII.GetBytes(name.PadRight(8)[..8]))}}}","name":"{{{name}}} run","start":"2026-01-{{{1 + i % 28:00}}} 10:00:00 +0100",
        "end":"2026-01-{{{1 + i % 28:00}}} 10:30:00 +0100","duration":1800,"{{{name}}}":"{{{name}}} {{{i}}}","route":[
        {"latitude":50,"longitude":8.{{{i:000}}},"altitude":100,"timestamp":"2026-01-{{{1 + i % 28:00}}} 10:00:01 +0100"}]}],
        "stateOfMind":[{"id":"{{{name}}} {{{i}}}","start":"2026-01-{{{1 + i % 28:00}}}T11:00:00Z","end":"2026-01-{{{1 + i % 28:00}}}T11:00:00Z","kind":"{{{name}}}","valence":0.5}],
        "{{{name}}} section":[{"{{{name}}}":{{{i}}}}]}}
        """;

    [Fact]
    public async Task No_byte_of_an_erased_person_is_left_in_any_file()
    {
        await using var place = await StorePlace.MakeAsync(Engine.Sqlite);
        await using var server = await RunningServer.StartAsync(shared: place);
        var users = server.Get<IUserStore>();
        var person = await users.AddAsync(
            $"{Canary}@example.org", $"{Canary} name", "Europe/Berlin", Entries.UserCreated, default);
        var (key, other) = (await server.AddKeyAsync(person!), await server.AddKeyAsync());
        // Side by side, so that their rows share pages, which are split and joined as rows grow and go.
        for (var i = 0; i < 120; i++)
        {
            await PushAsync(server, key, Canary, i);
            await PushAsync(server, other, "sparrow3", i);
        }
        // What was deleted before lies in the file's free pages.
        await server.Get<IDeletionStore>().DeleteAsync(
            person!.Id, Deleting.Of(null, null, null, new(1_768_000_000_000_000)));
        Assert.NotEmpty(FilesWith(place, Canary));
        Assert.NotEmpty(FilesWith(place, "sparrow3"));
        var stays = await ReadAsync(server, other);

        using var erased = await server.SendAsync(
            HttpMethod.Delete, $"/v1/users/me?confirm={Canary}@example.org", key);

        Assert.Equal("""{"status":"erased"}""", await erased.Content.ReadAsStringAsync());
        Assert.Empty(FilesWith(place, Canary));
        Assert.Equal(stays, await ReadAsync(server, other));
        // As before: it takes pushes, and nothing of the person comes back.
        await PushAsync(server, other, "sparrow3", 500);
        Assert.Empty(FilesWith(place, Canary));
    }

    [Fact]
    public async Task The_space_of_an_erased_person_is_given_back()
    {
        await using var stores = await SqliteFixture.OpenAsync();
        var empty = (await stores.Migrations.DescribeAsync(default)).SizeBytes;
        var user = await stores.AddUserAsync();
        var random = new Random(1);
        for (var i = 0; i < 8; i++)
        {
            var body = new byte[1 << 20];
            random.NextBytes(body);
            await stores.Ingestions.KeepAsync(ReceivedPushes.Create(stores, user.Id, body));
        }
        Assert.InRange((await stores.Migrations.DescribeAsync(default)).SizeBytes, 8 << 20, long.MaxValue);

        Assert.True(await stores.Users.EraseAsync(user.Id, Entries.UserErased, default));

        Assert.InRange((await stores.Migrations.DescribeAsync(default)).SizeBytes, 1, empty);
    }

    [Fact]
    public async Task While_somebody_reads_what_was_the_person_is_not_yet_gone()
    {
        await using var stores = await SqliteFixture.OpenAsync();
        var user = await stores.AddUserAsync();
        await stores.FillEveryTableAsync(user.Id);
        Task<bool> erasing;
        using (var reader = stores.Database.RentReader())
        {
            reader.Session.BeginRead();
            using (var look = reader.Session.Prepare("select count(*) from samples")) Assert.True(look.Step());
            erasing = Task.Run(async () => await stores.Users.EraseAsync(user.Id, Entries.UserErased, default));
            // All rows are gone and the name with them, but the log holds their bytes for the reader.
            await Eventually.TrueAsync(async () =>
                await stores.Users.FindAsync(user.Id, default) is { Email: "", IsBeingErased: true });
            // Whoever looks again sees the same: nothing but the reader holds it up.
            Assert.False(erasing.IsCompleted);
        }

        Assert.True(await erasing.WaitAsync(RunningServer.Deadline));
        Assert.Empty(await stores.Users.ListAsync(default));
    }

    static async Task PushAsync(RunningServer server, TestKey key, string name, int i)
    {
        using var response = await server.PushAsync(
            key, PushOf(name, i), ("automation-name", $"{name} automation {i}"), ("Idempotency-Key", $"{name} {i}"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    static async Task<string> ReadAsync(RunningServer server, TestKey key) => string.Concat(
        (await server.ReadAsync(key, "/v1/metrics")).GetRawText(),
        (await server.ReadAsync(key, "/v1/ingestions?limit=1000")).GetRawText(),
        (await server.ReadAsync(key, "/v1/workouts?limit=1000")).GetRawText(),
        (await server.ReadAsync(key, "/v1/metrics/step_count/samples?limit=1000")).GetRawText());

    static List<string> FilesWith(StorePlace place, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [.. Directory.EnumerateFiles(place.Folder, "*", SearchOption.AllDirectories).Where(HoldsIt)];

        bool HoldsIt(string path)
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var content = new byte[file.Length];
            file.ReadExactly(content);
            return content.AsSpan().IndexOf(bytes) >= 0;
        }
    }
}
