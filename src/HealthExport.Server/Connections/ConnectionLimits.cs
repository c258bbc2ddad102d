using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using HealthExport.Server.Settings;
using Microsoft.AspNetCore.Connections;

namespace HealthExport.Server.Connections;

/// <summary>
/// How many connections may be open, in all and from one place, so that who opens thousands and says nothing on them
/// leaves room for the others. One too many is closed at once, without an answer: whoever floods is not to be served.
/// A place is an IPv4 address or an IPv6 network of 64 bits, which is what one household gets. A trusted proxy speaks
/// for many and has no limit of its own.
/// </summary>
sealed partial class ConnectionLimits(ServerSettings settings, TimeProvider clock, ILogger<ConnectionLimits> log)
{
    static readonly TimeSpan s_quiet = TimeSpan.FromMinutes(1);

    readonly Lock _lock = new();

    // Under _lock.
    readonly Dictionary<IPAddress, int> _byPlace = [];
    int _open;
    int _refused;
    long? _toldAt;

    /// <summary>Must come first: what is refused must cost nothing, a TLS handshake least of all.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var place = FindPlace((connection.RemoteEndPoint as IPEndPoint)?.Address);
        if (!TryEnter(place))
        {
            connection.Abort();
            return;
        }
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(place);
        }
    }

    bool TryEnter(IPAddress? place)
    {
        int refused;
        lock (_lock)
        {
            var here = place is null ? 0 : _byPlace.GetValueOrDefault(place);
            if (_open < settings.Http.MaxConnections && here < settings.Http.MaxConnectionsPerAddress)
            {
                _open++;
                if (place is not null) _byPlace[place] = here + 1;
                return true;
            }
            _refused++;
            if (_toldAt is { } told && clock.GetElapsedTime(told) < s_quiet) return false;
            _toldAt = clock.GetTimestamp();
            (refused, _refused) = (_refused, 0);
        }
        // Seldom, whatever comes: a flood must not fill the log.
        TooMany(refused);
        return false;
    }

    void Leave(IPAddress? place)
    {
        lock (_lock)
        {
            _open--;
            if (place is null) return;
            if (_byPlace[place] == 1) _byPlace.Remove(place);
            else _byPlace[place]--;
        }
    }

    /// <returns>Null for who is not limited by place.</returns>
    IPAddress? FindPlace(IPAddress? address)
    {
        if (address is null) return null;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        foreach (var proxies in settings.Http.TrustedProxies)
            if (proxies.Contains(address)) return null;
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], 0);
        return new(bytes);
    }

    [LoggerMessage(1005, LogLevel.Warning, "{Refused} connections were refused: too many are open, here or from one place")]
    partial void TooMany(int refused);
}
