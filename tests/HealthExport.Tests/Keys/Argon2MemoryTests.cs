using HealthExport.Keys;

namespace HealthExport.Tests.Keys;

public sealed unsafe class Argon2MemoryTests
{
    [Fact]
    public void Memory_starts_at_a_multiple_of_64()
    {
        using var memory = new Argon2Memory(1024);

        Assert.Equal(0ul, (ulong)memory.Words % 64);
    }
}
