using System.Buffers.Binary;
using System.Net.Security;
using System.Text;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>HTTP/2 frame by frame (RFC 9113), for clients that do not behave.</summary>
public sealed class Http2LimitTests : IAsyncLifetime
{
    const byte Data = 0, Headers = 1, ResetStream = 3, Settings = 4, GoAway = 7;
    const byte EndStream = 1, EndHeaders = 4;
    const int MaxConcurrentStreams = 3;
    const int CalmDown = 11;

    readonly TestCertificates _certificates = new();
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("health-export-h2-");
    RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        using var own = _certificates.Make();
        var file = Path.Combine(_folder.FullName, "own.pem");
        File.WriteAllText(file, _certificates.ChainOf(own) + TestCertificates.KeyOf(own));
        _server = await RunningServer.StartAsync(settings => settings with
        {
            Urls = ["https://127.0.0.1:0"], Tls = new() { CertificatePath = file },
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificates.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_connection_may_have_a_hundred_streams_at_once_and_the_next_is_refused()
    {
        await using var bad = await ConnectAsync();
        var settings = await bad.ReadAsync(Settings);
        Assert.Equal(100u, FindSetting(settings.Payload, MaxConcurrentStreams));
        // Each is a push whose body never comes.
        var key = await _server.AddKeyAsync();
        for (var stream = 1; stream <= 201; stream += 2) await bad.SendAsync(Headers, EndHeaders, stream, Push(key));
        var refused = await bad.ReadAsync(ResetStream);
        Assert.Equal(201, refused.Stream);
        await AssertOthersAreServedAsync();
    }

    [Fact]
    public async Task Streams_that_are_reset_as_soon_as_they_are_opened_harm_nobody()
    {
        await using var bad = await ConnectAsync();
        var key = await _server.AddKeyAsync();
        byte[] cancel = [0, 0, 0, 8];
        try
        {
            for (var stream = 1; stream < 10_000; stream += 2)
            {
                await bad.SendAsync(Headers, EndHeaders, stream, Push(key));
                await bad.SendAsync(ResetStream, 0, stream, cancel);
            }
            var goodbye = await bad.ReadAsync(GoAway);
            Assert.Equal(CalmDown, BinaryPrimitives.ReadInt32BigEndian(goodbye.Payload.AsSpan(4)));
        }
        catch (IOException)
        {
            // Thrown out while it went on: the same.
        }
        await AssertOthersAreServedAsync();
        Assert.Equal(0, await _server.CountKeptAsync(key));
    }

    [Fact]
    public async Task Headers_that_are_too_large_end_the_connection_and_nothing_else()
    {
        await using var bad = await ConnectAsync();
        var large = new byte[20 << 10];
        Array.Fill(large, (byte)'4');
        // One header of 15 KiB fits a frame and the table's rules; three of them are more than all may be.
        byte[] block = [.. Get("/health"), .. Header("x-a", large[..(15 << 10)])];
        await bad.SendAsync(Headers, EndStream, 1, block);
        for (var i = 0; i < 2; i++) await bad.SendAsync(9, 0, 1, Header($"x-{i}", large[..(15 << 10)]));
        await bad.SendAsync(9, EndHeaders, 1, Header("x-z", [(byte)'1']));
        var end = await bad.ReadAsync(GoAway, ResetStream, Headers);
        Assert.NotEqual(Data, end.Type);
        await AssertOthersAreServedAsync();
    }

    async Task AssertOthersAreServedAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        })
        {
            BaseAddress = _server.Url, Timeout = RunningServer.Deadline, DefaultRequestVersion = new(2, 0),
        };
        using var response = await client.GetAsync("/health");
        Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
    }

    async Task<Connection> ConnectAsync()
    {
        var raw = await RawConnection.OpenAsync(_server.Url);
        var tls = new SslStream(raw.Stream, leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost", ApplicationProtocols = [SslApplicationProtocol.Http2],
        });
        await tls.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        var connection = new Connection(raw, tls);
        await connection.SendAsync(Settings, 0, 0, []);
        return connection;
    }

    static byte[] Push(TestKey key) =>
        // :method POST, :scheme https, from the static table.
        [0x83, 0x87, .. Named(4, "/v1/ingest"), .. Named(1, "localhost"),
            .. Header("api-key", Encoding.ASCII.GetBytes(key.Text)),
            .. Header("content-type", "application/json"u8.ToArray())];

    static byte[] Get(string path) => [0x82, 0x87, .. Named(4, path), .. Named(1, "localhost")];

    /// <summary>A header of the static table with another value, not remembered (RFC 7541, 6.2.2).</summary>
    static byte[] Named(byte index, string value) => [index, .. Text(Encoding.ASCII.GetBytes(value))];

    static byte[] Header(string name, byte[] value) => [0, .. Text(Encoding.ASCII.GetBytes(name)), .. Text(value)];

    /// <summary>A length in seven bits and more (RFC 7541, 5.1), then the bytes.</summary>
    static byte[] Text(byte[] bytes)
    {
        if (bytes.Length < 127) return [(byte)bytes.Length, .. bytes];
        var length = new List<byte> { 127 };
        var rest = bytes.Length - 127;
        for (; rest >= 128; rest /= 128) length.Add((byte)(rest % 128 + 128));
        length.Add((byte)rest);
        return [.. length, .. bytes];
    }

    static uint? FindSetting(byte[] settings, int id)
    {
        for (var i = 0; i < settings.Length; i += 6)
            if (BinaryPrimitives.ReadUInt16BigEndian(settings.AsSpan(i)) == id)
                return BinaryPrimitives.ReadUInt32BigEndian(settings.AsSpan(i + 2));
        return null;
    }

    sealed record Frame(byte Type, int Stream, byte[] Payload);

    sealed class Connection(RawConnection raw, SslStream tls) : IAsyncDisposable
    {
        public async Task SendAsync(byte type, byte flags, int stream, byte[] payload)
        {
            var frame = new byte[9 + payload.Length];
            BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
            (frame[3], frame[4]) = (type, flags);
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
            payload.CopyTo(frame, 9);
            await tls.WriteAsync(frame);
        }

        /// <summary>The next frame of one of these types; others are passed over.</summary>
        public async Task<Frame> ReadAsync(params byte[] types)
        {
            using var deadline = new CancellationTokenSource(RunningServer.Deadline);
            var head = new byte[9];
            while (true)
            {
                await tls.ReadExactlyAsync(head, deadline.Token);
                var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >> 8];
                await tls.ReadExactlyAsync(payload, deadline.Token);
                var frame = new Frame(head[3], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
                if (types.Contains(frame.Type)) return frame;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await tls.DisposeAsync();
            raw.Dispose();
        }
    }
}
