namespace HealthExport.Workouts;

/// <summary>Every place within a distance of a point, on the sphere of <see cref="SphericalDistance"/>.</summary>
/// <param name="Latitude">Degrees, −90 to 90.</param>
/// <param name="Longitude">Degrees, −180 to 180.</param>
/// <param name="RadiusMetres">Above 0; exactly that far counts as within.</param>
public readonly record struct GeoCircle(double Latitude, double Longitude, double RadiusMetres)
{
    // Rounding must not lose a place at the edge; a tenth of a metre.
    const double Slack = 1e-6;

    /// <summary>Whether a line comes into the circle; between its points it goes along great circles.</summary>
    public bool Meets(ReadOnlySpan<double> latitudes, ReadOnlySpan<double> longitudes) =>
        SphericalDistance.IsWithin(Latitude, Longitude, RadiusMetres, latitudes, longitudes);

    /// <summary>A box that holds the circle; all longitudes if there is a pole in it.</summary>
    public GeoBox Bounds
    {
        get
        {
            var angle = RadiusMetres / SphericalDistance.RadiusMetres;
            var reach = double.RadiansToDegrees(angle) + Slack;
            var (south, north) = (Latitude - reach, Latitude + reach);
            if (south <= -90 || north >= 90) return new(Math.Max(-90, south), -180, Math.Min(90, north), 180);
            // Meridians touch the circle further towards the pole than its centre.
            var ratio = Math.Sin(double.DegreesToRadians(reach)) / Math.Cos(double.DegreesToRadians(Latitude));
            if (ratio >= 1) return new(south, -180, north, 180);
            var width = double.RadiansToDegrees(Math.Asin(ratio)) + Slack;
            return new(south, Wrap(Longitude - width), north, Wrap(Longitude + width));
        }
    }

    static double Wrap(double longitude) =>
        longitude < -180 ? longitude + 360 : longitude > 180 ? longitude - 360 : longitude;
}
