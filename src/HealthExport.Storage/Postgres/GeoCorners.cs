using System.Globalization;
using HealthExport.Workouts;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// PostGIS finds geographies by their boxes in space, not in degrees. These are points whose box in space holds that of
/// a box in degrees, and hardly more: its corners, and where on its edges a coordinate in space is greatest or least. A
/// polygon would not do: its edges are great circles, which leave parallels.
/// </summary>
static class GeoCorners
{
    // A centimetre: in space, a place on an edge is off by rounding, and so are ±180 and the many longitudes of a pole.
    const double Slack = 1e-7;

    static readonly double[] s_quarters = [-180, -90, 0, 90];

    /// <returns>A multipoint in WKT, longitudes first.</returns>
    public static string Write(GeoBox box)
    {
        var (south, north) = (box.South - Slack, box.North + Slack);
        List<(double Latitude, double Longitude)> points = [];
        if (south <= -90) points.AddRange(s_quarters.Select(quarter => (-90 + Slack, quarter)));
        if (north >= 90) points.AddRange(s_quarters.Select(quarter => (90 - Slack, quarter)));
        List<double> latitudes = [Math.Max(-90, south), Math.Min(90, north)];
        if (south < 0 && north > 0) latitudes.Add(0);
        foreach (var longitude in ListLongitudes(box))
            points.AddRange(latitudes.Select(latitude => (latitude, longitude)));
        var texts = points.Select(point => string.Create(
            CultureInfo.InvariantCulture, $"{point.Longitude} {point.Latitude}"));
        return $"MULTIPOINT({string.Join(", ", texts)})";
    }

    static List<double> ListLongitudes(GeoBox box)
    {
        var (west, east) = (box.West - Slack, (box.East < box.West ? box.East + 360 : box.East) + Slack);
        if (east - west >= 360) return [.. s_quarters];
        List<double> longitudes = [Wrap(west), Wrap(east)];
        for (var quarter = -180.0; quarter < east; quarter += 90)
            if (quarter > west) longitudes.Add(Wrap(quarter));
        return longitudes;
    }

    static double Wrap(double longitude) =>
        longitude < -180 ? longitude + 360 : longitude > 180 ? longitude - 360 : longitude;
}
