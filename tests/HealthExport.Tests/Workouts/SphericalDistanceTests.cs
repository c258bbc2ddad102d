using HealthExport.Workouts;

namespace HealthExport.Tests.Workouts;

/// <summary>
/// What PostGIS 3.3.2 answers, to a hundredth of a micrometre where it writes so much:
/// <c>select to_char(st_distance('LINE'::geography, 'POINT'::geography, false), 'FM999999990.00000000')</c>, the line
/// as <c>linestring(LON LAT, …)</c>, a single point twice.
/// </summary>
public sealed class SphericalDistanceTests
{
    [Theory]
    // One degree at the equator, along it and across.
    [InlineData("0 0", "1 0", 111195.07973463)]
    [InlineData("0 0", "0 1", 111195.07973463)]
    [InlineData("13 52", "13.001 52.0005", 88.19072507)]
    [InlineData("0 0", "180 0", 20015114.3522337)]
    // Beside a segment far longer than the distance: nowhere near its ends.
    [InlineData("0 0, 10 0", "5 1", 111195.07973463)]
    [InlineData("-73.9857 40.7484, 2.2945 48.8584", "-30 50", 251197.36290907)]
    [InlineData("-60 0, 60 0", "0 90", 10007557.1761168)]
    [InlineData("13 52, 13 53", "13 52.5", 0)]
    // An arc leaves its parallel towards the pole.
    [InlineData("0 50, 40 50", "20 50", 193965.53714928)]
    // The shorter way is across the antimeridian.
    [InlineData("179.9 10, -179.9 10", "180 10.05", 5558.09457115)]
    [InlineData("179.9 10, 179.99 10", "-179.99 10", 2190.11553205)]
    [InlineData("0 89, 180 89", "90 89.5", 55597.53986732)]
    [InlineData("-30 89, 150 89", "77 90", 0)]
    [InlineData("0 -89.9, 120 -89.9", "-60 -89.95", 8339.63336160)]
    // Beyond the ends, and behind the earth.
    [InlineData("13 52, 13.002 52.001", "13.01 52.01", 1140.77989675)]
    [InlineData("13 52, 13.002 52.001", "12.9 52", 6845.85214428)]
    [InlineData("0 0, 10 0", "-175 0", 19459138.9535605)]
    [InlineData("13.4049540 52.5200080, 13.4049680 52.5200150", "13.405 52.52", 2.73309111)]
    [InlineData("8 50, 8.01 50, 8.01 50.01", "8.008 50.004", 142.93774523)]
    [InlineData("0 50, 40 50", "20 51.8", 6185.60637306)]
    [InlineData("13 52, 13 53, 14 53", "13 53", 0)]
    public void Distances_are_those_of_PostGIS(string line, string point, double metres)
    {
        var (latitudes, longitudes) = Lines.Read(line);
        var (ofPoint, alsoOfPoint) = Lines.Read(point);
        var (latitude, longitude) = (ofPoint[0], alsoOfPoint[0]);

        var distance = SphericalDistance.ToLine(latitude, longitude, latitudes, longitudes);

        Assert.Equal(metres, distance, tolerance: Math.Max(1e-5, metres * 1e-12));
        Assert.True(SphericalDistance.IsWithin(latitude, longitude, metres + 1e-4, latitudes, longitudes));
        Assert.False(SphericalDistance.IsWithin(latitude, longitude, metres - 1e-4, latitudes, longitudes));
        latitudes.AsSpan().Reverse();
        longitudes.AsSpan().Reverse();
        Assert.Equal(distance, SphericalDistance.ToLine(latitude, longitude, latitudes, longitudes), 1e-6);
    }

    [Fact]
    public void A_line_that_stands_still_is_a_point()
    {
        double[] latitudes = [52, 52, 52];
        double[] longitudes = [13, 13, 13];
        Assert.Equal(
            SphericalDistance.Between(52.0005, 13.001, 52, 13),
            SphericalDistance.ToLine(52.0005, 13.001, latitudes, longitudes));
    }

    [Fact]
    public void A_line_without_points_is_nowhere() =>
        Assert.Throws<ArgumentException>(() => SphericalDistance.ToLine(0, 0, [], []));
}
