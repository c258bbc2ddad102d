using HealthExport.Keys;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Keys;

public sealed class VerifiedKeysTests
{
    static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    readonly FakeClock _clock = new();
    int _checks;

    [Fact]
    public async Task A_genuine_key_passes_its_Argon2_check_and_is_found_again_with_its_record()
    {
        var verified = new VerifiedKeys(_clock, new());
        var (_, key) = ApiKey.Mint(KeyFormat.Hx);
        Assert.False(verified.TryFind(key, 1, out _));
        var stored = Stored(key.ComputeHash());
        Assert.True(await verified.IsGenuineAsync(key, stored, 1));

        Assert.True(ApiKey.TryParse(key.Reveal(), out var again));
        Assert.True(verified.TryFind(again, 1, out var found));
        Assert.Same(stored, found);
    }

    [Fact]
    public async Task A_key_that_is_not_genuine_fails_its_Argon2_check_and_is_not_remembered()
    {
        var verified = new VerifiedKeys(_clock, new());
        var (_, key) = ApiKey.Mint(KeyFormat.Hx);
        var other = ApiKey.Mint(KeyFormat.Hx).Key.ComputeHash();
        Assert.False(await verified.IsGenuineAsync(key, Stored(other), 1));
        Assert.False(await verified.IsGenuineAsync(key, Stored("not a hash"), 1));
        Assert.False(verified.TryFind(key, 1, out _));
    }

    [Fact]
    public async Task A_remembered_key_costs_no_second_check()
    {
        var verified = Counting();
        var key = NewKey();
        for (var i = 0; i < 10; i++) Assert.True(await verified.IsGenuineAsync(key, Stored("hash"), 1));
        Assert.Equal(1, _checks);
    }

    [Fact]
    public async Task A_key_is_checked_anew_against_another_hash()
    {
        var verified = Counting(hash => hash == "hash");
        var key = NewKey();
        Assert.True(await verified.IsGenuineAsync(key, Stored("hash"), 1));
        Assert.False(await verified.IsGenuineAsync(key, Stored("other hash"), 1));
        Assert.Equal(2, _checks);
    }

    [Fact]
    public async Task A_verdict_is_forgotten_after_five_minutes_and_use_does_not_prolong_it()
    {
        var verified = Counting();
        var key = NewKey();
        await verified.IsGenuineAsync(key, Stored("hash"), 1);

        _clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.True(verified.TryFind(key, 1, out _));
        Assert.True(await verified.IsGenuineAsync(key, Stored("hash"), 1));
        Assert.Equal(1, _checks);

        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.False(verified.TryFind(key, 1, out _));
        Assert.True(await verified.IsGenuineAsync(key, Stored("hash"), 1));
        Assert.Equal(2, _checks);
        Assert.Equal(1, verified.Count);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    public async Task Under_another_keys_version_every_record_is_read_again_and_no_key_checked_again(long version)
    {
        var verified = Counting();
        ApiKey[] keys = [NewKey(), NewKey(), NewKey()];
        foreach (var key in keys) await verified.IsGenuineAsync(key, Stored("hash"), 1);

        Assert.All(keys, key => Assert.False(verified.TryFind(key, version, out _)));
        Assert.All(keys, key => Assert.False(verified.TryFind(key, 1, out _)));

        var again = Stored("hash");
        Assert.True(await verified.IsGenuineAsync(keys[0], again, version));
        Assert.True(verified.TryFind(keys[0], version, out var found));
        Assert.Same(again, found);
        Assert.False(verified.TryFind(keys[1], version, out _));
        Assert.Equal(3, _checks);
    }

    [Fact]
    public async Task A_record_read_before_a_revocation_is_not_remembered_after_it_however_long_its_check_took()
    {
        using var gate = new Gate();
        var verified = new VerifiedKeys(_clock, new Argon2Slots(2), 10, gate.Check);
        var key = NewKey();
        var before = verified.IsGenuineAsync(key, Stored("hash"), 1).AsTask();
        await gate.EnteredAsync(1);
        Assert.False(verified.TryFind(key, 2, out _));

        gate.Open();
        Assert.True(await before.WaitAsync(s_deadline));
        Assert.False(verified.TryFind(key, 2, out _));
        Assert.False(verified.TryFind(key, 1, out _));
    }

    [Fact]
    public async Task Of_callers_that_share_a_check_only_the_one_with_the_present_record_has_it_remembered()
    {
        using var gate = new Gate();
        var verified = new VerifiedKeys(_clock, new Argon2Slots(2), 10, gate.Check);
        var key = NewKey();
        var old = Stored("hash");
        var present = Stored("hash");
        var before = verified.IsGenuineAsync(key, old, 1).AsTask();
        await gate.EnteredAsync(1);
        var after = verified.IsGenuineAsync(key, present, 2).AsTask();
        gate.Open();
        await Task.WhenAll(before, after).WaitAsync(s_deadline);
        Assert.Equal(1, gate.Entered);
        Assert.True(verified.TryFind(key, 2, out var found));
        Assert.Same(present, found);
    }

    [Fact]
    public async Task A_number_that_comes_back_does_not_bring_back_what_was_read_under_it()
    {
        var verified = Counting();
        var key = NewKey();
        await verified.IsGenuineAsync(key, Stored("hash"), 1);
        Assert.False(verified.TryFind(key, 2, out _));
        Assert.False(verified.TryFind(key, 1, out _));
    }

    [Fact]
    public async Task Concurrent_first_checks_of_one_key_are_one_check()
    {
        using var gate = new Gate();
        var verified = new VerifiedKeys(_clock, new Argon2Slots(4), 10, gate.Check);
        var key = NewKey();
        Task<bool>[] calls =
            [.. Enumerable.Range(0, 50).Select(_ => verified.IsGenuineAsync(key, Stored("hash"), 1).AsTask())];
        await gate.EnteredAsync(1);
        gate.Open();
        Assert.All(await Task.WhenAll(calls).WaitAsync(s_deadline), Assert.True);
        Assert.Equal(1, gate.Entered);
    }

    [Fact]
    public async Task No_more_checks_run_at_once_than_there_are_slots()
    {
        using var gate = new Gate();
        var verified = new VerifiedKeys(_clock, new Argon2Slots(2), 100, gate.Check);
        Task<bool>[] calls =
            [.. Enumerable.Range(0, 20).Select(_ => verified.IsGenuineAsync(NewKey(), Stored("hash"), 1).AsTask())];
        await gate.EnteredAsync(2);
        gate.Open();
        Assert.All(await Task.WhenAll(calls).WaitAsync(s_deadline), Assert.True);
        Assert.Equal(20, gate.Entered);
        Assert.Equal(2, gate.MostAtOnce);
    }

    [Fact]
    public async Task A_caller_that_gives_up_leaves_the_check_to_the_others()
    {
        using var gate = new Gate();
        var verified = new VerifiedKeys(_clock, new Argon2Slots(2), 10, gate.Check);
        using var cancellation = new CancellationTokenSource();
        var key = NewKey();
        var impatient = verified.IsGenuineAsync(key, Stored("hash"), 1, cancellation.Token).AsTask();
        var patient = verified.IsGenuineAsync(key, Stored("hash"), 1).AsTask();
        await gate.EnteredAsync(1);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);

        gate.Open();
        Assert.True(await patient.WaitAsync(s_deadline));
        Assert.True(verified.TryFind(key, 1, out _));
        Assert.Equal(1, gate.Entered);
    }

    [Fact]
    public async Task A_check_that_throws_is_answered_to_its_callers_and_tried_anew_by_the_next()
    {
        var verified = new VerifiedKeys(
            _clock, new Argon2Slots(1), 10, (_, _) => ++_checks > 1 ? true : throw new OutOfMemoryException());
        var key = NewKey();
        await Assert.ThrowsAsync<OutOfMemoryException>(
            async () => await verified.IsGenuineAsync(key, Stored("hash"), 1));
        Assert.True(await verified.IsGenuineAsync(key, Stored("hash"), 1));
    }

    [Fact]
    public async Task Beyond_its_capacity_the_key_checked_longest_ago_is_forgotten()
    {
        var verified = Counting(capacity: 3);
        ApiKey[] keys = [NewKey(), NewKey(), NewKey(), NewKey()];
        foreach (var key in keys) await verified.IsGenuineAsync(key, Stored("hash"), 1);
        Assert.Equal(3, verified.Count);
        Assert.False(verified.TryFind(keys[0], 1, out _));
        Assert.All(keys[1..], key => Assert.True(verified.TryFind(key, 1, out _)));
    }

    [Fact]
    public async Task Keys_whose_time_is_over_make_room_first()
    {
        var verified = Counting(capacity: 100);
        for (var i = 0; i < 50; i++) await verified.IsGenuineAsync(NewKey(), Stored("hash"), 1);
        _clock.Advance(VerifiedKeys.Lifetime);
        await verified.IsGenuineAsync(NewKey(), Stored("hash"), 1);
        Assert.Equal(1, verified.Count);
    }

    static StoredKey Stored(string phc) =>
        new("abc", 1, "phone", KeyScopes.Ingest, "phone", [], phc, default, null, null, null);

    static ApiKey NewKey() => ApiKey.Mint(KeyFormat.Hx).Key;

    VerifiedKeys Counting(Func<string, bool>? accepts = null, int capacity = 10) =>
        new(_clock, new Argon2Slots(1), capacity, (_, hash) =>
        {
            _checks++;
            return accepts?.Invoke(hash) ?? true;
        });

    /// <summary>A check that stands still until it is opened, and counts who came in.</summary>
    sealed class Gate : IDisposable
    {
        readonly ManualResetEventSlim _open = new();
        readonly SemaphoreSlim _arrivals = new(0);
        readonly Lock _lock = new();
        int _inside;

        public int Entered { get; private set; }

        public int MostAtOnce { get; private set; }

        public bool Check(ApiKey key, string hash)
        {
            lock (_lock)
            {
                Entered++;
                MostAtOnce = Math.Max(MostAtOnce, ++_inside);
            }

            _arrivals.Release();
            var opened = _open.Wait(s_deadline);
            lock (_lock) _inside--;
            return opened;
        }

        public async Task EnteredAsync(int count)
        {
            for (var i = 0; i < count; i++) Assert.True(await _arrivals.WaitAsync(s_deadline));
        }

        public void Open() => _open.Set();

        public void Dispose()
        {
            _open.Dispose();
            _arrivals.Dispose();
        }
    }
}
