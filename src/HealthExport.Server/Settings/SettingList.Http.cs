namespace HealthExport.Server.Settings;

/// <summary>What the server is towards the network.</summary>
static partial class SettingList
{
    public static readonly Setting TrustedProxies = new(
        "HEALTHEXPORT__HTTP__TRUSTEDPROXIES", "",
        "Addresses and networks of proxies whose X-Forwarded-For, -Proto and -Host are believed, with commas between.");

    public static readonly Setting CorsOrigins = new(
        "HEALTHEXPORT__HTTP__CORSORIGINS", "",
        "Origins whose pages may read answers, such as https://dash.example.org, with commas between; * for all.");

    public static readonly Setting MaxHttpConnections = new(
        "HEALTHEXPORT__HTTP__MAXCONNECTIONS", "2000",
        "Most connections of clients that are open at once; one more is closed.") { Range = (1, 1_000_000) };

    public static readonly Setting MaxHttpConnectionsPerAddress = new(
        "HEALTHEXPORT__HTTP__MAXCONNECTIONSPERADDRESS", "200",
        "Most of them from one IPv4 address or one IPv6 network of 64 bits; trusted proxies have no such limit.")
        { Range = (1, 1_000_000) };

    public static readonly Setting HeaderSeconds = new(
        "HEALTHEXPORT__HTTP__HEADERSECONDS", "15",
        "How long a TLS handshake, and then a request's line and headers, may take to come, in seconds.")
        { Range = (1, 600) };

    public static readonly Setting KeepAliveSeconds = new(
        "HEALTHEXPORT__HTTP__KEEPALIVESECONDS", "120",
        "A connection without a request for so many seconds is closed.") { Range = (1, 3600) };

    public static readonly Setting LeastBytesPerSecond = new(
        "HEALTHEXPORT__HTTP__LEASTBYTESPERSECOND", "240",
        "A body that comes, or an answer that is taken, more slowly is broken off after a while; 0 for no limit.")
        { Range = (0, 1_000_000) };

    public static readonly Setting TlsCertificate = new(
        "HEALTHEXPORT__TLS__CERTIFICATE", "",
        "File with the server's certificate and those between it and its root: PEM, or PFX with the key.");

    public static readonly Setting TlsKey = new(
        "HEALTHEXPORT__TLS__KEY", "",
        "File with the certificate's private key in PEM, where the certificate's own does not hold it.");

    public static readonly Setting TlsPassword = new(
        "HEALTHEXPORT__TLS__PASSWORD", "", "Password of the PFX file or of the private key.", IsSecret: true);

    public static readonly Setting HstsSeconds = new(
        "HEALTHEXPORT__TLS__HSTSSECONDS", "31536000",
        "For how many seconds a browser that came over TLS may come over nothing else; 0 to leave it free.")
        { Range = (0, 63_072_000) };

    static Setting[] Http =>
    [
        TrustedProxies, CorsOrigins, MaxHttpConnections, MaxHttpConnectionsPerAddress, HeaderSeconds, KeepAliveSeconds,
        LeastBytesPerSecond, TlsCertificate, TlsKey, TlsPassword, HstsSeconds,
    ];
}
