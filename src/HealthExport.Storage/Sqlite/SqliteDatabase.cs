using System.Collections.Concurrent;
using HealthExport.Pushes;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// One database file: a single writer, handed out in turn, and readers. The log is copied into the file in the
/// background, so that a big commit does not pay for it. Opened at the first use.
/// </summary>
/// <param name="path">The file; it and its folder are created when missing.</param>
/// <param name="opened">For tests: gets SQLite's pointer of each connection as it is opened.</param>
sealed class SqliteDatabase(string path, Action<nint>? opened = null) : IDisposable, IAsyncDisposable
{
    const int IdleReaders = 8;
    internal const int PageBytes = 8192;

    // Below it the log is cheap to read and to copy.
    const int CheckpointPages = (16 << 20) / PageBytes;

    // Waiting for readers would be waiting with the writer in hand.
    const int CheckpointBusyMilliseconds = 10;

    // A minute in all: readers that stream a long answer must come to their end.
    const int MostEmptyings = 300;
    static readonly TimeSpan EmptyingPause = TimeSpan.FromMilliseconds(200);

    readonly SemaphoreSlim _writerGate = new(1, 1);
    readonly ConcurrentBag<SqliteSession> _readers = [];
    readonly Lock _opening = new();

    // Set under _opening; read without it once it is there.
    SqliteSession? _writer;

    // The running checkpoint; 1 in _isCheckpointing while there is one.
    Task _checkpoint = Task.CompletedTask;
    int _isCheckpointing;

    // When the next is due, in pages of the log. Under the writer's gate.
    int _checkpointAt = CheckpointPages;
    bool _isDisposed;

    /// <summary>What the table of metrics holds.</summary>
    public SqliteMetrics Metrics { get; } = new();

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>Waits for the writer. Whoever holds it may block its thread on the disk.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be opened.</exception>
    public async ValueTask<WriterLease> RentWriterAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        await _writerGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return new(this, Open());
        }
        catch
        {
            _writerGate.Release();
            throw;
        }
    }

    /// <exception cref="StoreUnavailableException">The file cannot be opened.</exception>
    public ReaderLease RentReader()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_readers.TryTake(out var session))
        {
            Open();
            session = SqliteSession.OpenReader(Path);
            opened?.Invoke(session.Handle);
        }
        return new(this, session);
    }

    /// <summary>
    /// Writes the file anew without what was deleted, and empties the log: no byte of a deleted row is in either then.
    /// Readers go on meanwhile; writers wait. Needs as much free space again as the file has, twice.
    /// </summary>
    /// <exception cref="StoreUnavailableException">There is no room, or somebody reads for so long that the log cannot
    /// be emptied; what was deleted may be in the files still.</exception>
    public async ValueTask CompactAsync(CancellationToken cancellationToken)
    {
        using (var writer = await RentWriterAsync(cancellationToken))
        {
            // The copy on the way may not fit into memory.
            writer.Session.Execute("pragma temp_store = file");
            try
            {
                writer.Session.Execute("vacuum");
            }
            finally
            {
                writer.Session.Execute("pragma temp_store = memory");
            }
        }
        for (var attempt = 1; !await TryEmptyLogAsync(cancellationToken); attempt++)
        {
            if (attempt == MostEmptyings)
                throw new StoreUnavailableException("Somebody reads in the log, which cannot be emptied.");
            await Task.Delay(EmptyingPause, cancellationToken);
        }
    }

    async ValueTask<bool> TryEmptyLogAsync(CancellationToken cancellationToken)
    {
        using var writer = await RentWriterAsync(cancellationToken);
        writer.Session.SetBusyTimeout(CheckpointBusyMilliseconds);
        try
        {
            return SqliteNative.Checkpoint(
                writer.Session.Handle, 0, SqliteNative.CheckpointTruncate, out _, out _) == SqliteNative.Ok;
        }
        finally
        {
            writer.Session.SetBusyTimeout(SqliteSession.BusyTimeoutMilliseconds);
        }
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Waits for the writer, copies the log into the file and closes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true)) return;
        // Before the gate: a checkpoint may be waiting for it. One that starts now sees the flag and does not.
        await _checkpoint.ConfigureAwait(false);
        await _writerGate.WaitAsync().ConfigureAwait(false);
        await _checkpoint.ConfigureAwait(false);
        while (_readers.TryTake(out var reader)) reader.Dispose();
        if (_writer is { } writer)
        {
            SqliteNative.Checkpoint(writer.Handle, 0, SqliteNative.CheckpointTruncate, out _, out _);
            writer.Dispose();
        }
        _writerGate.Release();
    }

    internal void TakeBackReader(SqliteSession session)
    {
        if (session.IsInTransaction) session.RollBack();
        if (_isDisposed || _readers.Count >= IdleReaders) session.Dispose();
        else _readers.Add(session);
    }

    internal void TakeBackWriter(SqliteSession session)
    {
        try
        {
            if (!TryRollBack(session)) return;
            // The log has been begun anew.
            if (session.LoggedPages < _checkpointAt - CheckpointPages) _checkpointAt = CheckpointPages;
            if (session.LoggedPages >= _checkpointAt && Interlocked.Exchange(ref _isCheckpointing, 1) == 0)
            {
                _checkpointAt = session.LoggedPages + CheckpointPages;
                _checkpoint = Task.Run(CheckpointAsync);
            }
        }
        finally
        {
            _writerGate.Release();
        }
    }

    bool TryRollBack(SqliteSession session)
    {
        try
        {
            session.RollBack();
            return true;
        }
        catch (StoreUnavailableException)
        {
            // Its state is unknown; closing rolls back, and the next lease opens another.
            lock (_opening) _writer = null;
            session.Dispose();
            return false;
        }
    }

    SqliteSession Open()
    {
        if (Volatile.Read(ref _writer) is { } open) return open;
        lock (_opening)
        {
            if (_writer is not null) return _writer;
            try
            {
                MakeFile();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new StoreUnavailableException(
                    $"The folder of the database cannot be made: {error.Message}", error);
            }
            var writer = SqliteSession.OpenWriter(Path);
            opened?.Invoke(writer.Handle);
            return _writer = writer;
        }
    }

    // What is in it is nobody else's to read, whatever the umask; SQLite gives its log the file's own rights.
    void MakeFile()
    {
        var folder = System.IO.Path.GetDirectoryName(Path)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }
        const UnixFileMode own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        if (!Directory.Exists(folder)) Directory.CreateDirectory(folder, own | UnixFileMode.UserExecute);
        if (File.Exists(Path)) return;
        try
        {
            new FileStream(Path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = own,
            }).Dispose();
        }
        catch (IOException) when (File.Exists(Path))
        {
            // Another process was first.
        }
    }

    async Task CheckpointAsync()
    {
        try
        {
            using var session = SqliteSession.OpenReader(Path);
            session.SetBusyTimeout(CheckpointBusyMilliseconds);
            // Nearly all of it while neither readers nor the writer wait.
            SqliteNative.Checkpoint(session.Handle, 0, SqliteNative.CheckpointPassive, out _, out _);
            if (Volatile.Read(ref _isDisposed)) return;
            await _writerGate.WaitAsync().ConfigureAwait(false);
            try
            {
                // What was written meanwhile; then the log begins anew, unless somebody reads in it.
                SqliteNative.Checkpoint(session.Handle, 0, SqliteNative.CheckpointRestart, out _, out _);
            }
            finally
            {
                _writerGate.Release();
            }
        }
        catch (Exception e) when (e is StoreUnavailableException or IOException)
        {
            // The next commit tries again. It must not fail: closing awaits it, and would leave the rest open.
        }
        finally
        {
            Volatile.Write(ref _isCheckpointing, 0);
        }
    }
}
