using System.Buffers.Binary;
using HealthExport.Time;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// The points of a route as the bytes PostGIS takes and gives: EWKB, little-endian, LineStringZM, SRID 4326; each point
/// longitude, latitude, altitude in metres (NaN where none was sent), epoch seconds. Until 2106 a float64 of seconds
/// tells every microsecond apart, so that times come back exactly. A line needs two points: a single one stands twice.
/// </summary>
static class RouteEwkb
{
    // LineString with the flags for Z, M and SRID.
    const uint Type = 2 | 0x8000_0000 | 0x4000_0000 | 0x2000_0000;
    const int Wgs84 = 4326;
    const int HeaderLength = 13;
    const int PointLength = 4 * sizeof(double);

    public static byte[] Write(
        ReadOnlySpan<Instant> times, ReadOnlySpan<double> latitudes, ReadOnlySpan<double> longitudes,
        ReadOnlySpan<double> altitudes)
    {
        if (latitudes.Length != times.Length || longitudes.Length != times.Length || altitudes.Length != times.Length)
            throw new ArgumentException("The arrays of a route differ in length.");
        var count = Math.Max(2, times.Length);
        var bytes = new byte[HeaderLength + count * PointLength];
        bytes[0] = 1;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(1), Type);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(5), Wgs84);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(9), count);
        for (var i = 0; i < count; i++)
        {
            var from = Math.Min(i, times.Length - 1);
            var point = bytes.AsSpan(HeaderLength + i * PointLength);
            BinaryPrimitives.WriteDoubleLittleEndian(point, longitudes[from]);
            BinaryPrimitives.WriteDoubleLittleEndian(point[8..], latitudes[from]);
            BinaryPrimitives.WriteDoubleLittleEndian(point[16..], altitudes[from]);
            BinaryPrimitives.WriteDoubleLittleEndian(
                point[24..], times[from].Microseconds / (double)Instant.PerSecond);
        }
        return bytes;
    }

    /// <param name="count">How many of the points are the route's.</param>
    /// <exception cref="InvalidDataException">It is no such line, or shorter.</exception>
    public static (Instant[] Times, double[] Latitudes, double[] Longitudes, double[] Altitudes) Read(
        ReadOnlySpan<byte> bytes, int count)
    {
        if (bytes.Length < HeaderLength + count * PointLength || bytes[0] != 1
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]) != Type)
            throw new InvalidDataException("A stored route is not a little-endian LineStringZM of its length.");
        var times = new Instant[count];
        var (latitudes, longitudes, altitudes) = (new double[count], new double[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            var point = bytes[(HeaderLength + i * PointLength)..];
            longitudes[i] = BinaryPrimitives.ReadDoubleLittleEndian(point);
            latitudes[i] = BinaryPrimitives.ReadDoubleLittleEndian(point[8..]);
            altitudes[i] = BinaryPrimitives.ReadDoubleLittleEndian(point[16..]);
            times[i] = Instant.FromUnixSeconds(BinaryPrimitives.ReadDoubleLittleEndian(point[24..]));
        }
        return (times, latitudes, longitudes, altitudes);
    }
}
