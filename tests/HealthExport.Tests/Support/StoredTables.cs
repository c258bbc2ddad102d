using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace HealthExport.Tests.Support;

/// <summary>Looks into the file of the embedded store, read-only, for what no route gives back yet.</summary>
/// <param name="userId">Whose rows.</param>
sealed class StoredTables(string path, long userId)
{
    /// <summary>
    /// Rows of a query in which <c>$user</c> is the person, as text, number, bytes or null by column name.
    /// </summary>
    public List<Dictionary<string, object?>> Query(string sql)
    {
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$user", userId);
        using var reader = command.ExecuteReader();
        var rows = new List<Dictionary<string, object?>>();
        while (reader.Read())
        {
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(
                reader.GetName, i => reader.IsDBNull(i) ? null : reader.GetValue(i)));
        }
        return rows;
    }

    /// <summary>The instant of a column in microseconds since 1970.</summary>
    public static DateTimeOffset? At(object? microseconds) =>
        microseconds is long at ? DateTimeOffset.UnixEpoch.AddTicks(at * TimeSpan.TicksPerMicrosecond) : null;

    /// <summary>An array of little-endian numbers.</summary>
    public static T[] Array<T>(object? blob) where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>((byte[])blob!).ToArray();
}
