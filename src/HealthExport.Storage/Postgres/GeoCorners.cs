using System.Globalization;
using HealthExport.Workouts;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// PostGIS finds geographies by their boxes in space, not in degrees. These are the points whose box in space is just
/// that of a box in degrees: its corners, and on its edges where a coordinate in space is greatest or least. A polygon
/// would not do: its edges are great circles, which leave parallels.
/// </summary>
static class GeoCorners
{
    /// <returns>A multipoint in WKT, longitudes first.</returns>
    public static string Write(GeoBox box)
    {
        List<double> latitudes = [box.South, box.North];
        if (box.South < 0 && box.North > 0) latitudes.Add(0);
        var east = box.East < box.West ? box.East + 360 : box.East;
        List<double> longitudes = [box.West, box.East];
        for (var quarter = -180.0; quarter <= 540; quarter += 90)
            if (quarter > box.West && quarter < east) longitudes.Add(quarter > 180 ? quarter - 360 : quarter);
        var points =
            from latitude in latitudes
            from longitude in longitudes
            select string.Create(CultureInfo.InvariantCulture, $"{longitude} {latitude}");
        return $"MULTIPOINT({string.Join(", ", points)})";
    }
}
