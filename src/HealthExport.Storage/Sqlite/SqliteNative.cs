using System.Runtime.InteropServices;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// SQLite's C interface, as far as it is used here (https://sqlite.org/c3ref/funclist.html). Direct calls: a managed
/// wrapper's handle counting costs more than binding a value. Calls that touch neither file nor heap skip the switch of
/// the garbage collector's mode.
/// </summary>
static unsafe partial class SqliteNative
{
    const string Library = "e_sqlite3";

    public const int Ok = 0;
    public const int Error = 1;
    public const int Busy = 5;
    public const int Locked = 6;
    public const int OutOfMemory = 7;
    public const int ReadOnly = 8;
    public const int Interrupt = 9;
    public const int IoError = 10;
    public const int Corrupt = 11;
    public const int Full = 13;
    public const int CannotOpen = 14;
    public const int Protocol = 15;
    public const int TooBig = 18;
    public const int Constraint = 19;
    public const int Mismatch = 20;
    public const int NotADatabase = 26;
    public const int Row = 100;
    public const int Done = 101;

    public const int OpenReadWrite = 0x2;
    public const int OpenCreate = 0x4;
    public const int OpenNoMutex = 0x8000;
    public const uint PreparePersistent = 1;
    public const int CheckpointPassive = 0;
    public const int CheckpointRestart = 2;
    public const int CheckpointTruncate = 3;
    public const int TypeNull = 5;

    /// <summary>Tells SQLite to copy a bound value before the call returns.</summary>
    public static readonly nint Transient = -1;

    [LibraryImport(Library, EntryPoint = "sqlite3_open_v2", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, out nint database, int flags, nint vfs);

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_find")]
    public static partial SqliteFileSystem.FileSystem* FindFileSystem(nint name);

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_register")]
    public static partial int RegisterFileSystem(SqliteFileSystem.FileSystem* fileSystem, int isDefault);

    [LibraryImport(Library, EntryPoint = "sqlite3_close_v2")]
    public static partial int Close(nint database);

    [LibraryImport(Library, EntryPoint = "sqlite3_busy_handler")]
    public static partial int SetBusyHandler(
        nint database, delegate* unmanaged[Cdecl]<nint, int, int> handler, nint state);

    [LibraryImport(Library, EntryPoint = "sqlite3_errmsg")]
    public static partial byte* GetMessage(nint database);

    [LibraryImport(Library, EntryPoint = "sqlite3_libversion")]
    public static partial byte* GetVersion();

    [LibraryImport(Library, EntryPoint = "sqlite3_get_autocommit")]
    public static partial int IsAutocommit(nint database);

    [LibraryImport(Library, EntryPoint = "sqlite3_last_insert_rowid")]
    public static partial long GetLastRowId(nint database);

    [LibraryImport(Library, EntryPoint = "sqlite3_changes")]
    public static partial int GetChanges(nint database);

    [LibraryImport(Library, EntryPoint = "sqlite3_wal_hook")]
    public static partial nint SetWalHook(
        nint database, delegate* unmanaged[Cdecl]<nint, nint, byte*, int, int> hook, nint state);

    [LibraryImport(Library, EntryPoint = "sqlite3_wal_checkpoint_v2")]
    public static partial int Checkpoint(nint database, nint schema, int mode, out int logged, out int checkpointed);

    [LibraryImport(Library, EntryPoint = "sqlite3_prepare_v3")]
    public static partial int Prepare(
        nint database, byte* sql, int length, uint flags, out nint statement, out byte* tail);

    [LibraryImport(Library, EntryPoint = "sqlite3_finalize")]
    public static partial int CloseStatement(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_step")]
    public static partial int Step(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_reset")]
    public static partial int Reset(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_clear_bindings")]
    public static partial int ClearBindings(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_int64")]
    [SuppressGCTransition]
    public static partial int Bind(nint statement, int index, long value);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_double")]
    [SuppressGCTransition]
    public static partial int Bind(nint statement, int index, double value);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_null")]
    [SuppressGCTransition]
    public static partial int BindNull(nint statement, int index);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_text")]
    public static partial int BindText(nint statement, int index, byte* text, int length, nint destructor);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_blob")]
    public static partial int BindBlob(nint statement, int index, byte* bytes, int length, nint destructor);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_type")]
    [SuppressGCTransition]
    public static partial int GetType(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64")]
    [SuppressGCTransition]
    public static partial long GetInt64(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_double")]
    [SuppressGCTransition]
    public static partial double GetDouble(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_text")]
    public static partial byte* GetText(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_blob")]
    public static partial byte* GetBlob(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_bytes")]
    public static partial int GetLength(nint statement, int column);
}
