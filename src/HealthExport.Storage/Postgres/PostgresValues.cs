using HealthExport.Time;
using Npgsql;
using NpgsqlTypes;

namespace HealthExport.Storage.Postgres;

/// <summary>Values on their way to the server and back. Instants travel as whole microseconds, never through another
/// type of time. Parameters are positional, <c>$1</c> onwards.</summary>
static class PostgresValues
{
    // Microseconds from 1970 to 2000, where timestamptz begins to count.
    const long Epoch = 946_684_800L * Instant.PerSecond;

    /// <summary>What binary COPY and parameters of type timestamptz take as an int64.</summary>
    public static long ToServer(this Instant instant) => instant.Microseconds - Epoch;

    public static Instant FromServer(long microseconds) => new(microseconds + Epoch);

    /// <summary>Adds a statement to a batch.</summary>
    /// <returns>Its parameters, to be bound.</returns>
    public static NpgsqlParameterCollection Add(this NpgsqlBatch batch, string sql)
    {
        var command = new NpgsqlBatchCommand(sql);
        batch.BatchCommands.Add(command);
        return command.Parameters;
    }

    public static NpgsqlParameterCollection Bind<T>(this NpgsqlParameterCollection parameters, T value)
        where T : notnull
    {
        parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return parameters;
    }

    public static NpgsqlParameterCollection Bind(this NpgsqlParameterCollection parameters, byte[] bytes)
    {
        parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = bytes, NpgsqlDbType = NpgsqlDbType.Bytea });
        return parameters;
    }

    /// <summary><see cref="Instant.None"/> as null.</summary>
    public static NpgsqlParameterCollection Bind(this NpgsqlParameterCollection parameters, Instant instant) =>
        parameters.Bind(instant.IsNone ? null : (Instant?)instant);

    public static NpgsqlParameterCollection Bind(this NpgsqlParameterCollection parameters, Instant? instant)
    {
        parameters.Add(instant is { IsNone: false } known
            ? new NpgsqlParameter<long> { TypedValue = known.ToServer(), NpgsqlDbType = NpgsqlDbType.TimestampTz }
            : Null(NpgsqlDbType.TimestampTz));
        return parameters;
    }

    public static NpgsqlParameterCollection BindText(this NpgsqlParameterCollection parameters, string? text)
    {
        parameters.Add(text is null
            ? Null(NpgsqlDbType.Text)
            : new NpgsqlParameter<string> { TypedValue = text, NpgsqlDbType = NpgsqlDbType.Text });
        return parameters;
    }

    public static NpgsqlParameterCollection Bind(this NpgsqlParameterCollection parameters, long? number)
    {
        parameters.Add(number is { } known
            ? new NpgsqlParameter<long> { TypedValue = known, NpgsqlDbType = NpgsqlDbType.Bigint }
            : Null(NpgsqlDbType.Bigint));
        return parameters;
    }

    public static NpgsqlParameterCollection Bind(this NpgsqlParameterCollection parameters, Guid? id)
    {
        parameters.Add(id is { } known
            ? new NpgsqlParameter<Guid> { TypedValue = known, NpgsqlDbType = NpgsqlDbType.Uuid }
            : Null(NpgsqlDbType.Uuid));
        return parameters;
    }

    /// <summary>An array of timestamptz, each as <see cref="ToServer"/> gives it.</summary>
    public static NpgsqlParameterCollection BindTimes(this NpgsqlParameterCollection parameters, long[] times)
    {
        parameters.Add(new NpgsqlParameter<long[]>
        {
            TypedValue = times,
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
        });
        return parameters;
    }

    public static NpgsqlParameterCollection Bind(this NpgsqlParameterCollection parameters, TimeSpan span)
    {
        parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = span, NpgsqlDbType = NpgsqlDbType.Interval });
        return parameters;
    }

    /// <summary><see cref="Instant.None"/> for null.</summary>
    public static Instant GetInstant(this NpgsqlDataReader row, int column) => row.FindInstant(column) ?? Instant.None;

    public static Instant? FindInstant(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : FromServer(row.GetFieldValue<long>(column));

    public static string? FindString(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);

    public static long? FindInt64(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetInt64(column);

    public static double? FindDouble(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetDouble(column);

    public static Guid? FindGuid(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetGuid(column);

    static NpgsqlParameter Null(NpgsqlDbType type) => new() { Value = DBNull.Value, NpgsqlDbType = type };
}
