using HealthExport.Storage.Postgres;
using HealthExport.Time;

namespace HealthExport.Tests.Storage;

public sealed class RouteEwkbTests
{
    [Fact]
    public void Every_microsecond_until_2106_comes_back()
    {
        var random = new Random(3);
        var times = Enumerable.Range(0, 10_000)
            .Select(_ => new Instant(random.NextInt64(-2_208_988_800_000_000, 4_294_967_296_000_000))).ToArray();
        var numbers = times.Select(_ => random.NextDouble() * 90).ToArray();

        var read = RouteEwkb.Read(RouteEwkb.Write(times, numbers, numbers, numbers), times.Length);

        Assert.Equal(times, read.Times);
        Assert.Equal(numbers, read.Latitudes);
        Assert.Equal(numbers, read.Longitudes);
        Assert.Equal(numbers, read.Altitudes);
    }

    [Fact]
    public void A_single_point_stands_twice_and_is_read_once()
    {
        var bytes = RouteEwkb.Write([new(1)], [52.5], [13.25], [double.NaN]);

        Assert.Equal(13 + 2 * 32, bytes.Length);
        Assert.Equal(bytes[13..45], bytes[45..]);
        Assert.Equal([13.25], RouteEwkb.Read(bytes, 1).Longitudes);
    }

    [Fact]
    public void Arrays_of_different_lengths_and_other_bytes_are_refused()
    {
        Assert.Throws<ArgumentException>(() => RouteEwkb.Write([new(1), new(2)], [1, 2], [1], [1, 2]));
        var bytes = RouteEwkb.Write([new(1), new(2)], [1, 2], [1, 2], [1, 2]);
        Assert.Throws<InvalidDataException>(() => RouteEwkb.Read(bytes, 3));
        bytes[1]++;
        Assert.Throws<InvalidDataException>(() => RouteEwkb.Read(bytes, 2));
    }
}
