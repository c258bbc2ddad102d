using HealthExport.Keys;

namespace HealthExport.Tests.Keys;

public sealed class Blake2bTests
{
    [Fact]
    public void The_example_of_RFC_7693_appendix_A_comes_out()
    {
        var digest = new byte[64];
        Blake2b.Hash("abc"u8, digest);
        Assert.Equal(
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
            Convert.ToHexStringLower(digest));
    }

    [Fact]
    public void The_self_test_of_RFC_7693_appendix_E_comes_out()
    {
        using var all = new Blake2b(32);
        foreach (var digestLength in (int[])[20, 32, 48, 64])
        {
            foreach (var inputLength in (int[])[0, 3, 128, 129, 255, 1024])
            {
                var input = Sequence(inputLength, (uint)inputLength);
                all.Append(Digest(input, digestLength));
                all.Append(Digest(input, digestLength, Sequence(digestLength, (uint)digestLength)));
            }
        }

        var digest = new byte[32];
        all.Finish(digest);
        Assert.Equal(
            "c23a7800d98123bd10f506c61e29da5603d763b8bbad2e737f5e765a7bccd475", Convert.ToHexStringLower(digest));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(256)]
    [InlineData(257)]
    public void The_digest_does_not_depend_on_how_the_bytes_arrive(int length)
    {
        var input = Sequence(length, 7);
        var whole = Digest(input, 64);
        for (var split = 0; split <= length; split++)
        {
            using var hash = new Blake2b(64);
            hash.Append(input.AsSpan(0, split));
            hash.Append(input.AsSpan(split));
            var digest = new byte[64];
            hash.Finish(digest);
            Assert.Equal(whole, digest);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(65, 0)]
    [InlineData(64, 65)]
    public void Lengths_that_the_RFC_does_not_know_are_refused(int digestLength, int keyLength) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Blake2b(digestLength, new byte[keyLength]));

    static byte[] Digest(byte[] input, int digestLength, byte[]? key = null)
    {
        using var hash = new Blake2b(digestLength, key);
        hash.Append(input);
        var digest = new byte[digestLength];
        hash.Finish(digest);
        return digest;
    }

    /// <summary>The deterministic bytes of RFC 7693, appendix E: a Fibonacci generator.</summary>
    static byte[] Sequence(int length, uint seed)
    {
        var bytes = new byte[length];
        var (a, b) = (0xDEAD4BADu * seed, 1u);
        for (var i = 0; i < length; i++)
        {
            (a, b) = (b, a + b);
            bytes[i] = (byte)(b >> 24);
        }

        return bytes;
    }
}
