namespace HealthExport.Workouts;

/// <summary>
/// Distances on the sphere whose radius is the mean of WGS 84's axes, along great circles: what PostGIS answers for
/// <c>ST_Distance</c> and <c>ST_DWithin</c> on geographies with <c>use_spheroid</c> false. Coordinates are degrees,
/// latitudes from −90 to 90, longitudes from −180 to 180; distances are metres.
/// </summary>
/// <remarks>
/// Good to well under a millimetre at any distance: short lengths come from differences of unit vectors, never from the
/// cosine of a small angle, nor from the cross product of two vectors that are nearly one.
/// </remarks>
public static class SphericalDistance
{
    /// <summary>(2a + b) / 3 of WGS 84, IUGG's mean radius: one degree is 111,195.1 m.</summary>
    public const double RadiusMetres = (2 * 6_378_137.0 + 6_356_752.314_245_179_5) / 3;

    /// <summary>From a point to another.</summary>
    public static double Between(double latitude, double longitude, double otherLatitude, double otherLongitude) =>
        RadiusMetres * UnitVector.At(latitude, longitude).AngleTo(UnitVector.At(otherLatitude, otherLongitude));

    /// <summary>
    /// From a point to the nearest place of a line, which goes from each of its points to the next by the shorter arc
    /// of their great circle. Between two points opposite each other there is no such arc: they count alone.
    /// </summary>
    /// <param name="latitudes">Of the line's points: one at least; a single one is a point.</param>
    /// <param name="longitudes">As many.</param>
    public static double ToLine(
        double latitude, double longitude, ReadOnlySpan<double> latitudes, ReadOnlySpan<double> longitudes)
    {
        MustBeALine(latitudes, longitudes);
        var point = UnitVector.At(latitude, longitude);
        var before = UnitVector.At(latitudes[0], longitudes[0]);
        var least = point.AngleTo(before);
        for (var i = 1; i < latitudes.Length; i++)
        {
            var after = UnitVector.At(latitudes[i], longitudes[i]);
            least = Math.Min(least, Math.Min(point.AngleTo(after), AngleToArc(point, before, after)));
            before = after;
        }
        return RadiusMetres * least;
    }

    /// <summary>Whether a line comes within a distance of a point; see <see cref="ToLine"/>. Exactly that far counts.
    /// </summary>
    public static bool IsWithin(
        double latitude, double longitude, double radiusMetres, ReadOnlySpan<double> latitudes,
        ReadOnlySpan<double> longitudes)
    {
        MustBeALine(latitudes, longitudes);
        // Straight through the earth, and a little more: most points and arcs are too far away by that already.
        var reach = 2 * Math.Sin(Math.Min(Math.PI, radiusMetres / RadiusMetres) / 2) + 1e-12;
        var point = UnitVector.At(latitude, longitude);
        var before = UnitVector.At(latitudes[0], longitudes[0]);
        var toBefore = (point - before).Length;
        if (toBefore <= reach && IsNear(point.AngleTo(before))) return true;
        for (var i = 1; i < latitudes.Length; i++)
        {
            var after = UnitVector.At(latitudes[i], longitudes[i]);
            var toAfter = (point - after).Length;
            if (toAfter <= reach && IsNear(point.AngleTo(after))) return true;
            if (toBefore - (after - before).Length <= reach && IsNear(AngleToArc(point, before, after))) return true;
            (before, toBefore) = (after, toAfter);
        }
        return false;

        bool IsNear(double angle) => RadiusMetres * angle <= radiusMetres;
    }

    /// <summary>To the great circle of an arc, where the nearest place of it lies on the arc; else infinity.</summary>
    static double AngleToArc(UnitVector point, UnitVector start, UnitVector end)
    {
        // Half of this is start × end, without losing what tells two near points apart.
        var normal = (start - end).Cross(start + end);
        var length = normal.Length;
        if (length < 1e-300 || (start + end).Length < 1e-9) return double.PositiveInfinity;
        normal *= 1 / length;
        var fromStart = point - start;
        // Ahead of the start and short of the end: seen from the pole of the circle, between them.
        if (fromStart.Dot(normal.Cross(start)) < 0 || (point - end).Dot(normal.Cross(end)) > 0)
            return double.PositiveInfinity;
        return Math.Asin(Math.Clamp(Math.Abs(fromStart.Dot(normal)), 0, 1));
    }

    static void MustBeALine(ReadOnlySpan<double> latitudes, ReadOnlySpan<double> longitudes)
    {
        if (latitudes.IsEmpty || latitudes.Length != longitudes.Length)
            throw new ArgumentException("A line needs a point at least, and as many longitudes as latitudes.");
    }
}
