using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Storage;

/// <summary>
/// A route as one blob, exact to the bit. Layout, everything little-endian:
/// <list type="number">
/// <item>1 byte: version, 1.</item>
/// <item>1 byte: which optional arrays follow, from the lowest bit: speeds, courses, horizontal accuracies, vertical
/// accuracies, speed accuracies, course accuracies.</item>
/// <item>The number of points, then each point's time in microseconds less the one before's (the first's less 0):
/// LEB128 numbers, zigzag, because differences may be negative.</item>
/// <item>float64 arrays, one after another, each as long as there are points: latitudes, longitudes, altitudes, then
/// the optional ones in the order of their bits. NaN is "not sent".</item>
/// </list>
/// Coordinates are not packed: their doubles carry noise down to the last bit, and exactness is promised.
/// </summary>
static class RouteBlob
{
    const byte Version = 1;
    const int LongestNumber = 10;

    public static byte[] Write(WorkoutRoute route)
    {
        double[]?[] optional = Optional(route);
        var arrays = optional.Count(array => array is not null) + 3;
        var blob = new byte[2 + (route.Count + 1) * LongestNumber + arrays * route.Count * sizeof(double)];
        blob[0] = Version;
        for (var i = 0; i < optional.Length; i++)
            if (optional[i] is not null) blob[1] |= (byte)(1 << i);
        var length = 2;
        WriteNumber(blob, ref length, route.Count);
        var before = 0L;
        foreach (var time in route.Times)
        {
            WriteNumber(blob, ref length, time.Microseconds - before);
            before = time.Microseconds;
        }
        double[]?[] every = [route.Latitudes, route.Longitudes, route.Altitudes, .. optional];
        foreach (var array in every)
        {
            if (array is null) continue;
            if (array.Length != route.Count) throw new ArgumentException("The arrays of a route differ in length.");
            var bytes = LittleEndian.ToBytes(array);
            bytes.CopyTo(blob, length);
            length += bytes.Length;
        }
        return blob[..length];
    }

    /// <exception cref="InvalidDataException">The bytes are not what <see cref="Write"/> makes.</exception>
    public static WorkoutRoute Read(ReadOnlySpan<byte> blob)
    {
        if (blob is not [Version, var present, .. var rest])
            throw new InvalidDataException("A stored route is of an unknown version.");
        var count = checked((int)ReadNumber(ref rest));
        var times = new Instant[count];
        var before = 0L;
        for (var i = 0; i < count; i++) times[i] = new(before += ReadNumber(ref rest));
        return new()
        {
            Times = times,
            Latitudes = ReadArray(ref rest, count),
            Longitudes = ReadArray(ref rest, count),
            Altitudes = ReadArray(ref rest, count),
            Speeds = ReadOptional(ref rest, count, present, 0),
            Courses = ReadOptional(ref rest, count, present, 1),
            HorizontalAccuracies = ReadOptional(ref rest, count, present, 2),
            VerticalAccuracies = ReadOptional(ref rest, count, present, 3),
            SpeedAccuracies = ReadOptional(ref rest, count, present, 4),
            CourseAccuracies = ReadOptional(ref rest, count, present, 5),
        };
    }

    /// <summary>Where the points are, without the rest.</summary>
    /// <exception cref="InvalidDataException">The bytes are not what <see cref="Write"/> makes.</exception>
    public static (double[] Latitudes, double[] Longitudes) ReadPlaces(ReadOnlySpan<byte> blob)
    {
        if (blob is not [Version, _, .. var rest])
            throw new InvalidDataException("A stored route is of an unknown version.");
        var count = checked((int)ReadNumber(ref rest));
        for (var i = 0; i < count; i++) ReadNumber(ref rest);
        return (ReadArray(ref rest, count), ReadArray(ref rest, count));
    }

    static double[]?[] Optional(WorkoutRoute route) =>
    [
        route.Speeds, route.Courses, route.HorizontalAccuracies, route.VerticalAccuracies, route.SpeedAccuracies,
        route.CourseAccuracies,
    ];

    static double[]? ReadOptional(ref ReadOnlySpan<byte> rest, int count, byte present, int bit) =>
        (present & 1 << bit) == 0 ? null : ReadArray(ref rest, count);

    static double[] ReadArray(ref ReadOnlySpan<byte> rest, int count)
    {
        var length = count * sizeof(double);
        if (rest.Length < length) throw CutShort();
        var array = LittleEndian.ReadDoubles(rest[..length]);
        rest = rest[length..];
        return array;
    }

    static void WriteNumber(Span<byte> blob, ref int length, long number)
    {
        var zigzag = (ulong)(number << 1 ^ number >> 63);
        for (; zigzag >= 0x80; zigzag >>= 7) blob[length++] = (byte)(zigzag | 0x80);
        blob[length++] = (byte)zigzag;
    }

    static long ReadNumber(ref ReadOnlySpan<byte> rest)
    {
        var zigzag = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (rest is not [var next, .. var following]) throw CutShort();
            rest = following;
            zigzag |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
        }
        throw new InvalidDataException("A number of a stored route does not end.");
    }

    static InvalidDataException CutShort() => new("A stored route is cut short.");
}
