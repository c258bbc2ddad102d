using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using HealthExport.Pushes;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// One open connection with its prepared statements. Opened without SQLite's own mutexes: one thread at a time, which
/// <see cref="SqliteDatabase"/>'s leases see to.
/// </summary>
sealed unsafe class SqliteSession : IDisposable
{
    // 4 KiB pages; negative numbers are KiB.
    const int WriterCacheKib = 32 << 10;
    const int ReaderCacheKib = 4 << 10;

    // What a big push made larger is cut off when the log begins anew.
    const int KeptLogBytes = 64 << 20;
    internal const int BusyTimeoutMilliseconds = 5_000;
    const int BusyPauseMilliseconds = 5;

    static readonly ManualResetEventSlim Never = new();

    readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    GCHandle _self;

    SqliteSession(nint handle) => Handle = handle;

    /// <summary>SQLite's own pointer.</summary>
    public nint Handle { get; private set; }

    /// <summary>Pages in the write-ahead log after this session's last commit.</summary>
    public int LoggedPages { get; private set; }

    public bool IsInTransaction => SqliteNative.IsAutocommit(Handle) == 0;
    public long LastRowId => SqliteNative.GetLastRowId(Handle);

    /// <exception cref="StoreUnavailableException">The file cannot be opened.</exception>
    public static SqliteSession OpenWriter(string path)
    {
        var session = Open(path, SqliteNative.OpenCreate);
        try
        {
            // Only an empty file takes it. Larger pages are split less often as rows are appended.
            session.Execute($"pragma page_size = {SqliteDatabase.PageBytes}");
            session.UseLog();
            session.Execute($"""
                pragma wal_autocheckpoint = 0;
                pragma journal_size_limit = {KeptLogBytes};
                pragma synchronous = full;
                pragma foreign_keys = on;
                pragma temp_store = memory;
                pragma mmap_size = 0;
                pragma cache_size = -{WriterCacheKib};
                """);
            session._self = GCHandle.Alloc(session);
            SqliteNative.SetWalHook(session.Handle, &OnCommit, GCHandle.ToIntPtr(session._self));
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file that a writer has opened before; nothing can be written through it.</summary>
    public static SqliteSession OpenReader(string path)
    {
        var session = Open(path, 0);
        try
        {
            // Not opened read-only: such a connection cannot attach to a log that nobody else has open.
            session.Execute($"""
                pragma query_only = on;
                pragma wal_autocheckpoint = 0;
                pragma synchronous = full;
                pragma temp_store = memory;
                pragma mmap_size = 0;
                pragma cache_size = -{ReaderCacheKib};
                """);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>A statement, prepared once for each text and kept: texts must come from a finite set.</summary>
    /// <exception cref="InvalidOperationException">The same statement is in use, or the text is no SQL.</exception>
    public SqliteStatement Prepare(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            var utf8 = Encoding.UTF8.GetBytes(sql);
            fixed (byte* first = utf8)
            {
                Check(SqliteNative.Prepare(
                    Handle, first, utf8.Length, SqliteNative.PreparePersistent, out var prepared, out _));
                statement = new(this, prepared);
            }
            _statements.Add(sql, statement);
        }
        if (statement.IsInUse)
            throw new InvalidOperationException("The statement is in use; dispose it before preparing it again.");
        statement.IsInUse = true;
        return statement;
    }

    /// <summary>Runs statements separated by semicolons, without values; rows are passed over.</summary>
    public void Execute(string script) => Check(TryExecute(script));

    /// <summary>Starts a transaction that holds the write lock from the start.</summary>
    public void Begin() => Run("begin immediate");

    /// <summary>Starts a read transaction: what is read until its end is of one moment.</summary>
    public void BeginRead() => Run("begin");

    /// <summary>Commits, synced to disk.</summary>
    public void Commit() => Run("commit");

    /// <summary>Rolls back, if there is anything to.</summary>
    public void RollBack()
    {
        // SQLite has rolled back by itself after some errors.
        if (IsInTransaction) Run("rollback");
    }

    /// <summary>Runs one statement without values.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Run(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Run();
    }

    /// <summary>How long to wait for another connection's lock before giving up as unavailable.</summary>
    public void SetBusyTimeout(int milliseconds) =>
        SqliteNative.SetBusyHandler(Handle, &OnBusy, milliseconds / BusyPauseMilliseconds);

    public void Dispose()
    {
        if (Handle == 0) return;
        foreach (var statement in _statements.Values) statement.Close();
        _statements.Clear();
        SqliteNative.Close(Handle);
        Handle = 0;
        if (_self.IsAllocated) _self.Free();
    }

    static SqliteSession Open(string path, int flags)
    {
        var code = SqliteNative.Open(
            path, out var handle, SqliteNative.OpenReadWrite | SqliteNative.OpenNoMutex | flags, SqliteFileSystem.Name);
        var session = new SqliteSession(handle);
        if (code != SqliteNative.Ok)
        {
            var error = SqliteErrors.Describe(code, handle);
            session.Dispose();
            throw error;
        }
        session.SetBusyTimeout(BusyTimeoutMilliseconds);
        return session;
    }

    /// <summary>
    /// Turns the log on, which the file remembers. While another process does the same SQLite answers busy at once,
    /// without minding its timeout.
    /// </summary>
    void UseLog()
    {
        var code = SqliteNative.Busy;
        SpinWait.SpinUntil(
            () => (code = TryExecute("pragma journal_mode = wal") & 0xff) != SqliteNative.Busy,
            BusyTimeoutMilliseconds);
        Check(code);
    }

    /// <returns>The result code of the first statement that failed.</returns>
    int TryExecute(string script)
    {
        var utf8 = Encoding.UTF8.GetBytes(script);
        fixed (byte* first = utf8)
        {
            var next = first;
            var end = first + utf8.Length;
            while (next < end)
            {
                var code = SqliteNative.Prepare(Handle, next, (int)(end - next), 0, out var prepared, out next);
                if (code != SqliteNative.Ok) return code;
                // Nothing but blanks or a comment was left.
                if (prepared == 0) continue;
                do code = SqliteNative.Step(prepared);
                while (code == SqliteNative.Row);
                SqliteNative.CloseStatement(prepared);
                if (code != SqliteNative.Done) return code;
            }
        }
        return SqliteNative.Ok;
    }

    void Check(int code)
    {
        if (code != SqliteNative.Ok) throw SqliteErrors.Describe(code, Handle);
    }

    // SQLite's own timeout sleeps whole seconds in builds that do not know usleep, as the packaged one does not.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int OnBusy(nint mostPauses, int pauses)
    {
        if (pauses >= mostPauses) return 0;
        Never.Wait(BusyPauseMilliseconds);
        return 1;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int OnCommit(nint state, nint database, byte* schema, int pages)
    {
        ((SqliteSession)GCHandle.FromIntPtr(state).Target!).LoggedPages = pages;
        return SqliteNative.Ok;
    }
}
