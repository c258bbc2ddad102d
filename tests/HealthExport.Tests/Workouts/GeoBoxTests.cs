using HealthExport.Workouts;

namespace HealthExport.Tests.Workouts;

public sealed class GeoBoxTests
{
    [Theory]
    [InlineData(10, 20, 30, 40, 10, 20, true)]
    [InlineData(10, 20, 30, 40, 30, 40, true)]
    [InlineData(10, 20, 30, 40, 30.000001, 40, false)]
    [InlineData(10, 20, 30, 40, 30, 40.000001, false)]
    [InlineData(10, 20, 30, 40, 20, -30, false)]
    // Across the antimeridian.
    [InlineData(10, 170, 30, -170, 20, 175, true)]
    [InlineData(10, 170, 30, -170, 20, -175, true)]
    [InlineData(10, 170, 30, -170, 20, 180, true)]
    [InlineData(10, 170, 30, -170, 20, -180, true)]
    [InlineData(10, 170, 30, -170, 20, 0, false)]
    // Its one meridian has two numbers.
    [InlineData(10, 170, 30, 180, 20, -180, true)]
    [InlineData(10, -180, 30, -170, 20, 180, true)]
    [InlineData(10, 180, 30, 180, 20, -180, true)]
    [InlineData(10, -180, 30, 180, 20, 0, true)]
    // Every meridian meets at a pole.
    [InlineData(80, 20, 90, 30, 90, -100, true)]
    [InlineData(-90, 20, -80, 30, -90, -100, true)]
    [InlineData(80, 20, 90, 30, 89.999, -100, false)]
    public void Edges_the_antimeridian_and_poles_belong_to_a_box(
        double south, double west, double north, double east, double latitude, double longitude, bool isIn) =>
        Assert.Equal(isIn, new GeoBox(south, west, north, east).Contains(latitude, longitude));

    [Theory]
    [InlineData("13 52, 13.01 52.02, 13.005 51.99", 51.99, 13, 52.02, 13.01)]
    [InlineData("13 52", 52, 13, 52, 13)]
    // At the middle of the arc: atan(tan 50° / cos 20°).
    [InlineData("0 50, 40 50", 50, 0, 51.744, 40)]
    [InlineData("0 -50, 40 -50", -51.744, 0, -50, 40)]
    [InlineData("0 50, 40 -50", -50, 0, 50, 40)]
    [InlineData("179.9 10, -179.9 10", 10, -180, 10.00001, 180)]
    [InlineData("0 89, 180 89", 89, -180, 90, 180)]
    [InlineData("13 90", 90, -180, 90, 180)]
    public void The_box_of_a_line_holds_its_arcs(
        string line, double south, double west, double north, double east)
    {
        var (latitudes, longitudes) = Lines.Read(line);
        var box = GeoBox.OfLine(latitudes, longitudes);
        Assert.Equal((west, east), (box.West, box.East));
        Assert.Equal(south, box.South, 1e-3);
        Assert.Equal(north, box.North, 1e-3);
    }

    [Fact]
    public void What_a_circle_meets_is_never_outside_its_box()
    {
        var random = new Random(11);
        for (var i = 0; i < 200_000; i++)
        {
            var radius = Math.Pow(10, random.NextDouble() * 7);
            var circle = new GeoCircle(
                i % 3 == 0 ? 90 - random.NextDouble() : random.NextDouble() * 180 - 90,
                i % 5 == 0 ? 180 : random.NextDouble() * 360 - 180, radius);
            // About as far away as the radius.
            var latitude = circle.Latitude + (random.NextDouble() - 0.5) * radius / 50_000;
            var spread = Math.Max(0.01, Math.Cos(double.DegreesToRadians(circle.Latitude)));
            var longitude = Math.IEEERemainder(
                circle.Longitude + (random.NextDouble() - 0.5) * radius / 50_000 / spread, 360);
            if (Math.Abs(latitude) > 90) continue;
            if (circle.Meets([latitude], [longitude]))
                Assert.True(circle.Bounds.Contains(latitude, longitude), $"{circle} {latitude} {longitude}");
        }
    }
}
