namespace HealthExport.Workouts;

/// <summary>
/// What lies between two parallels and two meridians, edges included; degrees, WGS 84. A west greater than the east
/// means a box across the antimeridian. ±180 is one meridian, and a pole belongs to every box that reaches it.
/// </summary>
/// <param name="South">−90 to 90.</param>
/// <param name="West">−180 to 180.</param>
/// <param name="North">−90 to 90, not below <paramref name="South"/>.</param>
/// <param name="East">−180 to 180.</param>
public readonly record struct GeoBox(double South, double West, double North, double East)
{
    /// <summary>
    /// The longitudes as one or two ranges that do not wrap, ±180 in both if it is in one. The second is empty (first
    /// above last, beyond every longitude) if there is none.
    /// </summary>
    public ((double First, double Last) One, (double First, double Last) Other) Longitudes =>
        West > East ? ((West, 180), (-180, East))
        : (West, East) is (-180, 180) ? ((-180, 180), (1_000, -1_000))
        : East == 180 ? ((West, East), (-180, -180))
        : West == -180 ? ((West, East), (180, 180))
        : ((West, East), (1_000, -1_000));

    public bool Contains(double latitude, double longitude)
    {
        if (!(latitude >= South && latitude <= North)) return false;
        if (Math.Abs(latitude) == 90) return true;
        var (one, other) = Longitudes;
        return longitude >= one.First && longitude <= one.Last || longitude >= other.First && longitude <= other.Last;
    }

    /// <summary>Whether one of a line's points is in the box.</summary>
    public bool ContainsAny(ReadOnlySpan<double> latitudes, ReadOnlySpan<double> longitudes)
    {
        for (var i = 0; i < latitudes.Length; i++)
            if (Contains(latitudes[i], longitudes[i])) return true;
        return false;
    }

    /// <summary>
    /// A box that holds a whole line, also where its arcs bend towards a pole beyond their ends. It never wraps: a line
    /// across the antimeridian has all longitudes, and so has one that touches a pole.
    /// </summary>
    /// <param name="latitudes">One at least.</param>
    /// <param name="longitudes">As many.</param>
    public static GeoBox OfLine(ReadOnlySpan<double> latitudes, ReadOnlySpan<double> longitudes)
    {
        var (south, north) = (latitudes[0], latitudes[0]);
        var (west, east) = (longitudes[0], longitudes[0]);
        for (var i = 0; i < latitudes.Length; i++)
        {
            (south, north) = (Math.Min(south, latitudes[i]), Math.Max(north, latitudes[i]));
            (west, east) = (Math.Min(west, longitudes[i]), Math.Max(east, longitudes[i]));
            // At a pole every meridian meets.
            if (Math.Abs(latitudes[i]) == 90) (west, east) = (-180, 180);
            if (i == 0) continue;
            var across = Math.Abs(longitudes[i] - longitudes[i - 1]);
            // Half way round, the arc goes over a pole, and rounding decides on which side of it.
            if (across > HalfWayRound) (west, east) = (-180, 180);
            if (across < StraightEnough && Math.Abs(latitudes[i]) < MostStraight
                && Math.Abs(latitudes[i - 1]) < MostStraight) continue;
            var (lowest, highest) = Bend(
                UnitVector.At(latitudes[i - 1], longitudes[i - 1]), UnitVector.At(latitudes[i], longitudes[i]));
            (south, north) = (Math.Min(south, lowest), Math.Max(north, highest));
        }
        return new(south, west, north, east);
    }

    const double HalfWayRound = 180 - 1e-7;

    // An arc this wide bends by less than two centimetres, which GeoCircle.Bounds allows for.
    const double StraightEnough = 0.01;
    const double MostStraight = 85;

    // The latitudes of the arc's lowest and highest place, if those are between its ends; else nothing that counts.
    static (double Lowest, double Highest) Bend(UnitVector start, UnitVector end)
    {
        var normal = (start - end).Cross(start + end);
        var length = normal.Length;
        if (length < 1e-300) return (90, -90);
        normal *= 1 / length;
        // The northernmost place of the great circle.
        var level = Math.Sqrt(normal.X * normal.X + normal.Y * normal.Y);
        if (level == 0) return (90, -90);
        var top = new UnitVector(-normal.X * normal.Z / level, -normal.Y * normal.Z / level, level);
        var reach = double.RadiansToDegrees(Math.Acos(Math.Abs(normal.Z) is var tilt && tilt > 1 ? 1 : tilt));
        return (IsBetween(top * -1) ? -reach : 90, IsBetween(top) ? reach : -90);

        bool IsBetween(UnitVector place) =>
            place.Dot(normal.Cross(start)) >= -1e-12 && place.Dot(normal.Cross(end)) <= 1e-12;
    }
}
