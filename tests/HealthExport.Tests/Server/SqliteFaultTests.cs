using System.Net;
using HealthExport.Storage.Sqlite;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>A server whose file cannot be written for a while.</summary>
public sealed class SqliteFaultTests : IAsyncLifetime
{
    const string Full = "pragma max_page_count = 1";
    const string NotFull = "pragma max_page_count = 1073741823";
    const string ReadOnly = "pragma query_only = 1";
    const string NotReadOnly = "pragma query_only = 0";

    RunningServer _server = null!;
    TestKey _key = null!;

    SqliteDatabase Database => _server.Get<SqliteDatabase>();

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(
            settings => settings with
            {
                Ingest = settings.Ingest with
                {
                    Backoff = new(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(50)),
                },
            },
            UnsteadyStore.Wrap);
        _key = await _server.AddKeyAsync();
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Theory]
    [InlineData(Full, NotFull)]
    [InlineData(ReadOnly, NotReadOnly)]
    public async Task A_push_that_cannot_be_kept_is_503_until_the_file_can_be_written_again(string fault, string mended)
    {
        await SetAsync(fault);
        for (var i = 0; i < 3; i++) await AssertRefusedAsync();
        await SetAsync(mended);

        await AssertTakenAsync();
    }

    [Theory]
    [InlineData(Full, NotFull)]
    [InlineData(ReadOnly, NotReadOnly)]
    public async Task A_push_that_is_kept_is_applied_when_the_file_can_be_written_again(string fault, string mended)
    {
        var store = _server.Get<UnsteadyStore>();
        var times = 0;
        store.BeforeBegin = async (_, _) =>
        {
            if (times++ < 7) await SetAsync(fault);
        };
        store.BeforeGiveBack = () => SetAsync(mended);

        var settled = await AssertTakenAsync();

        Assert.Equal(7, store.GivenBack);
        Assert.Equal(1, settled);
    }

    [Fact]
    public async Task While_another_process_holds_the_file_pushes_are_503_and_those_kept_wait()
    {
        await SetAsync("pragma busy_timeout = 20");
        var store = _server.Get<UnsteadyStore>();
        await using var other = new SqliteDatabase(Database.Path);
        using (var holder = await other.RentWriterAsync(default))
        {
            holder.Session.Begin();
            await AssertRefusedAsync();
            holder.Session.RollBack();
        }
        var holding = await other.RentWriterAsync(default);
        var times = 0;
        store.BeforeBegin = (_, _) =>
        {
            if (times++ == 0) holding.Session.Begin();
            return Task.CompletedTask;
        };
        var tries = 0;
        store.BeforeGiveBack = () =>
        {
            if (++tries < 20) return Task.CompletedTask;
            if (tries == 20) holding.Session.RollBack();
            return Task.CompletedTask;
        };

        Assert.Equal(1, await AssertTakenAsync());
        holding.Dispose();
    }

    async Task AssertRefusedAsync()
    {
        using var refused = await _server.PushAsync(_key, HeartRates.Write(3_000));
        await refused.ReadProblemAsync(503, "unavailable");
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    /// <returns>How many attempts it took.</returns>
    async Task<int> AssertTakenAsync()
    {
        using var taken = await _server.PushAsync(_key, HeartRates.Write(3_000));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        var settled = await _server.FollowAsync(_key, (await taken.ReadJsonAsync()).IngestionId());
        Assert.Equal("completed", settled.GetProperty("status").GetString());
        Assert.Equal(3_000, settled.GetProperty("counts").GetProperty("inserted").GetInt64());
        Assert.Equal(1, await _server.CountKeptAsync(_key));
        var rows = await PhoneClient.Connect(_server.Url, _key.Text).ReadAllRowsAsync(10_000);
        Assert.Equal(3_000, rows.Count);
        return settled.GetProperty("attempts").GetInt32();
    }

    async Task SetAsync(string pragma)
    {
        using var writer = await Database.RentWriterAsync(default);
        writer.Session.Execute(pragma);
    }
}
