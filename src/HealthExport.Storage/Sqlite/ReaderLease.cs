namespace HealthExport.Storage.Sqlite;

/// <summary>A connection to read with, held until disposed. Statements of it must be disposed or at their end by then.
/// </summary>
sealed class ReaderLease(SqliteDatabase database, SqliteSession session) : IDisposable
{
    SqliteSession? _session = session;

    public SqliteSession Session => _session ?? throw new ObjectDisposedException(nameof(ReaderLease));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _session, null) is { } session) database.TakeBackReader(session);
    }
}
