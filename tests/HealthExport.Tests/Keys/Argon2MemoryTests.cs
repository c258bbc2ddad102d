using HealthExport.Keys;

namespace HealthExport.Tests.Keys;

public sealed unsafe class Argon2MemoryTests
{
    readonly Argon2MemoryPool _pool = new();

    [Fact]
    public void Memory_is_erased_when_disposed_and_then_used_again()
    {
        var memory = _pool.Rent(64 * 1024);
        new Span<ulong>(memory.Words, 8192).Fill(ulong.MaxValue);
        memory.Dispose();

        var again = _pool.Rent(1024);
        Assert.Same(memory, again);
        Assert.Equal(-1, new Span<ulong>(again.Words, 8192).IndexOfAnyExcept(0ul));
        again.Free();
    }

    [Fact]
    public void Memory_starts_at_a_multiple_of_64()
    {
        var memory = _pool.Rent(1024);
        Assert.Equal(0ul, (ulong)memory.Words % 64);
        memory.Free();
    }

    [Fact]
    public void No_more_than_one_is_kept()
    {
        var first = _pool.Rent(1024);
        var second = _pool.Rent(1024);
        Assert.NotSame(first, second);
        first.Dispose();
        second.Dispose();

        var third = _pool.Rent(1024);
        var fourth = _pool.Rent(1024);
        Assert.Same(first, third);
        Assert.NotSame(second, fourth);
        third.Free();
        fourth.Free();
    }

    [Fact]
    public void Kept_memory_that_is_too_small_is_replaced()
    {
        var small = _pool.Rent(1024);
        small.Dispose();
        var large = _pool.Rent(2048);
        Assert.NotSame(small, large);
        Assert.Equal(2048, large.CapacityBytes);
        large.Free();
    }

    [Fact]
    public void Memory_of_unusual_size_is_not_kept()
    {
        var memory = _pool.Rent(Argon2MemoryPool.MaxKeptBytes + 1024);
        memory.Dispose();
        var next = _pool.Rent(1024);
        Assert.NotSame(memory, next);
        next.Free();
    }
}
