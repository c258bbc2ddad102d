using System.Diagnostics.CodeAnalysis;

namespace HealthExport.Time;

/// <summary>Time zones by their IANA id, such as Europe/Berlin.</summary>
public static class IanaZone
{
    /// <returns>False for what is none, names of other systems and bare offsets included.</returns>
    public static bool TryFind(string id, [NotNullWhen(true)] out TimeZoneInfo? zone)
    {
        if (TimeZoneInfo.TryFindSystemTimeZoneById(id, out zone) && zone.HasIanaId) return true;
        zone = null;
        return false;
    }
}
