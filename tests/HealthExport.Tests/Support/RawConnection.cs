using System.Net;
using System.Net.Sockets;
using System.Text;

namespace HealthExport.Tests.Support;

/// <summary>HTTP by hand, for clients that do not behave.</summary>
sealed class RawConnection : IDisposable
{
    readonly TcpClient _client;

    // Also the stream of a connection that was closed can be had, to be told so by it.
    RawConnection(TcpClient client) => (_client, Stream) = (client, client.GetStream());

    public NetworkStream Stream { get; }

    /// <param name="from">One of this machine's addresses, so that several clients can be told apart; null for any.
    /// </param>
    public static async Task<RawConnection> OpenAsync(Uri url, string? from = null)
    {
        var client = from is null ? new TcpClient() : new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(url.Host, url.Port);
        return new(client);
    }

    /// <summary>Sends the head of a push with a body of this length.</summary>
    public Task SendHeadAsync(TestKey key, long contentLength, string path = "/v1/ingest") => SendAsync(
        $"POST {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {key.Text}\r\n"
        + $"Content-Type: application/json\r\nContent-Length: {contentLength}\r\n\r\n");

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await Stream.WriteAsync(bytes);

    /// <summary>Everything until the server closes; what came, should it break off.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using var deadline = new CancellationTokenSource(RunningServer.Deadline);
        var all = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            while (await Stream.ReadAsync(buffer, deadline.Token) is var taken and > 0) all.Write(buffer, 0, taken);
        }
        catch (IOException)
        {
            // Reset: the end as well.
        }
        return Encoding.UTF8.GetString(all.ToArray());
    }

    /// <summary>Reads up to the blank line after the head.</summary>
    public async Task<string> ReadHeadAsync()
    {
        using var deadline = new CancellationTokenSource(RunningServer.Deadline);
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal)
            && await Stream.ReadAsync(one, deadline.Token) > 0) head.Append((char)one[0]);
        return head.ToString();
    }

    /// <summary>Breaks the connection, as a phone that leaves the network.</summary>
    public void Break()
    {
        _client.Client.LingerState = new(true, 0);
        _client.Close();
    }

    public void Dispose() => _client.Dispose();
}
