using HealthExport.Storage;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Tests.Storage;

public sealed class RouteBlobTests
{
    [Fact]
    public void A_route_comes_back_to_the_bit()
    {
        var random = new Random(3);
        for (var present = 0; present < 64; present++)
        {
            var count = random.Next(0, 50);
            double[]? If(int bit) => (present & 1 << bit) != 0 ? Doubles() : null;
            double[] Doubles() => [.. Enumerable.Range(0, count)
                .Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)))];
            var route = new WorkoutRoute
            {
                Times = [.. Enumerable.Range(0, count).Select(_ => new Instant(random.NextInt64()))],
                Latitudes = Doubles(),
                Longitudes = Doubles(),
                Altitudes = Doubles(),
                Speeds = If(0),
                Courses = If(1),
                HorizontalAccuracies = If(2),
                VerticalAccuracies = If(3),
                SpeedAccuracies = If(4),
                CourseAccuracies = If(5),
            };

            var blob = RouteBlob.Write(route);
            var read = RouteBlob.Read(blob);
            var (latitudes, longitudes) = RouteBlob.ReadPlaces(blob);

            AssertSameBits(route.Latitudes, latitudes);
            AssertSameBits(route.Longitudes, longitudes);
            Assert.Equal(route.Times, read.Times);
            AssertSameBits(route.Latitudes, read.Latitudes);
            AssertSameBits(route.Longitudes, read.Longitudes);
            AssertSameBits(route.Altitudes, read.Altitudes);
            AssertSameBits(route.Speeds, read.Speeds);
            AssertSameBits(route.Courses, read.Courses);
            AssertSameBits(route.HorizontalAccuracies, read.HorizontalAccuracies);
            AssertSameBits(route.VerticalAccuracies, read.VerticalAccuracies);
            AssertSameBits(route.SpeedAccuracies, read.SpeedAccuracies);
            AssertSameBits(route.CourseAccuracies, read.CourseAccuracies);
        }
    }

    [Fact]
    public void The_ends_of_time_can_be_neighbours()
    {
        Instant[] times = [new(long.MaxValue), new(long.MinValue), new(0), new(long.MinValue), new(-1)];
        double[] zeros = [0, 0, 0, 0, 0];
        var route = new WorkoutRoute { Times = times, Latitudes = zeros, Longitudes = zeros, Altitudes = zeros };

        Assert.Equal(times, RouteBlob.Read(RouteBlob.Write(route)).Times);
    }

    [Fact]
    public void A_blob_cut_short_or_of_another_version_is_refused()
    {
        var blob = RouteBlob.Write(new()
        {
            Times = [new(1), new(2)], Latitudes = [1, 2], Longitudes = [1, 2], Altitudes = [1, 2], Speeds = [1, 2],
        });
        for (var length = 0; length < blob.Length; length++)
            Assert.Throws<InvalidDataException>(() => RouteBlob.Read(blob.AsSpan(0, length)));
        blob[0]++;
        Assert.Throws<InvalidDataException>(() => RouteBlob.Read(blob));
    }

    static void AssertSameBits(double[]? expected, double[]? actual) => Assert.Equal(
        expected?.Select(BitConverter.DoubleToInt64Bits), actual?.Select(BitConverter.DoubleToInt64Bits));
}
