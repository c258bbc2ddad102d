using System.Net;

namespace HealthExport.Server.Settings;

/// <summary>What the server is towards the network.</summary>
sealed record HttpSettings
{
    /// <summary>Where proxies are that say the truth about their clients; single addresses are networks of one.
    /// </summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <exception cref="InvalidSettingException">A value is not among those allowed.</exception>
    public static HttpSettings From(IConfiguration configuration) => new()
    {
        TrustedProxies = [.. ReadList(configuration, SettingList.TrustedProxies).Select(ReadNetwork)],
    };

    static string[] ReadList(IConfiguration configuration, Setting setting) =>
        ServerSettings.Text(configuration, setting)
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    static IPNetwork ReadNetwork(string text)
    {
        // IPAddress reads "10" and "0x0a000001" too, which nobody means.
        if (text.AsSpan().ContainsAny('.', ':'))
        {
            if (IPNetwork.TryParse(text, out var network)) return network;
            if (IPAddress.TryParse(text, out var address))
            {
                if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
                return new(address, address.GetAddressBytes().Length * 8);
            }
        }
        throw new InvalidSettingException(
            SettingList.TrustedProxies.Name,
            $"must be addresses (10.0.0.2, fd00::2) or networks (10.0.0.0/8), with commas between; {text} is neither.");
    }
}
