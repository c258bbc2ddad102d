using System.Net;
using System.Net.Sockets;

namespace HealthExport.Audit;

/// <summary>
/// What counts as one place that a client comes from: an IPv4 address, or the /64 of an IPv6 address, within which one
/// device changes its address every day.
/// </summary>
public static class AuditNetwork
{
    const int PrefixBytes = 8;

    /// <returns>The address itself, or the first of its /64; the text as it is where it is no address.</returns>
    public static string Of(string address)
    {
        if (!IPAddress.TryParse(address, out var parsed)) return address;
        if (parsed.IsIPv4MappedToIPv6) return parsed.MapToIPv4().ToString();
        if (parsed.AddressFamily != AddressFamily.InterNetworkV6) return parsed.ToString();
        var bytes = parsed.GetAddressBytes();
        bytes.AsSpan(PrefixBytes).Clear();
        return $"{new IPAddress(bytes)}/64";
    }
}
