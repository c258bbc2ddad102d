using System.Globalization;
using HealthExport.Limits;
using StackExchange.Redis;

namespace HealthExport.Storage.Redis;

/// <summary>
/// Reads <c>redis://[default][:password@]host[:port][/database]</c>, and <c>rediss://</c> for TLS, for one server.
/// </summary>
static class RedisUrl
{
    const int DefaultPort = 6379;

    /// <exception cref="ArgumentException">It cannot be read. The text never holds the URL or a part of it.</exception>
    public static ConfigurationOptions Parse(SharedUsageOptions shared)
    {
        if (!Uri.TryCreate(shared.Url, UriKind.Absolute, out var url) || url.Scheme is not ("redis" or "rediss"))
            throw Refuse("must start with redis:// or rediss://, such as redis://localhost:6379");
        if (url.Host.Length == 0) throw Refuse("names no host");
        if (url.Query.Length > 0 || url.Fragment.Length > 0) throw Refuse("has options; it takes none");
        var milliseconds = (int)shared.ConnectTimeout.TotalMilliseconds;
        return new()
        {
            EndPoints = { { url.Host.Trim('[', ']'), url.Port > 0 ? url.Port : DefaultPort } },
            Ssl = url.Scheme == "rediss",
            Password = ReadPassword(url.UserInfo),
            DefaultDatabase = ReadDatabase(url.AbsolutePath.Trim('/')),
            ConnectTimeout = milliseconds,
            // How long a silent connection is believed in; who waits for an answer has a limit of its own.
            SyncTimeout = milliseconds,
            ConnectRetry = 1,
            // The name of the machine is nobody's business there.
            ClientName = "health-export",
            // Nothing is published or read there but the counts: one connection, and no keys of the client's own.
            CommandMap = CommandMap.Create(["SUBSCRIBE", "CONFIG", "CLUSTER"], available: false),
            ConfigurationChannel = "",
            TieBreaker = "",
        };
    }

    static string? ReadPassword(string userInfo)
    {
        if (userInfo.Length == 0) return null;
        var colon = userInfo.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || Uri.UnescapeDataString(userInfo[..colon]) is not ("" or "default"))
            throw Refuse("names a user; it takes a password alone: redis://:PASSWORD@HOST");
        return Uri.UnescapeDataString(userInfo[(colon + 1)..]);
    }

    static int ReadDatabase(string text) =>
        text.Length == 0 ? 0
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw Refuse("has a path that is no database's number: redis://HOST/0");

    static ArgumentException Refuse(string problem) => new($"REDIS_URL {problem}.", nameof(SharedUsageOptions.Url));
}
