namespace HealthExport.Moving;

/// <param name="Force">Empties the target first, whatever it holds, and moves although a server is at work on one of
/// the stores.</param>
/// <param name="VerifyOnly">Writes nothing; compares.</param>
public sealed record MoveOptions(bool Force = false, bool VerifyOnly = false);

/// <param name="IsVerifying">Whether the target is being read back.</param>
/// <param name="Table">The table in hand.</param>
/// <param name="Rows">Rows gone through so far, of all tables and both ways.</param>
/// <param name="TotalRows">Rows to go through.</param>
public readonly record struct MoveProgress(string Table, bool IsVerifying, long Rows, long TotalRows);

/// <param name="Rows">In the source.</param>
/// <param name="IsVerified">Whether the target holds the same rows, to the last bit, and no others.</param>
public sealed record TableOutcome(string Name, long Rows, bool IsVerified);

/// <param name="Faults">What follows from the target's rows and is not so; empty when all is well.</param>
public sealed record MoveOutcome(IReadOnlyList<TableOutcome> Tables, IReadOnlyList<string> Faults)
{
    public bool IsVerified => Faults.Count == 0 && Tables.All(table => table.IsVerified);
}

/// <summary>The move would lose something, or make no sense. Nothing was written.</summary>
/// <param name="hint">What to do about it.</param>
public sealed class MoveRefusedException(string message, string hint) : Exception(message)
{
    public string Hint => hint;
}

/// <summary>The target has no place for a row of the source, whatever else it has. What was written before it stays.
/// </summary>
/// <param name="table">Whose row it is.</param>
public sealed class RowRefusedException(string table, Exception refused)
    : Exception($"The target cannot take a row of the source's table {table}: {refused.Message}", refused)
{
    public string Table => table;
}
