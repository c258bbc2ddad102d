using HealthExport.Moving;

namespace HealthExport.Storage;

/// <summary>What both engines say of the tables to be moved.</summary>
static class MovedSchema
{
    public const string Queue = "queue";
    public const string Routes = "workout_routes";
    public const string Points = "points";

    /// <summary>Tables that stay: the schema's own, and what the target counts for itself.</summary>
    public static bool IsLeft(string table) => table is "schema_migrations" or "keys_version";

    /// <summary>Who is at work on a push is true of one store only.</summary>
    public static bool IsLeft(string table, string column) =>
        table == Queue && column is ("lease" or "leased_by" or "leased_until");

    public static InvalidOperationException UnknownType(string table, string column, string type) =>
        new($"Nobody has said how {table}.{column} of type {type} moves.");

    /// <summary>Names as SQL lists them.</summary>
    public static string List(this IEnumerable<MovedColumn> columns, string prefix = "") =>
        string.Join(", ", columns.Select(column => $"{prefix}\"{column.Name}\""));
}
