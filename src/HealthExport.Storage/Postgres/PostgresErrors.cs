using System.Net.Sockets;
using HealthExport.Pushes;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// Turns what the driver throws into the store's exceptions. A server's error can quote what was sent (message, detail,
/// the line of a COPY), so that it is never passed on, neither as a text nor as an inner exception, unless its class
/// speaks of the server's own state.
/// </summary>
static class PostgresErrors
{
    /// <summary>Use as <c>catch (Exception error) when (PostgresErrors.Describe(error) is { } described)</c>.</summary>
    /// <returns>Null for what is none of the driver's: cancellation, wrong use.</returns>
    public static Exception? Describe(Exception error) => error switch
    {
        PostgresException refused => Describe(refused),
        // The pool is exhausted, the connection broke or could not be made, or an answer did not come in time.
        NpgsqlException { InnerException: PostgresException refused } => Describe(refused),
        NpgsqlException or SocketException or IOException or TimeoutException => new StoreUnavailableException(
            $"PostgreSQL does not answer: {error.Message}", error),
        _ => null,
    };

    /// <summary>
    /// The connection was found dead, so that another one may do. Not for a server that refuses new ones.
    /// </summary>
    public static bool IsBrokenConnection(Exception error) => error switch
    {
        PostgresException { SqlState: "57P01" or "57P02" or "57P05" or "25P03" } => true,
        PostgresException => false,
        NpgsqlException { InnerException: IOException or SocketException or ObjectDisposedException } => true,
        SocketException or IOException => true,
        _ => false,
    };

    static Exception Describe(PostgresException error)
    {
        var state = error.SqlState;
        // A row without a partition: somebody dropped it. The push is not to blame, and it comes back with the next
        // try.
        if (state == PostgresErrorCodes.CheckViolation && error.ConstraintName is null)
            return new StoreUnavailableException($"PostgreSQL answered {state}{Place(error)}: a partition is missing.");
        if (IsOfTheServer(state))
            return new StoreUnavailableException($"PostgreSQL answered {state}: {error.MessageText}.");
        // 22: data, 23: constraints, 54: too large for a row, an index or a field.
        if (state.StartsWith("22", StringComparison.Ordinal) || state.StartsWith("23", StringComparison.Ordinal)
            || state.StartsWith("54", StringComparison.Ordinal))
            return new StoreRefusedException($"PostgreSQL answered {state}{Place(error)}.")
            {
                IsOfRowsAlone = state[0] != '2' || state[1] != '3',
            };
        return new InvalidOperationException($"PostgreSQL answered {state}{Place(error)}: {error.MessageText}.");
    }

    static bool IsOfTheServer(string state) => state is "40001" or "40P01" or "55P03" or "57014" or "25006" or "25P03"
        or "3D000" || state[..2] is "08" or "53" or "58" or "28" or "XX" || state.StartsWith("57P", StringComparison.Ordinal);

    static string Place(PostgresException error) =>
        (error.TableName is { Length: > 0 } table ? $" in {table}" : "")
        + (error.ConstraintName is { Length: > 0 } constraint ? $" by {constraint}" : "");
}
