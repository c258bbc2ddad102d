using HealthExport.Audit;
using HealthExport.Server.Audit;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public sealed class AuditFoldsTests
{
    readonly AuditFolds _folds = new();

    [Fact]
    public void A_flood_of_failures_from_ever_new_addresses_is_a_bounded_number_of_entries_and_none_goes_uncounted()
    {
        List<AuditEntry> closed = [];
        for (var i = 0; i < 100_000; i++)
            closed.AddRange(_folds.Add(
                Create(i / 2_000, AuditAction.AuthenticationFailed, userId: 0)
                    with { Address = $"10.{i % 200}.{i / 200 % 250}.1", UserAgent = "bot", RequestId = $"{i}" },
                default));

        Assert.Empty(closed);
        closed.AddRange(_folds.CloseAll());
        Assert.Equal(AuditFolds.MaxStrangers + 1, closed.Count);
        Assert.Equal(100_000, closed.Sum(CountOf));
        var others = Assert.Single(closed, entry => entry.Address is null);
        Assert.Equal((null, null, null), (others.KeyId, others.UserAgent, others.RequestId));
    }

    [Fact]
    public void So_is_a_flood_with_a_key_that_has_ended_and_it_does_not_hide_whose_it_is()
    {
        for (var i = 0; i < 100_000; i++)
            _folds.Add(
                Create(0, AuditAction.AuthenticationFailed, userId: 7 + i % 2)
                    with { Address = $"10.{i / 60_000}.{i / 250 % 250}.{i % 250}", KeyId = $"ended {i % 2}" },
                default);

        var closed = _folds.CloseAll();
        Assert.Equal(AuditFolds.MaxStrangers + 2, closed.Count);
        Assert.Equal(
            [(7L, "ended 0", 50_000), (8L, "ended 1", 50_000)],
            closed.GroupBy(entry => (entry.UserId, entry.KeyId)).OrderBy(group => group.Key.UserId)
                .Select(group => (group.Key.UserId, group.Key.KeyId, group.Sum(CountOf))));
    }

    [Fact]
    public void Strangers_of_one_IPv6_network_are_one()
    {
        for (var i = 0; i < 1_000; i++)
            _folds.Add(
                Create(0, AuditAction.AuthenticationFailed, userId: 0) with { Address = $"2001:db8::{i:x}" }, default);

        var entry = Assert.Single(_folds.CloseAll());
        Assert.Equal(("2001:db8::0", 1_000), (entry.Address, CountOf(entry)));
    }

    [Fact]
    public void Known_people_are_never_thrown_together_however_many_they_are()
    {
        List<AuditEntry> closed = [];
        const int people = 3 * AuditFolds.MaxOpen;
        for (var i = 1; i <= 2 * people; i++)
            closed.AddRange(_folds.Add(Create(0, userId: 1 + i % people) with { KeyId = $"{i % people}" }, default));
        closed.AddRange(_folds.CloseAll());

        Assert.Equal(people, closed.DistinctBy(entry => entry.UserId).Count());
        Assert.Equal(2 * people, closed.Sum(CountOf));
        Assert.All(closed, entry => Assert.Equal($"{entry.UserId - 1}", entry.KeyId));
    }

    [Fact]
    public void What_differs_in_anything_that_tells_them_apart_is_not_folded()
    {
        var entry = Create(0) with { KeyId = "a", Address = "192.0.2.1", Resource = "/v1/metrics" };
        AuditEntry[] others =
        [
            entry, entry with { KeyId = "b" }, entry with { Address = "192.0.2.2" }, entry with { Resource = "/v1" },
            entry with { Action = AuditAction.Forbidden }, entry with { Metadata = """{"reason":"expired"}""" },
        ];
        foreach (var other in others) Assert.Empty(_folds.Add(other, default));

        Assert.Equal(others.Length, _folds.CloseAll().Count);
    }

    [Fact]
    public void A_new_minute_begins_a_new_entry()
    {
        var first = Create(0);
        _folds.Add(first, default);
        _folds.Add(Create(59), default);
        Assert.Empty(_folds.CloseOver(Create(59).At));

        var closed = Assert.Single(_folds.Add(Create(60), default));

        Assert.Equal((first.Id, first.At, 2), (closed.Id, closed.At, CountOf(closed)));
        Assert.Equal("2026-01-15T12:00:59+00:00", closed.Metadata().GetProperty("last_at").GetString());
        Assert.Empty(_folds.CloseOver(Create(119).At));
        Assert.Equal(1, CountOf(Assert.Single(_folds.CloseOver(Create(120).At))));
    }

    [Fact]
    public void A_clock_set_back_does_not_keep_an_entry_open()
    {
        _folds.Add(Create(3_600), default);
        _folds.Add(Create(3_590), default);

        Assert.Equal(2, CountOf(Assert.Single(_folds.Add(Create(0), default))));
        Assert.Empty(_folds.CloseOver(Create(1).At));
        Assert.Single(_folds.CloseOver(Create(-3_600).At));
    }

    [Fact]
    public void Spans_grow_and_one_without_an_end_has_none()
    {
        _folds.Add(Create(0), new(From: Create(-100).At, To: Create(-50).At));
        _folds.Add(Create(1), new(From: Create(-90).At, To: Create(-10).At, Rows: 5));
        var metadata = Assert.Single(_folds.CloseAll()).Metadata();
        Assert.Equal("2026-01-15T11:58:20+00:00", metadata.GetProperty("from").GetString());
        Assert.Equal("2026-01-15T11:59:50+00:00", metadata.GetProperty("to").GetString());
        Assert.Equal(5, metadata.GetProperty("rows").GetInt32());

        foreach (var open in (bool[])[true, false])
        {
            _folds.Add(Create(0), open ? default : new(From: Create(-100).At));
            _folds.Add(Create(1), open ? new(From: Create(-100).At) : default);
            Assert.False(Assert.Single(_folds.CloseAll()).Metadata().TryGetProperty("from", out _));
        }
    }

    [Fact]
    public void Subjects_are_listed_up_to_a_bound_however_long_they_are()
    {
        foreach (var name in (string[])["steps", "\u6b65", new('x', 200), new('\u6b65', 200)])
        {
            for (var i = 0; i < 50; i++) _folds.Add(Create(0), new([null, $"{name}{i}", $"{name}{i}"]));
            var entry = Assert.Single(_folds.CloseAll());
            var metadata = entry.Metadata();
            Assert.Equal(50, metadata.GetProperty("count").GetInt32());
            var listed = metadata.TryGetProperty("subjects", out var subjects) ? subjects.GetArrayLength() : 0;
            Assert.InRange(listed, name.Length > 100 ? 0 : 20, 20);
            Assert.True(metadata.GetProperty("more_subjects").GetBoolean());
            Assert.InRange(entry.Metadata!.Length, 1, AuditEntry.MaxMetadata);
        }
    }

    [Fact]
    public void One_persons_are_closed_without_the_others()
    {
        _folds.Add(Create(0, userId: 1), default);
        _folds.Add(Create(0, userId: 2), default);

        Assert.Equal([1L], _folds.CloseAll(1).Select(entry => entry.UserId));
        Assert.Equal([2L], _folds.CloseAll().Select(entry => entry.UserId));
    }

    static int CountOf(AuditEntry entry) => entry.Metadata().GetProperty("count").GetInt32();

    static AuditEntry Create(int second, AuditAction? action = null, long userId = 1) => AuditEntry.Create(
        action ?? AuditAction.DataRead, AuditOrigin.Nobody, Entries.Noon.AddSeconds(second), userId);
}
