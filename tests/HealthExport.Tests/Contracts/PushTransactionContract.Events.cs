using System.Text;
using HealthExport.Events;
using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

public abstract partial class PushTransactionContract
{
    [Fact]
    public async Task Events_come_back_whole_by_kind_and_identity()
    {
        var (full, bare) = (FullEvent(), BareEvent("unknown:new", "a"));
        var first = await ApplyAsync(push => WriteAsync(push, RowChange.Insert, full, bare));

        await using var push = await BeginAsync();
        var found = await push.FindAsync(
            new[] { full, bare, bare with { Identity = "b" }, bare with { Kind = "unknown:other" } }, default);

        Assert.Equal(first.Number, found[0]!.Push);
        AssertSame(full, found[0]!.Row);
        AssertSame(bare, found[1]!.Row);
        Assert.Null(found[2]);
        Assert.Null(found[3]);
    }

    [Fact]
    public async Task An_event_is_updated_and_keeps_voltages_that_are_not_sent_again()
    {
        var full = FullEvent();
        await ApplyAsync(push => WriteAsync(push, RowChange.Insert, full));
        var changed = full with
        {
            StartAt = new(9), Code = "sinus", Value = null, Source = null, Payload = "{}"u8.ToArray(), Voltages = null,
        };
        var second = await ApplyAsync(push => WriteAsync(push, RowChange.Update, changed));

        await using var push = await BeginAsync();
        var found = Assert.Single(await push.FindAsync(new[] { full }, default))!;

        AssertSame(changed with { Voltages = full.Voltages }, found.Row);
        Assert.Equal(second.Number, found.Push);
    }

    [Fact]
    public async Task Voltages_that_are_sent_again_replace_those_stored_and_a_touch_leaves_them()
    {
        var full = FullEvent();
        await ApplyAsync(push => WriteAsync(push, RowChange.Insert, full));
        var changed = full with { Voltages = new(256, new(7), [1, 2, 3]) };
        await ApplyAsync(push => WriteAsync(push, RowChange.Update, changed));
        var third = await ApplyAsync(push => WriteAsync(push, RowChange.Touch, full));

        await using var push = await BeginAsync();
        var found = Assert.Single(await push.FindAsync(new[] { full }, default))!;

        AssertSame(changed, found.Row);
        Assert.Equal(third.Number, found.Push);
    }

    static async Task WriteAsync(IPushTransaction push, RowChange change, params HealthEvent[] rows) =>
        await push.WriteAsync(rows, Enumerable.Repeat(change, rows.Length).ToArray(), default);

    static void AssertSame(HealthEvent expected, HealthEvent actual)
    {
        Assert.Equal(
            expected with { Payload = default, Voltages = null }, actual with { Payload = default, Voltages = null });
        Assert.Equal(expected.Payload.ToArray(), actual.Payload.ToArray());
        Assert.Equal(expected.Voltages?.FrequencyHz, actual.Voltages?.FrequencyHz);
        Assert.Equal(expected.Voltages?.StartAt, actual.Voltages?.StartAt);
        Assert.Equal(expected.Voltages?.Microvolts, actual.Voltages?.Microvolts);
    }

    static HealthEvent BareEvent(string kind, string identity) => new()
    {
        Kind = kind,
        Identity = identity,
        Payload = Encoding.UTF8.GetBytes("""{"odd":"\ud800"}"""),
        ItemType = "new",
    };

    static HealthEvent FullEvent() => BareEvent("ecg", "e-1") with
    {
        StartAt = new(1_700_000_000_123_456),
        EndAt = new Instant(1_700_000_030_123_456),
        OffsetMinutes = 345,
        Code = "inconclusive",
        Text = "Nicht eindeutig",
        Value = 0.1 + 0.2,
        Source = Watch,
        Voltages = new(511.9, new(1_700_000_000_000_001), [-1.5, 1.0 / 3, double.Epsilon]),
    };
}
