using System.Globalization;
using HealthExport.Server.Http;
using HealthExport.Workouts;

namespace HealthExport.Server.Workouts;

/// <summary>Places in a query: <c>near</c> with <c>radius_m</c>, and <c>box</c>; degrees, WGS 84.</summary>
static class PlaceParameters
{
    public const double DefaultRadiusMetres = 1_000;
    public const double MaxRadiusMetres = 1_000_000;

    /// <summary><c>near=latitude,longitude</c> and <c>radius_m</c>, which is a kilometre if absent.</summary>
    public static GeoCircle? Circle(this QueryReader query)
    {
        var near = query.Text("near");
        var radius = query.Text("radius_m");
        if (near is null)
        {
            if (radius is not null) query.Refuse("radius_m", "goes with near=LATITUDE,LONGITUDE.");
            return null;
        }
        if (Numbers(near, 2) is not [var latitude, var longitude] || !IsOnEarth(latitude, longitude))
        {
            query.Refuse("near", "must be latitude,longitude in degrees, -90 to 90 and -180 to 180 (52.52,13.405).");
            return null;
        }
        var metres = radius is null ? DefaultRadiusMetres : Numbers(radius, 1) is [var given] ? given : double.NaN;
        if (metres is > 0 and <= MaxRadiusMetres) return new(latitude, longitude, metres);
        query.Refuse("radius_m", "must be a number of metres above 0, at most 1000000; 1000 if absent.");
        return null;
    }

    /// <summary><c>box=south,west,north,east</c>.</summary>
    public static GeoBox? Box(this QueryReader query)
    {
        if (query.Text("box") is not { } text) return null;
        if (Numbers(text, 4) is [var south, var west, var north, var east]
            && IsOnEarth(south, west) && IsOnEarth(north, east) && south <= north)
            return new(south, west, north, east);
        query.Refuse(
            "box",
            "must be south,west,north,east in degrees, south not above north; a west greater than the east crosses the "
            + "antimeridian (52.3,13.1,52.7,13.8).");
        return null;
    }

    static double[]? Numbers(string text, int count)
    {
        var parts = text.Split(',');
        if (parts.Length != count) return null;
        var numbers = new double[count];
        for (var i = 0; i < count; i++)
            if (!double.TryParse(
                parts[i], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                out numbers[i])) return null;
        return numbers;
    }

    static bool IsOnEarth(double latitude, double longitude) =>
        latitude is >= -90 and <= 90 && longitude is >= -180 and <= 180;
}
