using System.Globalization;
using HealthExport.Server.Http;
using HealthExport.Time;

namespace HealthExport.Server.Vendor;

/// <summary>Query parameters as dashboards made for the app vendor's own server send them.</summary>
static class VendorParameters
{
    const long PerMillisecond = Instant.PerSecond / 1_000;

    // The years 1 to 9999.
    const long FirstMillisecond = -62_135_596_800_000;
    const long LastMillisecond = 253_402_300_799_998;

    /// <summary>Milliseconds since 1970, as Grafana writes a time by itself, a date, or RFC 3339.</summary>
    static Instant? Time(QueryReader query, string name)
    {
        if (query.TextOrEmpty(name) is not { Length: > 0 } text) return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds is >= FirstMillisecond and <= LastMillisecond) return new(milliseconds * PerMillisecond);
        if (QueryReader.FindInstant(text) is { } found) return found;
        query.Refuse(name, "must be milliseconds since 1970, a date or an RFC 3339 timestamp with offset.");
        return null;
    }

    /// <summary>A span with both ends in it, whichever are given.</summary>
    public static TimeSpanBounds VendorSpan(this QueryReader query, string from, string to)
    {
        var (first, last) = (Time(query, from), Time(query, to));
        if (last < first) query.Refuse(to, $"must not lie before {from}.");
        // Times have no finer part than milliseconds there.
        return new(first, null, last is { } end ? new(end.Microseconds + PerMillisecond) : null, null);
    }
}
