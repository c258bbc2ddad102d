using System.Globalization;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// Reads <c>postgresql://user:password@host:port/database?option=value</c> as libpq does (PostgreSQL manual, 34.1.1.2),
/// for one server. What is absent comes from <c>PGPASSWORD</c> and the like, as with every client.
/// </summary>
static class PostgresUrl
{
    /// <exception cref="ArgumentException">It cannot be read. The text never holds the URL or a part of it beside an
    /// option's name.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string url)
    {
        var start = url.IndexOf("://", StringComparison.Ordinal);
        if (start < 0 || url[..start].ToLowerInvariant() is not ("postgresql" or "postgres"))
            throw Refuse("must start with postgresql://");
        var (main, query) = Split(url[(start + 3)..], '?');
        var (authority, database) = Split(main, '/');
        var at = authority.LastIndexOf('@');
        NpgsqlConnectionStringBuilder parsed = [];
        // Never in an error: it may hold what was sent.
        parsed.IncludeErrorDetail = false;
        if (at >= 0)
        {
            var (user, password) = Split(authority[..at], ':');
            if (user.Length > 0) parsed.Username = Decode(user);
            if (password is { Length: > 0 }) parsed.Password = Decode(password);
        }
        ReadHost(authority[(at + 1)..], parsed);
        if (database is { Length: > 0 }) parsed.Database = Decode(database);
        foreach (var pair in (query ?? "").Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = Split(pair, '=');
            if (value is null) throw Refuse("has an option without a value");
            Set(parsed, Decode(name).ToLowerInvariant(), Decode(value));
        }
        if (string.IsNullOrEmpty(parsed.Host)) parsed.Host = "localhost";
        if (string.IsNullOrEmpty(parsed.Database)) throw Refuse("names no database: postgresql://host/DATABASE");
        return parsed;
    }

    static void ReadHost(string hostAndPort, NpgsqlConnectionStringBuilder parsed)
    {
        if (hostAndPort.Contains(',')) throw Refuse("names several hosts; it must be one");
        var host = hostAndPort;
        string? port;
        if (host.StartsWith('['))
        {
            var end = host.IndexOf(']');
            if (end < 0) throw Refuse("has an address that starts with [ but does not end with ]");
            (_, port) = Split(host[(end + 1)..], ':');
            host = host[1..end];
        }
        else (host, port) = Split(host, ':');
        if (host.Length > 0) parsed.Host = Decode(host);
        if (port is { Length: > 0 }) parsed.Port = ReadNumber("port", port, 65_535);
    }

    static void Set(NpgsqlConnectionStringBuilder parsed, string name, string value)
    {
        switch (name)
        {
            case "host" or "hostaddr": parsed.Host = value; break;
            case "port": parsed.Port = ReadNumber(name, value, 65_535); break;
            case "dbname": parsed.Database = value; break;
            case "user": parsed.Username = value; break;
            case "password": parsed.Password = value; break;
            case "passfile": parsed.Passfile = value; break;
            case "application_name" or "fallback_application_name": parsed.ApplicationName = value; break;
            case "options": parsed.Options = value; break;
            case "connect_timeout": parsed.Timeout = ReadNumber(name, value, 1024); break;
            case "keepalives": parsed.TcpKeepAlive = ReadNumber(name, value, 1) == 1; break;
            case "keepalives_idle": parsed.TcpKeepAliveTime = ReadNumber(name, value, 86_400); break;
            case "keepalives_interval": parsed.TcpKeepAliveInterval = ReadNumber(name, value, 86_400); break;
            case "sslmode": parsed.SslMode = ReadSslMode(value); break;
            case "sslcert": parsed.SslCertificate = value; break;
            case "sslkey": parsed.SslKey = value; break;
            case "sslpassword": parsed.SslPassword = value; break;
            case "sslrootcert": parsed.RootCertificate = value; break;
            case "channel_binding": parsed.ChannelBinding = ReadChannelBinding(value); break;
            case "target_session_attrs" when value is "any" or "read-write" or "primary": break;
            case "gssencmode" when value is "disable" or "prefer": break;
            case "client_encoding" when value.ToLowerInvariant() is "utf8" or "utf-8" or "auto": break;
            default: throw Refuse($"has the option {Show(name)}, or a value for it, that is not supported");
        }
    }

    static SslMode ReadSslMode(string value) => value switch
    {
        "disable" => SslMode.Disable,
        "allow" => SslMode.Allow,
        "prefer" => SslMode.Prefer,
        "require" => SslMode.Require,
        "verify-ca" => SslMode.VerifyCA,
        "verify-full" => SslMode.VerifyFull,
        _ => throw Refuse("has an sslmode other than disable, allow, prefer, require, verify-ca and verify-full"),
    };

    static ChannelBinding ReadChannelBinding(string value) => value switch
    {
        "disable" => ChannelBinding.Disable,
        "prefer" => ChannelBinding.Prefer,
        "require" => ChannelBinding.Require,
        _ => throw Refuse("has a channel_binding other than disable, prefer and require"),
    };

    static int ReadNumber(string name, string value, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most
            ? number
            : throw Refuse($"has a {name} that is not a number from 0 to {most}");

    static (string Left, string? Right) Split(string text, char separator) =>
        text.IndexOf(separator) is >= 0 and var at ? (text[..at], text[(at + 1)..]) : (text, null);

    static string Decode(string text) =>
        text.Contains('%') ? Uri.UnescapeDataString(text) : text;

    // A name that does not look like one may be a password with an unescaped '?'.
    static string Show(string name) =>
        name.Length <= 40 && name.All(c => char.IsAsciiLetterLower(c) || c == '_') ? $"\"{name}\"" : "of another name";

    static ArgumentException Refuse(string why) => new($"DATABASE_URL {why}. Example: "
        + "postgresql://user:password@host:5432/health?sslmode=require, with %-escapes for special characters.",
        "databaseUrl");
}
