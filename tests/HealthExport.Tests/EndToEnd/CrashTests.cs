using System.Net;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>The executable killed and stopped while phones push.</summary>
public sealed class CrashTests : IDisposable
{
    const int Phones = 8;
    const int Rounds = 12;

    readonly string _folder = Directory.CreateTempSubdirectory("crash-").FullName;

    string DatabasePath => Path.Combine(_folder, "health.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Nothing_answered_is_lost_however_often_the_process_is_killed()
    {
        var random = new Random(4);
        var server = await ServerProcess.StartAsync(DatabasePath);
        try
        {
            var keys = new[] { await ServerProcess.AddKeyAsync(StorePlace.AtFile(DatabasePath)), await AddPersonAsync() };
            var started = new TaskCompletionSource();
            var answers = 0;
            var killAt = new TaskCompletionSource();
            var target = int.MaxValue;
            var isOver = false;
            var phones = Enumerable.Range(0, Phones)
                .Select(i =>
                    new StubbornPhone(i, keys[i % keys.Length], () => Volatile.Read(ref server).Address, new Random(i)))
                .ToList();
            var pushing = phones.Select(phone => Task.Run(() => phone.PushUntilAsync(
                () => Volatile.Read(ref isOver),
                () =>
                {
                    if (Interlocked.Increment(ref answers) >= Volatile.Read(ref target))
                        Volatile.Read(ref killAt).TrySetResult();
                },
                _ => Volatile.Read(ref started).Task))).ToList();
            started.SetResult();

            for (var round = 0; round < Rounds; round++)
            {
                Volatile.Write(ref killAt, new(TaskCreationOptions.RunContinuationsAsynchronously));
                Volatile.Write(ref target, Volatile.Read(ref answers) + random.Next(5, 60));
                var ended = await Task.WhenAny([killAt.Task, .. pushing]).WaitAsync(TimeSpan.FromSeconds(60));
                if (ended != killAt.Task) await ended;
                Volatile.Write(ref started, new(TaskCreationOptions.RunContinuationsAsynchronously));
                await server.KillAsync();
                server.Dispose();
                Volatile.Write(ref server, await ServerProcess.StartAsync(DatabasePath));
                started.SetResult();
            }
            Volatile.Write(ref isOver, true);
            await Task.WhenAll(pushing).WaitAsync(TimeSpan.FromSeconds(60));

            foreach (var (key, i) in keys.Select((key, i) => (key, i)))
                await PhoneTruth.AssertAsync(
                    PhoneClient.Connect(server.Address, key),
                    phones.Where((_, index) => index % keys.Length == i).ToList());
            Assert.InRange(phones.Sum(phone => phone.Interrupted), Rounds, int.MaxValue);
            Assert.DoesNotContain("Unhandled", server.Log, StringComparison.Ordinal);
            Assert.Equal(0, await server.TerminateAsync(TimeSpan.FromSeconds(20)));
        }
        finally
        {
            server.Dispose();
        }
    }

    [Fact]
    public async Task Asked_to_end_while_phones_push_it_ends_well_and_goes_on_at_the_next_start()
    {
        using var first = await ServerProcess.StartAsync(DatabasePath);
        var address = first.Address;
        var key = await ServerProcess.AddKeyAsync(StorePlace.AtFile(DatabasePath));
        var answers = 0;
        var isOver = false;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isUpAgain = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var phones = Enumerable.Range(0, 4)
            .Select(i => new StubbornPhone(i, key, () => Volatile.Read(ref address), new Random(100 + i))).ToList();
        var pushing = phones.Select(phone => Task.Run(() => phone.PushUntilAsync(
            () => Volatile.Read(ref isOver),
            () =>
            {
                if (Interlocked.Increment(ref answers) == 40) enough.TrySetResult();
            },
            _ => isUpAgain.Task))).ToList();
        await enough.Task.WaitAsync(TimeSpan.FromSeconds(60));
        var backlog = await PushBacklogAsync(first.Address, key);

        Assert.Equal(0, await first.TerminateAsync(TimeSpan.FromSeconds(20)));
        Volatile.Write(ref isOver, true);
        using var second = await ServerProcess.StartAsync(DatabasePath);
        Volatile.Write(ref address, second.Address);
        isUpAgain.SetResult();
        await Task.WhenAll(pushing).WaitAsync(TimeSpan.FromSeconds(60));

        var owner = PhoneClient.Connect(second.Address, key);
        foreach (var id in backlog) Assert.Equal("completed", (await owner.WaitUntilSettledAsync(id)).Text("status"));
        await PhoneTruth.AssertAsync(owner, phones, backlogRows: backlog.Count);
        Assert.Equal(0, await second.TerminateAsync(TimeSpan.FromSeconds(20)));
    }

    /// <summary>Pushes that need not be done when the server is asked to end.</summary>
    static async Task<List<Guid>> PushBacklogAsync(Uri server, string key)
    {
        var phone = PhoneClient.Connect(server, key);
        phone.Http.DefaultRequestHeaders.Add("Prefer", "respond-async");
        var ids = new List<Guid>();
        for (var i = 0; i < 30; i++)
        {
            var at = new DateTimeOffset(2024, 2, 1, 0, 0, 7, TimeSpan.Zero).AddMinutes(i);
            var answer = await phone.PushAsync(
                new PushBuilder(new Random(i), plain: true).With(KnownMetric.StepCount, "Phone", (at, i)).Build());
            Assert.Equal(HttpStatusCode.Accepted, answer.Code);
            ids.Add(answer.Id);
        }
        return ids;
    }

    async Task<string> AddPersonAsync()
    {
        await ServerProcess.RunAsync(DatabasePath, "user", "add", "second@example.org");
        return await ServerProcess.AddKeyAsync(StorePlace.AtFile(DatabasePath), "second@example.org");
    }
}
