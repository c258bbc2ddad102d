using HealthExport.Time;
using Npgsql;
using NpgsqlTypes;

namespace HealthExport.Storage.Postgres;

/// <summary>Whole columns as one parameter each, so that the number of rows in a statement has no limit.</summary>
static class PostgresArrays
{
    /// <summary><see cref="Instant.None"/> as null.</summary>
    public static NpgsqlParameterCollection BindTimes(
        this NpgsqlParameterCollection parameters, IEnumerable<Instant> times)
    {
        var values = times.Select(time => time.IsNone ? null : (long?)time.ToServer()).ToArray();
        parameters.Add(new NpgsqlParameter<long?[]>
        {
            TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
        });
        return parameters;
    }

    public static NpgsqlParameterCollection BindDates(
        this NpgsqlParameterCollection parameters, IEnumerable<DateOnly> dates)
    {
        parameters.Add(new NpgsqlParameter<DateOnly[]> { TypedValue = [.. dates] });
        return parameters;
    }

    public static NpgsqlParameterCollection Bind(this NpgsqlParameterCollection parameters, DateOnly? date)
    {
        parameters.Add(date is { } known
            ? new NpgsqlParameter<DateOnly> { TypedValue = known }
            : new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Date });
        return parameters;
    }

    /// <exception cref="Pushes.StoreRefusedException">One cannot be stored.</exception>
    public static NpgsqlParameterCollection BindTexts(
        this NpgsqlParameterCollection parameters, IEnumerable<string?> texts)
    {
        parameters.Add(new NpgsqlParameter<string?[]>
        {
            TypedValue = [.. texts.Select(PostgresText.Check)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
        });
        return parameters;
    }

    public static NpgsqlParameterCollection BindNumbers(
        this NpgsqlParameterCollection parameters, IEnumerable<int> numbers)
    {
        parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. numbers] });
        return parameters;
    }

    public static NpgsqlParameterCollection BindNumbers(
        this NpgsqlParameterCollection parameters, IEnumerable<long> numbers)
    {
        parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. numbers] });
        return parameters;
    }

    public static NpgsqlParameterCollection BindNumbers(
        this NpgsqlParameterCollection parameters, IEnumerable<int?> numbers)
    {
        parameters.Add(new NpgsqlParameter<int?[]> { TypedValue = [.. numbers] });
        return parameters;
    }

    public static NpgsqlParameterCollection BindNumbers(
        this NpgsqlParameterCollection parameters, IEnumerable<short> numbers)
    {
        parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. numbers] });
        return parameters;
    }

    public static NpgsqlParameterCollection BindNumbers(
        this NpgsqlParameterCollection parameters, IEnumerable<double?> numbers)
    {
        parameters.Add(new NpgsqlParameter<double?[]> { TypedValue = [.. numbers] });
        return parameters;
    }

    /// <summary>True as 1, false as null.</summary>
    public static NpgsqlParameterCollection BindFlags(
        this NpgsqlParameterCollection parameters, IEnumerable<bool> flags)
    {
        parameters.Add(new NpgsqlParameter<short?[]> { TypedValue = [.. flags.Select(flag => flag ? (short?)1 : null)] });
        return parameters;
    }

    /// <summary>NaN as null.</summary>
    public static NpgsqlParameterCollection BindMeasures(
        this NpgsqlParameterCollection parameters, IEnumerable<double> numbers) =>
        parameters.BindNumbers(numbers.Select(number => double.IsNaN(number) ? null : (double?)number));

    public static NpgsqlParameterCollection Bind(this NpgsqlParameterCollection parameters, double? number)
    {
        parameters.Add(number is { } known
            ? new NpgsqlParameter<double> { TypedValue = known, NpgsqlDbType = NpgsqlDbType.Double }
            : new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Double });
        return parameters;
    }

    public static NpgsqlParameterCollection Bind(this NpgsqlParameterCollection parameters, bool? truth)
    {
        parameters.Add(truth is { } known
            ? new NpgsqlParameter<bool> { TypedValue = known, NpgsqlDbType = NpgsqlDbType.Boolean }
            : new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Boolean });
        return parameters;
    }

    public static NpgsqlParameterCollection BindArray(this NpgsqlParameterCollection parameters, double[]? numbers)
    {
        parameters.Add(numbers is not null
            ? new NpgsqlParameter<double[]> { TypedValue = numbers }
            : new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Double });
        return parameters;
    }

    public static NpgsqlParameterCollection BindBlobs(
        this NpgsqlParameterCollection parameters, IEnumerable<ReadOnlyMemory<byte>> blobs)
    {
        parameters.Add(new NpgsqlParameter<byte[][]>
        {
            TypedValue = [.. blobs.Select(blob => blob.ToArray())],
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea,
        });
        return parameters;
    }
}
