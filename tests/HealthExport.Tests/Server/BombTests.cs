using System.IO.Compression;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

[Collection(nameof(Alone))]
public sealed class BombTests
{
    [Fact]
    public async Task A_bomb_stops_at_the_limit_with_flat_memory()
    {
        await using var server = await RunningServer.StartAsync(settings => settings with
        {
            Ingest = settings.Ingest with { BodyLimitBytes = 100 << 20 },
        });
        var key = await server.AddKeyAsync();
        var packed = new MemoryStream();
        using (var packing = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            packing.Write("{"u8);
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 300; i++) packing.Write(zeros);
        }
        using var warm = await server.PushAsync(key, "{}");
        var before = GC.GetTotalAllocatedBytes(precise: true);
        using var response = await server.PushAsync(key, packed.ToArray(), headers: ("Content-Encoding", "gzip"));
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        await response.ReadProblemAsync(413, "body_too_large");
        Assert.InRange(allocated, 0, 16 << 20);
    }
}
