using System.IO.Compression;
using System.Net;
using System.Text;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>Bodies beyond every limit, and within it, against a process of its own, whose memory tells.</summary>
[Collection(nameof(Alone))]
public sealed class BombTests : IDisposable
{
    const long Flat = 200L << 20;

    // The longest element takes as much again as its own 64 MiB while it is read, and the collector leaves room. Held
    // whole, they would take far more.
    const long FlatWithItems = 360L << 20;

    readonly string _folder = Directory.CreateTempSubdirectory("bomb-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Hostile_bodies_are_refused_or_taken_at_flat_memory()
    {
        var path = Path.Combine(_folder, "health.db");
        using var server = await ServerProcess.StartAsync(path, ("HEALTHEXPORT__INGEST__TEMPFOLDER", _folder));
        var phone = PhoneClient.Connect(server.Address, server.AdminKey!);

        using var bomb = new ByteArrayContent(PackZeros(1L << 30)) { Headers = { ContentEncoding = { "gzip" } } };
        await AssertTooLargeAsync(phone, bomb);
        using var known = new StreamContent(new BlankStream(300L << 20)) { Headers = { ContentLength = 300L << 20 } };
        await AssertTooLargeAsync(phone, known);
        using var unknown = new StreamContent(new BlankStream(300L << 20));
        await AssertTooLargeAsync(phone, unknown);

        Assert.Empty(await phone.ListAsync("/v1/ingestions", 10));
        Assert.Equal(HttpStatusCode.OK, (await phone.PushAsync(RandomPushes.Create(1))).Code);
        if (OperatingSystem.IsLinux()) Assert.InRange(server.PeakMemoryBytes, 1, Flat);

        const int names = 250_000;
        await AssertRejectedAsync(phone, MakeNames(names), names, names - 1_000, "too_many_names");
        await AssertRejectedAsync(phone, MakeLongItem(60 << 20), 2, 1, "unreadable_item");
        if (OperatingSystem.IsLinux()) Assert.InRange(server.PeakMemoryBytes, 1, FlatWithItems);
        Assert.Equal(0, await server.TerminateAsync(TimeSpan.FromSeconds(20)));
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder), file =>
            !Path.GetFileName(file).StartsWith("health.db", StringComparison.Ordinal));
    }

    static async Task AssertTooLargeAsync(PhoneClient phone, HttpContent content)
    {
        var answer = await phone.PushAsync(content, "application/json");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Code);
        Assert.Equal("body_too_large", answer.Text("code"));
    }

    static async Task AssertRejectedAsync(PhoneClient phone, byte[] body, int received, int rejected, string code)
    {
        var answer = await phone.PushAsync(body);
        if (answer.Code == HttpStatusCode.Accepted) answer = await phone.WaitUntilSettledAsync(answer.Id);
        Assert.Equal(
            ("partial", received, rejected),
            (answer.Text("status"), answer.Count("received"), answer.Count("rejected")));
        answer.AssertAddsUp();
        Assert.Equal(code, answer.Body.GetProperty("errors")[0].GetProperty("code").GetString());
        Assert.Equal(body.Length, (await phone.Http.GetByteArrayAsync($"/v1/ingestions/{answer.Id}/payload")).Length);
    }

    static byte[] MakeNames(int count)
    {
        var metrics = Enumerable.Range(0, count).Select(
            n => $$"""{"name":"name {{n}}","units":"x","data":[{"date":"2026-01-15 08:00:00 +0000","qty":1}]}""");
        return Encoding.UTF8.GetBytes(Wrap(string.Join(',', metrics)));
    }

    static byte[] MakeLongItem(int length) => Encoding.UTF8.GetBytes(Wrap("""
        {"name":"heart_rate","units":"bpm","data":[{"date":"2026-01-15 08:00:00 +0000","qty":60},
        {"date":"2026-01-15 08:01:00 +0000","qty":60,"x":"LONG"}]}
        """).Replace("LONG", new string('x', length), StringComparison.Ordinal));

    static string Wrap(string metrics) => "{\"data\":{\"metrics\":[" + metrics + "]}}";

    /// <summary>
    /// A brace and zeros, as gzip: members of 16 MiB one behind the other, which is one file to gzip.
    /// </summary>
    static byte[] PackZeros(long size)
    {
        const int member = 16 << 20;
        var packed = new MemoryStream();
        Pack("{"u8);
        var first = (int)packed.Length;
        Pack(new byte[member]);
        var zeros = packed.ToArray()[first..];
        for (var packedSize = (long)member; packedSize < size; packedSize += member) packed.Write(zeros);
        return packed.ToArray();

        void Pack(ReadOnlySpan<byte> bytes)
        {
            using var packing = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true);
            packing.Write(bytes);
        }
    }

    /// <summary>A brace, and blanks for ever.</summary>
    sealed class BlankStream(long length) : Stream
    {
        long _position;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var taken = (int)Math.Min(count, length - _position);
            buffer.AsSpan(offset, taken).Fill((byte)' ');
            if (_position == 0 && taken > 0) buffer[offset] = (byte)'{';
            _position += taken;
            return taken;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
