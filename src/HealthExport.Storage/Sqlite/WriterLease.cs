namespace HealthExport.Storage.Sqlite;

/// <summary>The only writer, held until disposed; a transaction left open is rolled back then.</summary>
sealed class WriterLease(SqliteDatabase database, SqliteSession session) : IDisposable
{
    SqliteSession? _session = session;

    public SqliteSession Session => _session ?? throw new ObjectDisposedException(nameof(WriterLease));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _session, null) is { } session) database.TakeBackWriter(session);
    }
}
