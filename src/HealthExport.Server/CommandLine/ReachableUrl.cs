using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using HealthExport.Server.Connections;
using HealthExport.Server.Settings;

namespace HealthExport.Server.CommandLine;

/// <summary>The address a phone should use, and whether it can get there.</summary>
/// <param name="Base">Without a slash at its end.</param>
/// <param name="IsLoopback">Only this machine reaches it.</param>
sealed record ReachableUrl(string Base, bool IsLoopback)
{
    /// <summary>Where the app posts to.</summary>
    public string Ingest => $"{Base}/v1/ingest";

    /// <param name="given">From the command line; wins over every setting.</param>
    /// <param name="listening">What the server is bound to: the settings' own, unless it runs here.</param>
    public static ReachableUrl Find(string? given, ServerSettings settings, IEnumerable<string>? listening = null)
    {
        if ((given ?? settings.PublicUrl?.AbsoluteUri) is { } url)
            return new(url.TrimEnd('/'), new Uri(url).IsLoopback);

        // The first that a phone can reach; if there is none, the first.
        var candidates = (listening ?? settings.Urls).Select(FromBinding).ToList();
        return candidates.Find(candidate => !candidate.IsLoopback) ?? candidates[0];
    }

    /// <summary>This machine's address in the local network; null if it has none.</summary>
    public static string? FindLanAddress() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(network => network.OperationalStatus == OperationalStatus.Up
                && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            // One with a gateway is the way to the others; bridges of containers have none.
            .OrderByDescending(network => network.GetIPProperties().GatewayAddresses.Count > 0)
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork
                && !IPAddress.IsLoopback(address)
                // Given by nobody: the machine made it up.
                && !address.ToString().StartsWith("169.254.", StringComparison.Ordinal))
            ?.ToString();

    static ReachableUrl FromBinding(string text)
    {
        var binding = BindingAddress.Parse(text);
        var host = binding.Host;
        var isAny = host is "*" or "+" or "[::]" or "0.0.0.0";
        if (isAny) host = FindLanAddress() ?? "127.0.0.1";
        var isLoopback = host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
        var port = binding.Port == (Listening.IsTls(binding) ? 443 : 80) ? "" : $":{binding.Port}";
        return new($"{binding.Scheme}://{host}{port}", isLoopback);
    }
}
