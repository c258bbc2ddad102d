using System.Net;
using HealthExport.Server.Settings;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Replicas;

/// <summary>A server whose PostgreSQL refuses for its own sake, or ends the session, amid a push.</summary>
public sealed class StoreErrorTests : IAsyncLifetime
{
    const int Points = 6_000;

    StorePlace _place = null!;
    PostgresFaults _faults = null!;
    RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await StorePlace.MakeSpoiltAsync();
        _faults = PostgresFaults.In(_place.Url);
        _server = await RunningServer.StartAsync(Hurry, shared: _place);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        if (_faults is not null) await _faults.DisposeAsync();
        if (_place is not null) await _place.DisposeAsync();
    }

    [Theory]
    [InlineData("53100")]
    [InlineData("53200")]
    [InlineData("55P03")]
    [InlineData("40P01")]
    [InlineData("40001")]
    public async Task A_full_disk_or_a_lock_that_is_not_given_delays_the_push_and_counts_nothing(string state)
    {
        var key = await _server.AddKeyAsync();
        await _faults.RefuseAsync("samples", state, times: 7);

        using var response = await _server.PushAsync(key, HeartRates.Write(Points));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await AssertAppliedAsync(key, (await response.ReadJsonAsync()).IngestionId());
        Assert.Equal(7, _server.Log.Of(1114).Count());
        Assert.Empty(_server.Log.Of(1115));
    }

    [Theory]
    [InlineData("53100")]
    [InlineData("55P03")]
    public async Task A_push_whose_bytes_cannot_be_kept_is_answered_503_and_leaves_nothing(string state)
    {
        var key = await _server.AddKeyAsync();
        await _faults.RefuseAsync("raw_chunks", state, times: 1);

        using var refused = await _server.PushAsync(key, HeartRates.Write(10));
        using var taken = await _server.PushAsync(key, HeartRates.Write(10));

        await refused.ReadProblemAsync(503, "unavailable");
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal(1, await _server.CountKeptAsync(key));
        Assert.Equal(1, await _faults.ReadAsync("select max(last_ingestion) from users"));
    }

    [Fact]
    public async Task A_session_that_is_ended_amid_its_COPY_takes_nothing_with_it()
    {
        var key = await _server.AddKeyAsync();
        await _faults.HoldUpSamplesAsync();
        var pushing = _server.PushAsync(key, HeartRates.Write(Points, heldAt: 5_000));
        var session = await _faults.WaitForHeldAsync();
        Assert.Equal(1, await _faults.ReadAsync($"select count(*) from pg_stat_progress_copy where pid = {session}"));

        await _faults.EndSessionAsync(session);
        await _faults.WaitForHeldAsync(except: session);
        await _faults.LetGoAsync();

        using var response = await pushing;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await AssertAppliedAsync(key, (await response.ReadJsonAsync()).IngestionId());
        Assert.Single(_server.Log.Of(1114));
    }

    [Fact]
    public async Task Pushes_that_need_a_second_connection_do_not_lock_up_a_pool_of_two()
    {
        await using var small = await RunningServer.StartAsync(
            settings => settings with
            {
                Ingest = settings.Ingest with { Workers = 4 },
                Database = settings.Database with { MaxSize = 2 },
            },
            shared: _place);
        var keys = new List<TestKey>();
        for (var i = 0; i < 8; i++) keys.Add(await _server.AddKeyAsync());

        // Several chunks each, and a point a day: a partition for every month that nobody has made yet.
        var answers = await Task.WhenAll(keys.Select(async (key, i) =>
        {
            var start = new DateTimeOffset(2014 + i, 1, 1, 0, 0, 0, TimeSpan.Zero);
            byte[] body =
            [
                .. HeartRates.Write(300, start: start, stride: TimeSpan.FromDays(1)),
                .. Enumerable.Repeat((byte)' ', 2 << 20),
            ];
            using var response = await small.PushAsync(key, body);
            return response.StatusCode;
        }));

        Assert.All(answers, code => Assert.Equal(HttpStatusCode.OK, code));
        Assert.True(!small.Log.Of(1114).Any(), string.Join('\n', small.Log.Of(1114).Select(line => line.Text)));
        Assert.Equal(8 * 300, await _faults.ReadAsync("select count(*) from samples"));
    }

    [Fact]
    public async Task A_history_of_years_is_applied_at_the_first_try_on_a_connection_that_has_worked_before()
    {
        await using var small = await RunningServer.StartAsync(
            settings => settings with
            {
                Ingest = settings.Ingest with { Workers = 1, BatchRows = 64 },
                Database = settings.Database with { MaxSize = 2 },
            },
            shared: _place);
        await _server.StopAsync();
        var key = await _server.AddKeyAsync();

        // Its statements are prepared by then.
        for (var i = 0; i < 5; i++) await PushAsync(300, new(2030 - 10 + i, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await PushAsync(1_000, new(2015, 1, 1, 0, 0, 0, TimeSpan.Zero));

        Assert.True(!small.Log.Of(1114).Any(), string.Join('\n', small.Log.Of(1114).Select(line => line.Text)));

        async Task PushAsync(int count, DateTimeOffset start)
        {
            using var response = await small.PushAsync(
                key, HeartRates.Write(count, start: start, stride: TimeSpan.FromDays(1)));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task Through_a_pooler_in_transaction_mode_nothing_is_different()
    {
        PgBouncer.Require();
        await using var pooler = await PgBouncer.StartAsync(_place.Url);
        await using var server = await RunningServer.StartAsync(
            settings => settings with { Database = settings.Database with { BehindTransactionPooler = true } },
            shared: StorePlace.At(pooler.Through(_place.Url)));
        for (var seed = 0; seed < 4; seed++)
        {
            var key = await server.AddKeyAsync(await server.AddUserAsync(timeZone: null));
            var phone = PhoneClient.Connect(server.Url, key.Text);
            var model = new StoreModel();
            foreach (var each in new[] { seed, seed + 500, seed })
            {
                var push = RandomPushes.Create(each);
                (await phone.PushAsync(push)).AssertIs(model.Apply(push, DateTimeOffset.UnixEpoch));
            }
            RowAssert.Equal(model.Rows, await phone.ReadAllRowsAsync());
        }
    }

    async Task AssertAppliedAsync(TestKey key, Guid id)
    {
        var receipt = await _server.FollowAsync(key, id);
        Assert.Equal("completed", receipt.GetProperty("status").GetString());
        Assert.Equal(1, receipt.GetProperty("attempts").GetInt32());
        Assert.Equal(Points, receipt.GetProperty("counts").GetProperty("inserted").GetInt64());
        Assert.Equal(Points, await _faults.ReadAsync("select count(*) from samples"));
        Assert.Equal(Points, await _faults.ReadAsync("select sum(count) from user_metrics"));
    }

    static ServerSettings Hurry(ServerSettings settings) => settings with
    {
        Ingest = settings.Ingest with { Backoff = new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100)) },
    };
}
