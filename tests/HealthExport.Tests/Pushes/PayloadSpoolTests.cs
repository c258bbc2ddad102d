using HealthExport.Pushes;

namespace HealthExport.Tests.Pushes;

public sealed class PayloadSpoolTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("spool-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_does_not_fit_into_memory_waits_in_a_file_without_a_name()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps the name of an open file.");
        var random = new byte[8 << 20];
        new Random(1).NextBytes(random);
        using var spool = new PayloadSpool(_folder);

        spool.Write(random);
        spool.Complete();

        Assert.Empty(Directory.GetFiles(_folder));
        Assert.Equal(random, Read(spool));
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(random), spool.Sha256);
    }

    [Fact]
    public void A_temporary_folder_that_is_not_there_is_told_as_the_store_being_away()
    {
        var random = new byte[8 << 20];
        new Random(1).NextBytes(random);
        using var spool = new PayloadSpool(Path.Combine(_folder, "gone"));

        Assert.Throws<StoreUnavailableException>(() => spool.Write(random));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(PayloadSpool.ChunkBytes - 1)]
    [InlineData(PayloadSpool.ChunkBytes)]
    [InlineData(PayloadSpool.ChunkBytes + 1)]
    [InlineData(3 * PayloadSpool.ChunkBytes + 17)]
    public void A_body_comes_back_however_it_arrived(int length)
    {
        var body = new byte[length];
        for (var i = 0; i < length; i++) body[i] = (byte)(i * 31 >> 5);
        using var spool = new PayloadSpool(_folder);

        var random = new Random(2);
        for (var at = 0; at < length;)
        {
            var taken = Math.Min(random.Next(1, 200_000), length - at);
            spool.Write(body.AsSpan(at, taken));
            at += taken;
        }
        spool.Complete();

        Assert.Equal(length, spool.SizeBytes);
        Assert.Equal(body, Read(spool));
    }

    static byte[] Read(PayloadSpool spool)
    {
        using var stream = new PayloadStream(new Chunks(spool));
        var body = new byte[stream.Length];
        stream.ReadExactly(body);
        Assert.Equal(-1, stream.ReadByte());
        return body;
    }

    sealed class Chunks(PayloadSpool spool) : IPayloadChunks
    {
        byte[] _scratch = [];

        public long SizeBytes => spool.SizeBytes;
        public ReadOnlySpan<byte> Read(int ordinal) => spool.ReadChunk(ordinal, ref _scratch);
        public void Dispose() { }
    }
}
