using System.Text;
using HealthExport.Pushes;
using HealthExport.Stores;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Contracts;

/// <summary>What lists show, and to whom.</summary>
public abstract partial class IngestionStoreContract
{
    [Fact]
    public async Task Ingestions_are_listed_newest_first_page_by_page()
    {
        for (var at = 0; at < 5; at++)
        {
            await KeepAsync($"[{at}]");
            // Some share their time of receipt: the number decides then.
            if (at % 2 == 0) _stores.Clock.Advance(TimeSpan.FromSeconds(1));
        }
        await Store.KeepAsync(Push("[9]") with { UserId = _other });

        List<long> numbers = [];
        string? cursor = null;
        do
        {
            var page = await Store.ListAsync(_user, new(), cursor, 2, default);
            numbers.AddRange(page.Items.Select(item => item.Number));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal([5, 4, 3, 2, 1], numbers);
    }

    [Fact]
    public async Task The_last_page_has_no_cursor_even_when_it_is_full()
    {
        await KeepAsync("[1]");
        await KeepAsync("[2]");

        Assert.Null((await Store.ListAsync(_user, new(), null, 2, default)).NextCursor);
        Assert.NotNull((await Store.ListAsync(_user, new(), null, 1, default)).NextCursor);
    }

    [Fact]
    public async Task Filters_narrow_the_list()
    {
        await KeepAsync("[1]");
        await SettleNextAsync();
        _stores.Clock.Advance(TimeSpan.FromHours(1));
        var later = Now;
        await Store.KeepAsync(Push("[2]") with { KeyId = "key-2" });
        _stores.Clock.Advance(TimeSpan.FromHours(1));
        await KeepAsync("[3]");

        Assert.Equal("1", await ListAsync(new(IngestionStatus.Completed)));
        Assert.Equal("3, 2", await ListAsync(new(IngestionStatus.Queued)));
        Assert.Equal("3, 2", await ListAsync(new(From: later)));
        Assert.Equal("1", await ListAsync(new(To: later)));
        Assert.Equal("2", await ListAsync(new(KeyId: "key-2")));
        Assert.Equal("2", await ListAsync(new(IngestionStatus.Queued, later, Now, "key-2")));
        Assert.Equal("", await ListAsync(new(IngestionStatus.Failed)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("not a cursor!")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_made_up_cursor_is_refused(string cursor)
    {
        await Assert.ThrowsAsync<InvalidCursorException>(
            async () => await Store.ListAsync(_user, new(), cursor, 2, default));
        await Assert.ThrowsAsync<InvalidCursorException>(
            async () => await Store.ListRejectsAsync(_user, Guid.Empty, cursor, 2, default));
    }

    [Fact]
    public async Task A_cursor_of_another_list_is_refused()
    {
        var kept = await KeepAsync("[1]");
        await KeepAsync("[2]");
        var cursor = (await Store.ListAsync(_user, new(), null, 1, default)).NextCursor;

        await Assert.ThrowsAsync<InvalidCursorException>(
            async () => await Store.ListAsync(_other, new(), cursor, 1, default));
        await Assert.ThrowsAsync<InvalidCursorException>(
            async () => await Store.ListRejectsAsync(_user, kept.Ingestion.Id, cursor, 1, default));
    }

    [Fact]
    public async Task An_ingestion_is_found_by_its_owner_alone()
    {
        var kept = await KeepAsync("[1]");

        Assert.NotNull(await Store.FindAsync(_user, kept.Ingestion.Id, default));
        Assert.Null(await Store.FindAsync(_other, kept.Ingestion.Id, default));
        Assert.Null(await Store.FindAsync(_user, Guid.Empty, default));
    }

    [Fact]
    public async Task Rejects_are_listed_in_order_with_everything_known_of_them()
    {
        var kept = await KeepAsync("[1]");
        await AddRejectAsync(1, "20.5", "300", "'Max'");
        await AddRejectAsync(2, "null", "null", "null");
        await AddRejectAsync(3, "null", "7", "null");

        var first = await Store.ListRejectsAsync(_user, kept.Ingestion.Id, null, 2, default);
        var second = await Store.ListRejectsAsync(_user, kept.Ingestion.Id, first.NextCursor, 2, default);

        Assert.Equal([1, 2], first.Items.Select(reject => reject.ItemIndex));
        var reject = first.Items[0];
        Assert.Equal(
            ("heart_rate", "out_of_range", "odd", "Max"),
            (reject.ItemType, reject.Code, reject.Error, reject.Field));
        Assert.Equal([20.5, 300], reject.Allowed!);
        Assert.Equal("{}", Encoding.UTF8.GetString(reject.Item.Span));
        Assert.Null(first.Items[1].Allowed);
        Assert.Null(first.Items[1].Field);
        Assert.Equal([double.NegativeInfinity, 7], Assert.Single(second.Items).Allowed!);
        Assert.Null(second.NextCursor);
        Assert.Empty((await Store.ListRejectsAsync(_other, kept.Ingestion.Id, null, 2, default)).Items);
    }

    [Fact]
    public async Task A_duplicates_rejects_are_those_of_the_first()
    {
        await KeepAsync("[1]");
        await AddRejectAsync(1, "null", "null", "null");
        await SettleNextAsync(new() { Counts = new() { Received = 1, Rejected = 1 } });
        var duplicate = await KeepAsync("[1]");

        Assert.Single((await Store.ListRejectsAsync(_user, duplicate.Ingestion.Id, null, 2, default)).Items);
    }

    [Fact]
    public async Task The_operator_lists_everybodys_of_one_status_oldest_first()
    {
        var first = await KeepAsync("[1]");
        _stores.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = await Store.KeepAsync(Push("[1]") with { UserId = _other });
        _stores.Clock.Advance(TimeSpan.FromSeconds(1));
        await KeepAsync("[2]");

        var queued = await Store.ListByStatusAsync(IngestionStatus.Queued, 2, default);

        Assert.Equal([(_user, first.Ingestion.Id), (_other, second.Ingestion.Id)], queued);
        Assert.Empty(await Store.ListByStatusAsync(IngestionStatus.Failed, 2, default));
        var counts = await Store.CountByStatusAsync(default);
        Assert.Equal(3, counts[IngestionStatus.Queued]);
        Assert.All(
            Enum.GetValues<IngestionStatus>().Where(status => status is not IngestionStatus.Queued),
            status => Assert.Equal(0, counts[status]));
    }

    async Task<string> ListAsync(IngestionFilter filter) => string.Join(
        ", ", (await Store.ListAsync(_user, filter, null, 10, default)).Items.Select(item => item.Number));

    ValueTask AddRejectAsync(int ordinal, string low, string high, string field) => _stores.ExecuteAsync($$"""
        insert into rejected_items (
            user_id, number, ordinal, item_type, item_index, code, error, hint, field, allowed_low, allowed_high, item)
        values (
            {{_user}}, 1, {{ordinal}}, 'heart_rate', {{ordinal}}, 'out_of_range', 'odd', null, {{field}}, {{low}},
            {{high}}, {{_stores.BlobOf("{}")}})
        """);
}
