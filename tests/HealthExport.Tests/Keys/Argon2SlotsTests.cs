using HealthExport.Keys;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Keys;

public sealed class Argon2SlotsTests
{
    [Fact]
    public async Task No_more_derive_at_once_than_there_are_slots_and_all_come_to_their_turn()
    {
        var slots = new Argon2Slots(2);
        using var go = new SemaphoreSlim(0);
        var (inside, most) = (0, 0);
        var all = Enumerable.Range(0, 20).Select(i => slots.RunAsync(
            () =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref inside));
                Assert.True(go.Wait(RunningServer.Deadline));
                Interlocked.Decrement(ref inside);
                return i;
            },
            default)).ToArray();
        await Eventually.TrueAsync(() => Volatile.Read(ref inside) == 2);
        go.Release(all.Length);

        Assert.Equal(Enumerable.Range(0, 20), await Task.WhenAll(all).WaitAsync(RunningServer.Deadline));
        Assert.Equal(2, most);
    }

    [Fact]
    public async Task Who_gives_up_waiting_and_what_throws_take_up_no_slot()
    {
        var slots = new Argon2Slots(1);
        using var go = new SemaphoreSlim(0);
        var first = slots.RunAsync(() => go.Wait(RunningServer.Deadline), default);
        using var impatience = new CancellationTokenSource();
        var second = slots.RunAsync(() => true, impatience.Token);
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        go.Release();
        Assert.True(await first);

        await Assert.ThrowsAsync<OutOfMemoryException>(
            () => slots.RunAsync<bool>(() => throw new OutOfMemoryException(), default));
        Assert.True(await slots.RunAsync(() => true, default));
    }

    static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value;)
            seen = Interlocked.CompareExchange(ref most, value, seen) is var found && found == seen ? value : found;
    }
}
