namespace HealthExport.Server.Settings;

/// <summary>Every setting of the server. The operations page and the example file name exactly these.</summary>
static class SettingList
{
    public static readonly Setting DatabaseUrl = new(
        "DATABASE_URL", "sqlite:data/health.db",
        "Where everything is kept: sqlite: and a path, relative to the directory the server is started in.",
        IsSecret: true);

    public static readonly Setting LogLevel = new(
        "LOG_LEVEL", "Information",
        "Least severe log line that is written: Trace, Debug, Information, Warning, Error, Critical or None.");

    public static readonly Setting Urls = new(
        "HEALTHEXPORT__URLS", "http://127.0.0.1:8080", "Addresses to listen on, separated by semicolons.");

    public static readonly Setting PublicUrl = new(
        "HEALTHEXPORT__PUBLICURL", "",
        "The URL under which phones reach this server, when it is not the address listened on.");

    public static readonly Setting BodyLimitBytes = new(
        "HEALTHEXPORT__INGEST__BODYLIMITBYTES", "209715200",
        "Largest body of one push in bytes, counted after decompression.") { Range = (1, 1L << 40) };

    public static readonly Setting WaitSeconds = new(
        "HEALTHEXPORT__INGEST__WAITSECONDS", "20",
        "How long a push may wait for its receipt, in seconds from its first byte.") { Range = (0, 600) };

    public static readonly Setting StallSeconds = new(
        "HEALTHEXPORT__INGEST__STALLSECONDS", "60",
        "A body of which no byte came for so many seconds is broken off.") { Range = (1, 3600) };

    public static readonly Setting LeaseSeconds = new(
        "HEALTHEXPORT__INGEST__LEASESECONDS", "60",
        "How long a push stays with a process that does not renew its claim, in seconds.") { Range = (3, 3600) };

    public static readonly Setting Workers = new(
        "HEALTHEXPORT__INGEST__WORKERS", "0",
        "How many pushes are processed side by side; 0 for one per processor, at least 2.") { Range = (0, 256) };

    public static readonly Setting TempFolder = new(
        "HEALTHEXPORT__INGEST__TEMPFOLDER", "",
        "Where large bodies wait until they are kept; the system's folder for temporary files if empty.");

    public static readonly Setting ShutdownSeconds = new(
        "HEALTHEXPORT__SHUTDOWNSECONDS", "25",
        "How long requests in progress may take to end when the server is stopped, in seconds.")
        { Range = (0, 3600) };

    public static IReadOnlyList<Setting> All { get; } =
    [
        DatabaseUrl, LogLevel, Urls, PublicUrl, ShutdownSeconds, BodyLimitBytes, WaitSeconds, StallSeconds,
        LeaseSeconds, Workers, TempFolder,
    ];
}
