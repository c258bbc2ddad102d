namespace HealthExport.Server.Settings;

/// <summary>What the server is towards the network.</summary>
static partial class SettingList
{
    public static readonly Setting TrustedProxies = new(
        "HEALTHEXPORT__HTTP__TRUSTEDPROXIES", "",
        "Addresses and networks of proxies whose X-Forwarded-For, -Proto and -Host are believed, with commas between.");

    static Setting[] Http => [TrustedProxies];
}
