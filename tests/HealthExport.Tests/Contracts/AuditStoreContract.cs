using HealthExport.Audit;
using HealthExport.Stores;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

/// <summary>What <see cref="IAuditStore"/> promises, for any engine.</summary>
public abstract class AuditStoreContract : IAsyncLifetime
{
    StoreFixture _stores = null!;
    long _user;
    long _other;

    IAuditStore Audit => _stores.Audit;

    public async ValueTask InitializeAsync()
    {
        _stores = await OpenAsync();
        _user = (await _stores.AddUserAsync()).Id;
        _other = (await _stores.AddUserAsync("other@example.org")).Id;
        await _stores.ExecuteAsync("delete from audit_log");
    }

    public async ValueTask DisposeAsync()
    {
        await _stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract ValueTask<StoreFixture> OpenAsync();

    [Fact]
    public async Task An_entry_comes_back_as_it_was_added()
    {
        var full = Create(0) with
        {
            KeyId = "key", Address = "2001:db8::1", UserAgent = "Zoë's phone 📱", RequestId = "r-1",
            Resource = "/v1/ingest", Metadata = """{"count":3}""",
        };
        var bare = Create(1);
        await Audit.AppendAsync([full, bare], default);

        Assert.Equal([bare, full], await ListAsync(new(_user)));
    }

    [Fact]
    public async Task Entries_added_again_are_there_once()
    {
        AuditEntry[] entries = [Create(0), Create(1), Create(2) with { UserId = 0 }];
        await Audit.AppendAsync(entries[..2], default);
        await Audit.AppendAsync(entries, default);

        Assert.Equal(entries.Reverse(), await ListAsync(new(null)));
    }

    [Fact]
    public async Task Nothing_is_added_for_who_is_not_there()
    {
        await Audit.AppendAsync([Create(0) with { UserId = 999 }, Create(1)], default);
        await Audit.AppendAsync([], default);

        Assert.Single(await ListAsync(new(null)));
    }

    [Fact]
    public async Task Whoever_is_erased_while_entries_come_leaves_none_of_them()
    {
        for (var round = 0; round < 10; round++)
        {
            var person = await _stores.AddUserAsync($"{round}@example.org");
            var isOver = false;
            var added = 0;
            var adding = Task.Run(async () =>
            {
                for (var i = 0; !Volatile.Read(ref isOver); i++)
                {
                    await Audit.AppendAsync(
                        [
                            Create(i) with { UserId = person.Id },
                            Create(i, AuditAction.KeyAtNewAddress)
                                with { UserId = person.Id, KeyId = "a", Address = $"192.0.2.{i % 250}" },
                        ],
                        default);
                    Volatile.Write(ref added, i);
                }
            });
            await Eventually.TrueAsync(() => Volatile.Read(ref added) > 2);

            Assert.True(await _stores.Users.EraseAsync(person.Id, Entries.UserErased, default));
            var then = Volatile.Read(ref added);
            await Eventually.TrueAsync(() => Volatile.Read(ref added) > then + 2);
            Volatile.Write(ref isOver, true);
            await adding;

            foreach (var table in (string[])["audit_log", "key_addresses"])
                Assert.Equal(
                    0, await _stores.ReadAsync($"select count(*) from {table} where user_id = {person.Id}"));
        }
    }

    [Fact]
    public async Task A_person_sees_only_the_own_trail_and_the_operator_everybodys_and_nobodys()
    {
        await Audit.AppendAsync(
            [Create(0), Create(1) with { UserId = _other }, Create(2) with { UserId = 0 }], default);

        Assert.Equal([_user], (await ListAsync(new(_user))).Select(entry => entry.UserId));
        Assert.Equal([_other], (await ListAsync(new(_other))).Select(entry => entry.UserId));
        Assert.Equal([0, _other, _user], (await ListAsync(new(null))).Select(entry => entry.UserId));
    }

    [Fact]
    public async Task Filters_choose_by_action_and_time()
    {
        AuditEntry[] entries =
            [.. Enumerable.Range(0, 4).Select(i => Create(i, i % 2 == 0 ? AuditAction.DataRead : AuditAction.LimitHit))];
        await Audit.AppendAsync(entries, default);

        Assert.Equal([entries[2], entries[0]], await ListAsync(new(_user, AuditAction.DataRead)));
        Assert.Equal([entries[2], entries[1]], await ListAsync(new(_user, null, entries[1].At, entries[3].At)));
        Assert.Equal([entries[2]], await ListAsync(new(null, AuditAction.DataRead, entries[1].At, entries[3].At)));
        var ofKey = Create(9) with { KeyId = "a" };
        await Audit.AppendAsync([ofKey, Create(9) with { KeyId = "b" }], default);
        Assert.Equal([ofKey], await ListAsync(new(_user, KeyId: "a")));
        Assert.Empty(await ListAsync(new(_user, AuditAction.KeyCreated)));
    }

    [Fact]
    public async Task Pages_go_on_where_the_last_ended_also_between_entries_of_one_moment()
    {
        AuditEntry[] entries =
            [.. Enumerable.Range(0, 25).Select(i => Create(i / 10) with { UserId = i % 5 == 0 ? 0 : _user })];
        await Audit.AppendAsync(entries, default);

        foreach (var filter in (AuditFilter[])[new(null), new(_user), new(null, AuditAction.DataRead)])
        {
            List<AuditEntry> walked = [];
            string? cursor = null;
            do
            {
                var page = await Audit.ListAsync(filter, cursor, 4, default);
                walked.AddRange(page.Items);
                cursor = page.NextCursor;
            }
            while (cursor is not null);
            Assert.Equal(await ListAsync(filter), walked);
            Assert.Equal(filter.UserId is null ? 25 : 20, walked.Count);
            Assert.Equal(walked, walked.OrderByDescending(entry => entry.At).ThenByDescending(
                entry => entry.Id.ToString("N"), StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task A_cursor_is_good_for_its_own_list_only()
    {
        await Audit.AppendAsync([Create(0), Create(1), Create(0) with { UserId = _other }], default);
        var page = await Audit.ListAsync(new(_user), null, 1, default);

        foreach (var filter in (AuditFilter[])[new(_other), new(null), new(_user, AuditAction.DataRead)])
            await Assert.ThrowsAsync<InvalidCursorException>(
                async () => await Audit.ListAsync(filter, page.NextCursor, 1, default));
    }

    [Fact]
    public async Task A_new_address_is_told_once_a_network_and_key()
    {
        AuditEntry At(int minute, string address, string key = "a") =>
            Create(minute, AuditAction.KeyAtNewAddress) with { KeyId = key, Address = address };
        AuditEntry[] told =
        [
            At(0, "192.0.2.1"), At(1, "192.0.2.2"), At(2, "2001:db8::1"), At(3, "192.0.2.1", "b"),
        ];
        await Audit.AppendAsync([.. told, At(4, "192.0.2.1"), At(5, "2001:db8::ffff:1")], default);
        await Audit.AppendAsync([At(6, "192.0.2.2"), At(7, "2001:db8::2"), At(8, "192.0.2.1", "b")], default);
        var later = At(9, "2001:db8:0:1::1");
        await Audit.AppendAsync([later], default);

        Assert.Equal([later, .. told.Reverse()], await ListAsync(new(_user)));
    }

    [Fact]
    public async Task What_is_too_old_is_removed_oldest_first_and_nothing_else()
    {
        var days = Enumerable.Range(0, 100).Select(i => Create(i * 24 * 60)).ToArray();
        await Audit.AppendAsync(days, default);
        var cutoff = days[70].At;

        var rounds = 0;
        for (var left = 100; await Audit.RemoveBeforeAsync(cutoff, 7, default) > 0; rounds++)
        {
            var there = await ListAsync(new(null));
            Assert.True(there.Count < left);
            Assert.Equal(days.Reverse().Take(there.Count), there);
            left = there.Count;
        }

        Assert.InRange(rounds, 3, 10);
        Assert.Equal(days[70..].Reverse(), await ListAsync(new(null)));
    }

    [Fact]
    public async Task An_address_not_seen_for_as_long_is_new_again()
    {
        AuditEntry On(int day) =>
            Create(day * 24 * 60, AuditAction.KeyAtNewAddress) with { KeyId = "a", Address = "192.0.2.1" };
        await Audit.AppendAsync([On(0)], default);
        await Audit.AppendAsync([On(5)], default);
        while (await Audit.RemoveBeforeAsync(On(5).At, 100, default) > 0) { }
        await Audit.AppendAsync([On(6)], default);
        Assert.Empty(await ListAsync(new(_user)));

        while (await Audit.RemoveBeforeAsync(On(7).At, 100, default) > 0) { }
        var again = On(8);
        await Audit.AppendAsync([again], default);

        Assert.Equal([again], await ListAsync(new(_user)));
    }

    [Fact]
    public async Task Entries_of_any_time_have_their_place()
    {
        AuditEntry[] entries =
        [
            Create(0) with { At = Instant.From(new DateOnly(1970, 1, 1)) },
            Create(0) with { At = Instant.From(new DateOnly(2013, 5, 1)) },
            Create(0) with { At = Instant.From(new DateOnly(2099, 12, 31)) },
        ];
        await Audit.AppendAsync(entries, default);

        Assert.Equal(entries.Reverse(), await ListAsync(new(_user)));
    }

    async Task<IReadOnlyList<AuditEntry>> ListAsync(AuditFilter filter) =>
        (await Audit.ListAsync(filter, null, 1_000, default)).Items;

    AuditEntry Create(int minute, AuditAction? action = null) => AuditEntry.Create(
        action ?? AuditAction.DataRead, AuditOrigin.Nobody, Entries.Noon.AddMinutes(minute), _user);
}
