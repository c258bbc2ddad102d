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

    static Setting[] Http => [TrustedProxies, CorsOrigins];
}
