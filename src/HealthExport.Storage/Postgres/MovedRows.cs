using System.Buffers.Binary;
using HealthExport.Moving;
using HealthExport.Workouts;

namespace HealthExport.Storage.Postgres;

/// <summary>Rows on their way between the common form and COPY's.</summary>
sealed class MovedRows(PostgresMovedTable table, MovedTable moved)
{
    const int Float64 = 701;
    const int TimestampTz = 1184;

    // How many fields a route has beside its points.
    const int Beside = 6;

    readonly string[] _types = [.. moved.Columns.Select(column => table.Types[column.Name])];

    public void Read(CopyReader row, RowBatch batch)
    {
        for (var i = 0; i < _types.Length; i++)
            if (row.IsNull(i)) batch.AddNull();
            else Read(row, i, batch);
        batch.EndRow();
    }

    public void Write(ReadOnlySpan<byte> values, CopyWriter copy)
    {
        copy.BeginRow(_types.Length + (table.IsRoutes ? Beside : 0));
        var row = new RowReader(values);
        WorkoutRoute? route = null;
        foreach (var type in _types)
        {
            row.Read();
            if (row.IsNull) copy.WriteNull();
            else if (type == "geography") WritePoints(route = RouteBlob.Read(row.Bytes), copy);
            else Write(type, ref row, copy);
        }
        if (route is null) return;
        foreach (var array in Optional(route))
            if (array is null) copy.WriteNull();
            else copy.WriteArray(Float64, LittleEndian.ToBytes(array));
    }

    void Read(CopyReader row, int field, RowBatch batch)
    {
        var value = row[field];
        switch (_types[field])
        {
            case "bool": batch.Add(value[0]); break;
            case "int2": batch.Add((long)BinaryPrimitives.ReadInt16BigEndian(value)); break;
            case "int4": batch.Add((long)BinaryPrimitives.ReadInt32BigEndian(value)); break;
            case "date":
                batch.Add((PostgresValues.FromServer(0).Microseconds / Time.Instant.PerDay)
                    + BinaryPrimitives.ReadInt32BigEndian(value));
                break;
            case "int8": batch.Add(BinaryPrimitives.ReadInt64BigEndian(value)); break;
            case "timestamptz":
                batch.Add(PostgresValues.FromServer(BinaryPrimitives.ReadInt64BigEndian(value)).Microseconds);
                break;
            case "float8": batch.Add(BinaryPrimitives.ReadDoubleBigEndian(value)); break;
            case "text": batch.AddText(value); break;
            case "_float8": batch.AddBytes(ReadArray(value)); break;
            case "_timestamptz": batch.AddBytes(ReadArray(value, -PostgresValues.FromServer(0).Microseconds)); break;
            case "geography": batch.AddBytes(ReadRoute(row, field)); break;
            default: batch.AddBytes(value); break;
        }
    }

    static void Write(string type, ref RowReader row, CopyWriter copy)
    {
        switch (type)
        {
            case "bool": copy.WriteField(row.Integer != 0); break;
            case "int2": copy.WriteField(checked((short)row.Integer)); break;
            case "int4": copy.WriteField(checked((int)row.Integer)); break;
            case "date":
                copy.WriteField(
                    checked((int)(row.Integer - PostgresValues.FromServer(0).Microseconds / Time.Instant.PerDay)));
                break;
            case "timestamptz": copy.WriteField(new Time.Instant(row.Integer).ToServer()); break;
            case "int8" or "float8": copy.WriteField(row.Integer); break;
            case "_float8": copy.WriteArray(Float64, row.Bytes); break;
            case "_timestamptz":
                copy.WriteArray(TimestampTz, row.Bytes, PostgresValues.FromServer(0).Microseconds);
                break;
            default: copy.WriteField(row.Bytes); break;
        }
    }

    static void WritePoints(WorkoutRoute route, CopyWriter copy) => copy.WriteField(
        RouteEwkb.Write(route.Times, route.Latitudes, route.Longitudes, route.Altitudes));

    byte[] ReadRoute(CopyReader row, int points)
    {
        var countAt = moved.IndexOf("count");
        var count = BinaryPrimitives.ReadInt32BigEndian(row[countAt]);
        var (times, latitudes, longitudes, altitudes) = RouteEwkb.Read(row[points], count);
        return RouteBlob.Write(new()
        {
            Times = times,
            Latitudes = latitudes,
            Longitudes = longitudes,
            Altitudes = altitudes,
            Speeds = FindBeside(row, 0),
            Courses = FindBeside(row, 1),
            HorizontalAccuracies = FindBeside(row, 2),
            VerticalAccuracies = FindBeside(row, 3),
            SpeedAccuracies = FindBeside(row, 4),
            CourseAccuracies = FindBeside(row, 5),
        });
    }

    double[]? FindBeside(CopyReader row, int index)
    {
        var field = _types.Length + index;
        return row.IsNull(field) ? null : LittleEndian.ReadDoubles(ReadArray(row[field]));
    }

    // In the order of the columns beside the points.
    static double[]?[] Optional(WorkoutRoute route) =>
    [
        route.Speeds, route.Courses, route.HorizontalAccuracies, route.VerticalAccuracies, route.SpeedAccuracies,
        route.CourseAccuracies,
    ];

    /// <returns>The elements, little-endian.</returns>
    static byte[] ReadArray(ReadOnlySpan<byte> array, long less = 0)
    {
        if (BinaryPrimitives.ReadInt32BigEndian(array) == 0) return [];
        var count = BinaryPrimitives.ReadInt32BigEndian(array[12..]);
        var rest = array[20..];
        var elements = new byte[count * sizeof(long)];
        for (var i = 0; i < count; i++, rest = rest[12..])
        {
            if (BinaryPrimitives.ReadInt32BigEndian(rest) != sizeof(long))
                throw new InvalidDataException("An array holds null.");
            BinaryPrimitives.WriteInt64LittleEndian(
                elements.AsSpan(i * sizeof(long)), BinaryPrimitives.ReadInt64BigEndian(rest[4..]) - less);
        }
        return elements;
    }
}
