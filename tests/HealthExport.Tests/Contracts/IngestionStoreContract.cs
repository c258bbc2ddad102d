using System.Text;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

/// <summary>What <see cref="IIngestionStore"/> promises, for any engine: here what is kept of a push.</summary>
public abstract partial class IngestionStoreContract : IAsyncLifetime
{
    StoreFixture _stores = null!;
    long _user;
    long _other;

    IIngestionStore Store => _stores.Ingestions;
    Instant Now => Instant.From(_stores.Clock.GetUtcNow());

    public async ValueTask InitializeAsync()
    {
        _stores = await OpenAsync();
        _user = (await _stores.AddUserAsync()).Id;
        _other = (await _stores.AddUserAsync("other@example.org")).Id;
    }

    public async ValueTask DisposeAsync()
    {
        await _stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract ValueTask<StoreFixture> OpenAsync();

    ReceivedPush Push(string body) => ReceivedPushes.Create(_stores, _user, body);

    Task<KeptPush> KeepAsync(string body) => Store.KeepAsync(Push(body));

    async Task<ClaimedPush> SettleNextAsync(Receipt? receipt = null, bool changedAnything = true)
    {
        var claim = await Store.GetClaimAsync();
        await _stores.SettleAsync(claim, receipt, changedAnything);
        return claim;
    }

    [Fact]
    public async Task A_kept_push_comes_back_as_received()
    {
        var kept = await Store.KeepAsync(Push("{}") with
        {
            ContentType = "application/json; charset=utf-8",
            Headers = new Dictionary<string, string> { ["automation-name"] = "Zoës \"Puls\"", ["session-id"] = "7" },
        });

        Assert.Equal(KeptAs.New, kept.As);
        Assert.Null(kept.Claim);
        var found = await Store.FindAsync(_user, kept.Ingestion.Id, default);
        Assert.NotNull(found);
        Assert.Equal(1, found.Number);
        Assert.Equal(IngestionStatus.Queued, found.Status);
        Assert.Equal("key-1", found.KeyId);
        Assert.Equal(Now, found.ReceivedAt);
        Assert.Equal(2, found.SizeBytes);
        Assert.Equal("application/json; charset=utf-8", found.ContentType);
        Assert.Equal("Zoës \"Puls\"", found.Headers["automation-name"]);
        Assert.Equal("7", found.Headers["session-id"]);
        Assert.Equal("Europe/Berlin", found.TimeZone);
        Assert.True(found.StartedAt.IsNone && found.FinishedAt.IsNone);
        Assert.Equal((0, null, null, true), (found.Attempts, found.Receipt, found.DuplicateOf, found.HasPayload));
    }

    [Fact]
    public async Task The_public_id_holds_the_time_of_receipt()
    {
        var id = (await KeepAsync("{}")).Ingestion.Id;

        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var milliseconds = (long)System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16;
        Assert.Equal(7, id.Version);
        Assert.Equal(Now.Microseconds / 1000, milliseconds);
    }

    [Fact]
    public async Task Pushes_kept_at_once_get_consecutive_numbers()
    {
        var kept = await Task.WhenAll(Enumerable.Range(0, 64).Select(
            at => Task.Run(async () => await KeepAsync($"[{at}]"))));

        Assert.Equal(
            Enumerable.Range(1, 64).Select(number => (long)number), kept.Select(one => one.Ingestion.Number).Order());
    }

    [Fact]
    public async Task Every_user_has_numbers_of_their_own()
    {
        await KeepAsync("[1]");
        var kept = await Store.KeepAsync(Push("[1]") with { UserId = _other });

        Assert.Equal((KeptAs.New, 1), (kept.As, kept.Ingestion.Number));
    }

    [Fact]
    public async Task A_push_of_nobody_is_refused()
    {
        await Assert.ThrowsAsync<UserGoneException>(() => Store.KeepAsync(Push("{}") with { UserId = 999 }));
    }

    [Fact]
    public async Task An_equal_push_joins_the_one_that_waits_and_the_one_in_work()
    {
        var first = await KeepAsync("{}");
        var waiting = await KeepAsync("{}");
        await Store.GetClaimAsync();
        var inWork = await KeepAsync("{}");

        Assert.Equal((KeptAs.Joined, first.Ingestion.Id), (waiting.As, waiting.Ingestion.Id));
        Assert.Equal((KeptAs.Joined, first.Ingestion.Id), (inWork.As, inWork.Ingestion.Id));
        Assert.Equal(1, await _stores.ReadAsync("select count(*) from raw_ingestions"));
    }

    [Fact]
    public async Task An_equal_push_does_not_join_one_that_another_came_after()
    {
        await KeepAsync("[1]");
        await KeepAsync("[2]");

        var again = await KeepAsync("[1]");

        Assert.Equal((KeptAs.New, 3), (again.As, again.Ingestion.Number));
    }

    [Fact]
    public async Task Equal_bytes_of_another_period_are_another_push()
    {
        await KeepAsync("{}");
        var push = Push("{}");
        var other = push with
        {
            Headers = new Dictionary<string, string>(push.Headers) { ["automation-period"] = "Since Last Sync" },
        };

        Assert.Equal(KeptAs.New, (await Store.KeepAsync(other)).As);
    }

    [Fact]
    public async Task An_equal_push_is_a_duplicate_of_the_settled_one_and_has_its_counts()
    {
        var first = await KeepAsync("{}");
        await SettleNextAsync(new() { Counts = new() { Received = 3, Inserted = 3 } });
        _stores.Clock.Advance(TimeSpan.FromSeconds(1));

        var again = await KeepAsync("{}");
        var third = await KeepAsync("{}");

        Assert.Equal(KeptAs.Duplicate, again.As);
        Assert.Equal((2, IngestionStatus.Duplicate), (again.Ingestion.Number, again.Ingestion.Status));
        Assert.Equal(first.Ingestion.Id, again.Ingestion.DuplicateOf);
        Assert.Equal(3, again.Ingestion.Receipt!.Counts.Inserted);
        Assert.Equal(Now, again.Ingestion.FinishedAt);
        Assert.Equal((KeptAs.Duplicate, first.Ingestion.Id), (third.As, third.Ingestion.DuplicateOf));
        Assert.Null(await Store.ClaimAsync(StoreFixture.Lease, default));
    }

    [Fact]
    public async Task A_partial_push_has_duplicates_too()
    {
        await KeepAsync("{}");
        await SettleNextAsync(new() { Counts = new() { Received = 1, Rejected = 1 } });

        Assert.Equal(KeptAs.Duplicate, (await KeepAsync("{}")).As);
    }

    [Theory]
    [InlineData("application/json", "Days", "Europe/Berlin", KeptAs.Duplicate)]
    [InlineData("Application/JSON; charset=utf-8", "days", "Europe/Berlin", KeptAs.Duplicate)]
    [InlineData("text/csv", "Days", "Europe/Berlin", KeptAs.New)]
    [InlineData(null, "Days", "Europe/Berlin", KeptAs.New)]
    [InlineData("application/json", "Hours", "Europe/Berlin", KeptAs.New)]
    [InlineData("application/json", null, "Europe/Berlin", KeptAs.New)]
    [InlineData("application/json", "Days", "Asia/Tokyo", KeptAs.New)]
    [InlineData("application/json", "Days", null, KeptAs.New)]
    public async Task Equal_bytes_are_the_same_push_only_with_equal_type_aggregation_and_zone(
        string? contentType, string? aggregation, string? timeZone, KeptAs expected)
    {
        await KeepAsync("{}");
        await SettleNextAsync();

        var kept = await Store.KeepAsync(Push("{}") with
        {
            ContentType = contentType,
            Headers = aggregation is null
                ? new Dictionary<string, string>()
                : new Dictionary<string, string> { ["automation-aggregation"] = aggregation },
            TimeZone = timeZone,
        });

        Assert.Equal(expected, kept.As);
    }

    [Fact]
    public async Task An_equal_push_is_new_once_another_was_received_since()
    {
        await KeepAsync("[1]");
        await SettleNextAsync();
        await KeepAsync("[2]");
        await SettleNextAsync(changedAnything: false);

        Assert.Equal(KeptAs.New, (await KeepAsync("[1]")).As);
    }

    [Fact]
    public async Task An_equal_push_is_new_once_the_data_changed_since()
    {
        await KeepAsync("[1]");
        await SettleNextAsync();
        await _stores.ExecuteAsync($"update users set data_version = data_version + 1 where id = {_user}");

        Assert.Equal(KeptAs.New, (await KeepAsync("[1]")).As);
    }

    [Fact]
    public async Task An_equal_push_is_new_when_the_former_failed()
    {
        await KeepAsync("[1]");
        await Store.FailAsync(await Store.GetClaimAsync(), default);

        Assert.Equal(KeptAs.New, (await KeepAsync("[1]")).As);
    }

    [Fact]
    public async Task An_equal_push_does_not_join_a_replay()
    {
        var first = await KeepAsync("[1]");
        await SettleNextAsync();
        await Store.ReplayAsync(_user, first.Ingestion.Id, default);

        Assert.Equal(KeptAs.New, (await KeepAsync("[1]")).As);
    }

    [Fact]
    public async Task An_idempotency_key_gives_the_same_ingestion_for_the_same_bytes_and_a_conflict_for_others()
    {
        var first = await Store.KeepAsync(Push("[1]") with { IdempotencyKey = "k" });
        await SettleNextAsync();
        await KeepAsync("[3]");

        var repeated = await Store.KeepAsync(Push("[1]") with { IdempotencyKey = "k" });
        var conflict = await Store.KeepAsync(Push("[2]") with { IdempotencyKey = "k" });

        Assert.Equal((KeptAs.Repeated, first.Ingestion.Id), (repeated.As, repeated.Ingestion.Id));
        Assert.Equal(IngestionStatus.Completed, repeated.Ingestion.Status);
        Assert.Equal((KeptAs.Conflict, first.Ingestion.Id), (conflict.As, conflict.Ingestion.Id));
        Assert.Equal(2, await _stores.ReadAsync("select count(*) from raw_ingestions"));
    }

    [Fact]
    public async Task An_idempotency_key_is_one_persons_and_lasts_a_day()
    {
        await Store.KeepAsync(Push("[1]") with { IdempotencyKey = "k" });
        var others = await Store.KeepAsync(Push("[2]") with { IdempotencyKey = "k", UserId = _other });
        _stores.Clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        var stillHeld = await Store.KeepAsync(Push("[2]") with { IdempotencyKey = "k" });
        _stores.Clock.Advance(TimeSpan.FromSeconds(1));
        var forgotten = await Store.KeepAsync(Push("[2]") with { IdempotencyKey = "k" });

        Assert.Equal(KeptAs.New, others.As);
        Assert.Equal(KeptAs.Conflict, stillHeld.As);
        Assert.Equal(KeptAs.New, forgotten.As);
    }

    [Fact]
    public async Task A_push_that_joined_another_is_remembered_under_its_idempotency_key()
    {
        var first = await KeepAsync("[1]");
        var joined = await Store.KeepAsync(Push("[1]") with { IdempotencyKey = "k" });
        var repeated = await Store.KeepAsync(Push("[1]") with { IdempotencyKey = "k" });

        Assert.Equal(KeptAs.Joined, joined.As);
        Assert.Equal((KeptAs.Repeated, first.Ingestion.Id), (repeated.As, repeated.Ingestion.Id));
    }

    [Fact]
    public async Task Equal_bytes_share_their_chunks_and_each_reads_them_whole()
    {
        var body = Encoding.UTF8.GetBytes("{\"data\":[]}");
        for (var at = 0; at < 3; at++)
            await Store.KeepAsync(ReceivedPushes.Create(_stores, _user, body) with { TimeZone = $"Zone/{at}" });
        await Store.KeepAsync(ReceivedPushes.Create(_stores, _other, body));

        Assert.Equal(2, await _stores.ReadAsync("select count(*) from raw_chunks"));
        for (var number = 1; number <= 3; number++) Assert.Equal(body, Read(Store.OpenPayload(_user, number)));
        Assert.Equal(body, Read(Store.OpenPayload(_other, 1)));
    }

    [Fact]
    public async Task A_payload_of_many_chunks_reads_back_to_the_byte_from_any_position()
    {
        var body = new byte[5 * PayloadSpool.ChunkBytes / 2];
        new Random(1).NextBytes(body);
        await Store.KeepAsync(ReceivedPushes.Create(_stores, _user, body));

        using var stream = Store.OpenPayload(_user, 1);
        Assert.Equal(body.Length, stream.Length);
        var part = new byte[100];
        foreach (var position in (int[])[2_000_000, 0, PayloadSpool.ChunkBytes - 50, body.Length - 100])
        {
            stream.Position = position;
            stream.ReadExactly(part);
            Assert.Equal(body[position..(position + part.Length)], part);
        }
        Assert.Equal(0, stream.Read(part));
        Assert.Equal(body, Read(Store.OpenPayload(_user, 1)));
    }

    [Fact]
    public async Task An_empty_payload_reads_as_nothing()
    {
        await KeepAsync("");

        Assert.Empty(Read(Store.OpenPayload(_user, 1)));
    }

    [Fact]
    public async Task A_payload_that_is_anothers_or_thinned_away_is_not_there()
    {
        await KeepAsync("{}");
        Assert.Throws<KeyNotFoundException>(() => Store.OpenPayload(_other, 1));

        await _stores.ExecuteAsync($"update raw_ingestions set has_payload = false where user_id = {_user}");

        Assert.Throws<KeyNotFoundException>(() => Store.OpenPayload(_user, 1));
    }

    static byte[] Read(Stream stream)
    {
        using (stream)
        {
            var all = new MemoryStream();
            stream.CopyTo(all);
            return all.ToArray();
        }
    }
}
