using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using HealthExport.Keys;

namespace HealthExport.Tests.Keys;

public sealed class Argon2idTests
{
    static readonly Argon2Cost s_cheap = new(64, 1, 1);

    [Fact]
    public void The_vector_of_RFC_9106_section_5_3_comes_out()
    {
        var tag = new byte[32];
        Argon2id.DeriveKey(
            Repeat(1, 32), Repeat(2, 16), new Argon2Cost(32, 3, 4), tag,
            secret: Repeat(3, 8), associatedData: Repeat(4, 12));
        Assert.Equal("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659", Convert.ToHexStringLower(tag));
    }

    [Theory]
    [InlineData(8, 1, 1, 32)]
    [InlineData(19_456, 2, 1, 32)]
    [InlineData(4_096, 3, 4, 64)]
    [InlineData(1_001, 5, 3, 65)]
    [InlineData(129, 1, 16, 16)]
    [InlineData(2_048, 16, 2, 4)]
    [InlineData(65_536, 1, 4, 200)]
    public void Debians_argon2_command_agrees(int memoryKib, int passes, int parallelism, int length)
    {
        var tag = new byte[length];
        Argon2id.DeriveKey(
            "correct horse"u8, "some salt of ours"u8, new Argon2Cost(memoryKib, passes, parallelism), tag);
        var theirs = RunArgon2(
            "correct horse", "some salt of ours", "-id", "-r", "-k", $"{memoryKib}", "-t", $"{passes}",
            "-p", $"{parallelism}", "-l", $"{length}");
        Assert.Equal(theirs.Trim(), Convert.ToHexStringLower(tag));
    }

    [Fact]
    public void A_text_from_Debians_argon2_command_is_verified()
    {
        var text = RunArgon2("secret", "saltsaltsalt", "-id", "-e", "-k", "19456", "-t", "2", "-p", "1").Trim();
        Assert.StartsWith("$argon2id$v=19$m=19456,t=2,p=1$", text);
        Assert.True(Argon2id.Verify("secret"u8, text));
        Assert.False(Argon2id.Verify("Secret"u8, text));
    }

    [Fact]
    public unsafe void The_processor_specific_path_gives_what_the_portable_one_gives()
    {
        if (!Avx2.IsSupported) Assert.Skip("This processor has no AVX2: there is only the portable path.");
        var random = new Random(9106);
        var words = new ulong[5 * Argon2Block.Words];
        for (var round = 0; round < 200; round++)
        {
            for (var i = 0; i < words.Length; i++) words[i] = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            words.AsSpan(2 * Argon2Block.Words, Argon2Block.Words).CopyTo(words.AsSpan(3 * Argon2Block.Words));
            fixed (ulong* at = words)
            {
                const int block = Argon2Block.Words;
                Argon2Block.CompressVectors(at, at + block, at + 2 * block, at + 4 * block, round % 2 == 1);
                Argon2Block.CompressWords(at, at + block, at + 3 * block, at + 4 * block, round % 2 == 1);
            }

            Assert.Equal(
                words.AsSpan(2 * Argon2Block.Words, Argon2Block.Words).ToArray(),
                words.AsSpan(3 * Argon2Block.Words, Argon2Block.Words).ToArray());
        }
    }

    [Fact]
    public void A_hash_of_the_default_cost_says_so_and_is_verified()
    {
        var text = Argon2id.Hash("secret"u8);
        Assert.Matches(@"^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$", text);
        Assert.True(Argon2id.Verify("secret"u8, text));
        Assert.False(Argon2id.Verify("secreT"u8, text));
        Assert.False(Argon2id.Verify([], text));
    }

    [Fact]
    public void The_same_password_twice_has_two_salts() =>
        Assert.NotEqual(Argon2id.Hash("secret"u8, s_cheap), Argon2id.Hash("secret"u8, s_cheap));

    [Theory]
    [InlineData(8, 1, 1)]
    [InlineData(100, 3, 2)]
    [InlineData(512, 2, 16)]
    public void The_cost_in_the_text_is_the_one_that_is_used(int memoryKib, int passes, int parallelism)
    {
        var text = Argon2id.Hash("secret"u8, new Argon2Cost(memoryKib, passes, parallelism));
        Assert.True(Argon2id.Verify("secret"u8, text));
        Assert.Contains($"$m={memoryKib},t={passes},p={parallelism}$", text);
        Assert.False(Argon2id.Verify("secret"u8, text.Replace($",t={passes},", $",t={passes + 1},")));
        Assert.False(Argon2id.Verify("secret"u8, text.Replace($"m={memoryKib},", $"m={memoryKib + 1},")));
    }

    [Fact]
    public void A_change_of_any_character_is_noticed()
    {
        var text = Argon2id.Hash("secret"u8, s_cheap);
        for (var i = 0; i < text.Length; i++)
        {
            foreach (var other in (char[])['A', 'b', '1', '$', '=', ' ', ',', '\0'])
            {
                var changed = text[..i] + other + text[(i + 1)..];
                if (changed != text) Assert.False(Argon2id.Verify("secret"u8, changed), $"position {i}, {(int)other}");
            }

            Assert.False(Argon2id.Verify("secret"u8, text.Remove(i, 1)));
            Assert.False(Argon2id.Verify("secret"u8, text[..i]));
        }

        Assert.True(Argon2id.Verify("secret"u8, text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$t=1,m=64,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=64,t=1,p=1,x=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=064,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=+64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHR$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAB")]
    [InlineData("$argon2id$v=19$m=64,t=1,p=1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA")]
    [InlineData("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA$")]
    public void A_text_of_another_form_does_not_parse(string text)
    {
        Assert.False(Argon2Text.TryParse(text, out _));
        Assert.False(Argon2id.Verify("secret"u8, text));
    }

    [Theory]
    [InlineData("m=7,t=1,p=1")]
    [InlineData("m=15,t=1,p=2")]
    [InlineData("m=262145,t=1,p=1")]
    [InlineData("m=2147483648,t=1,p=1")]
    [InlineData("m=64,t=0,p=1")]
    [InlineData("m=64,t=17,p=1")]
    [InlineData("m=64,t=4294967295,p=1")]
    [InlineData("m=64,t=1,p=0")]
    [InlineData("m=4096,t=1,p=17")]
    public void An_absurd_cost_is_refused_without_work(string cost) =>
        Assert.False(Argon2Text.TryParse($"$argon2id$v=19${cost}$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", out _));

    [Fact]
    public void The_bounds_themselves_are_accepted() =>
        Assert.True(Argon2Text.TryParse(
            "$argon2id$v=19$m=262144,t=16,p=16$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", out _));

    [Fact]
    public void Inputs_that_the_RFC_does_not_know_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Argon2id.DeriveKey([], new byte[7], s_cheap, new byte[32]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Argon2id.DeriveKey([], new byte[8], s_cheap, new byte[3]));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Argon2id.DeriveKey([], new byte[8], new Argon2Cost(7, 1, 1), new byte[32]));
    }

    [Fact]
    public void Checks_keep_their_working_memory_off_the_collected_heap()
    {
        var text = Argon2id.Hash("secret"u8);
        Argon2id.Verify("secret"u8, text);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++) Assert.True(Argon2id.Verify("secret"u8, text));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 * 64 * 1024);
    }

    static byte[] Repeat(byte value, int count)
    {
        var bytes = new byte[count];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    static string RunArgon2(string password, string salt, params string[] arguments)
    {
        const string path = "/usr/bin/argon2";
        if (!File.Exists(path))
        {
            Assert.True(
                string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), $"A build server needs {path}.");
            Assert.Skip($"{path} is not installed (Debian package argon2).");
        }

        using var process = Process.Start(new ProcessStartInfo(path, [salt, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        process.StandardInput.Write(password);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
