using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace HealthExport.Server.Security;

/// <summary>
/// How many keys that were no good have come from where, and in all: each address may fail sixty times and then once a
/// second, all together a hundred times as much. Only who has failed is remembered, and only so many. Safe from any
/// thread.
/// </summary>
sealed class FailedAuthentications(TimeProvider clock)
{
    /// <summary>Failures that one address has in hand; they come back within a minute.</summary>
    public const int OfAddress = 60;

    /// <summary>Failures that all addresses have in hand, for floods from very many.</summary>
    public const int OfAll = 6_000;

    /// <summary>Beyond it, the address that failed first is forgotten.</summary>
    public const int MaxAddresses = 10_000;

    readonly Lock _lock = new();

    // Under _lock.
    readonly Dictionary<AddressBlock, Allowance> _addresses = [];
    readonly Queue<AddressBlock> _order = new();
    Allowance _all = new(OfAll, clock.GetTimestamp());

    /// <summary>How many addresses are remembered.</summary>
    internal int Count
    {
        get
        {
            lock (_lock) return _addresses.Count;
        }
    }

    /// <returns>How long until another key that nobody knows is looked up; zero if that is now.</returns>
    public TimeSpan FindWait(IPAddress? address)
    {
        var now = clock.GetTimestamp();
        lock (_lock)
        {
            var ofAll = Refill(_all, OfAll, now).WaitFor(OfAll);
            var ofAddress = _addresses.TryGetValue(AddressBlock.Of(address), out var found)
                ? Refill(found, OfAddress, now).WaitFor(OfAddress)
                : TimeSpan.Zero;
            return ofAll > ofAddress ? ofAll : ofAddress;
        }
    }

    /// <summary>Takes note of a key that was no good.</summary>
    public void Note(IPAddress? address)
    {
        var now = clock.GetTimestamp();
        var block = AddressBlock.Of(address);
        lock (_lock)
        {
            _all = Refill(_all, OfAll, now).Less();
            if (_addresses.TryGetValue(block, out var found))
            {
                _addresses[block] = Refill(found, OfAddress, now).Less();
                return;
            }
            if (_addresses.Count >= MaxAddresses) _addresses.Remove(_order.Dequeue());
            _addresses.Add(block, new Allowance(OfAddress, now).Less());
            _order.Enqueue(block);
        }
    }

    Allowance Refill(Allowance allowance, int size, long now)
    {
        var gained = size * (clock.GetElapsedTime(allowance.At, now) / TimeSpan.FromMinutes(1));
        return new(Math.Min(size, allowance.Left + gained), now);
    }

    /// <param name="Left">Failures in hand, at that time.</param>
    readonly record struct Allowance(double Left, long At)
    {
        public Allowance Less() => this with { Left = Math.Max(0, Left - 1) };

        public TimeSpan WaitFor(int size) => Left >= 1 ? TimeSpan.Zero : (1 - Left) / size * TimeSpan.FromMinutes(1);
    }
}

/// <summary>Whose an address is, as far as can be told: a single IPv4 address, or a network /64 of IPv6.</summary>
readonly record struct AddressBlock(ulong Bits, bool IsVersion6)
{
    /// <param name="address">An IPv4 address may come as an IPv6 one. Null where there is none, as on a socket file.
    /// </param>
    public static AddressBlock Of(IPAddress? address)
    {
        if (address is null) return default;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new(BinaryPrimitives.ReadUInt64BigEndian(bytes), true)
            : new(BinaryPrimitives.ReadUInt32BigEndian(bytes), false);
    }
}
