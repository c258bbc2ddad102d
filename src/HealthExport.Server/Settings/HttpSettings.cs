using System.Net;
using HealthExport.Server.Http;

namespace HealthExport.Server.Settings;

/// <summary>What the server is towards the network.</summary>
sealed record HttpSettings
{
    /// <summary>Where proxies are that say the truth about their clients; single addresses are networks of one.
    /// </summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>Other sites whose scripts may read answers; empty for none.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    public int MaxConnections { get; init; } = 2_000;
    public int MaxConnectionsPerAddress { get; init; } = 200;

    /// <summary>For a TLS handshake, and for a request's line and headers, each.</summary>
    public TimeSpan Headers { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a connection may be open without a request.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Of bodies that come and answers that are taken; 0 for no limit.</summary>
    public int LeastBytesPerSecond { get; init; } = 240;

    /// <exception cref="InvalidSettingException">A value is not among those allowed.</exception>
    public static HttpSettings From(IConfiguration configuration) => new()
    {
        TrustedProxies = [.. ReadList(configuration, SettingList.TrustedProxies).Select(ReadNetwork)],
        CorsOrigins = ReadOrigins(configuration),
        MaxConnections = (int)ServerSettings.Number(configuration, SettingList.MaxHttpConnections),
        MaxConnectionsPerAddress = (int)ServerSettings.Number(configuration, SettingList.MaxHttpConnectionsPerAddress),
        Headers = ServerSettings.Seconds(configuration, SettingList.HeaderSeconds),
        KeepAlive = ServerSettings.Seconds(configuration, SettingList.KeepAliveSeconds),
        LeastBytesPerSecond = (int)ServerSettings.Number(configuration, SettingList.LeastBytesPerSecond),
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

    static IReadOnlyList<string> ReadOrigins(IConfiguration configuration)
    {
        var texts = ReadList(configuration, SettingList.CorsOrigins);
        if (texts is [CrossOrigin.Everybody]) return texts;
        return [.. texts.Select(text =>
            Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            && url is { UserInfo: "", PathAndQuery: "/", Fragment: "" }
                // As a browser writes it: no default port, no slash, lower case.
                ? url.GetLeftPart(UriPartial.Authority)
                : throw new InvalidSettingException(
                    SettingList.CorsOrigins.Name,
                    "must be origins such as https://dash.example.org, with commas between, or * alone."))];
    }
}
