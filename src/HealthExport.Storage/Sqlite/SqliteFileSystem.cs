using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// SQLite's own way to the files (https://sqlite.org/vfs.html), except that it sleeps as long as it is asked to: builds
/// that do not know <c>usleep</c>, as the packaged one does not, sleep a whole second for a microsecond, which is what
/// SQLite asks for when two connections meet at the log's header.
/// </summary>
static unsafe class SqliteFileSystem
{
    static readonly ManualResetEventSlim s_never = new();

    /// <summary>Its name in SQLite, null-terminated: what <see cref="SqliteNative.Open"/> takes; 0 for SQLite's own.
    /// </summary>
    public static nint Name { get; } = OperatingSystem.IsWindows() ? 0 : Register();

    static nint Register()
    {
        var own = SqliteNative.FindFileSystem(0);
        var copy = (FileSystem*)NativeMemory.Alloc((nuint)sizeof(FileSystem));
        *copy = *own;
        copy->Next = 0;
        copy->Name = Marshal.StringToCoTaskMemUTF8("health-export");
        copy->Sleep = &Sleep;
        if (SqliteNative.RegisterFileSystem(copy, isDefault: 0) is var code and not SqliteNative.Ok)
            throw new InvalidOperationException($"SQLite refused its own file system, with the sleep replaced: {code}.");
        return copy->Name;
    }

    /// <returns>The microseconds slept.</returns>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Sleep(FileSystem* self, int microseconds)
    {
        var milliseconds = (microseconds + 999) / 1000;
        s_never.Wait(milliseconds);
        return milliseconds * 1000;
    }

    /// <summary><c>sqlite3_vfs</c>, version 3.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FileSystem
    {
        public int Version;
        public int FileBytes;
        public int LongestPath;
        public nint Next;
        public nint Name;
        public nint State;
        public nint Open;
        public nint Delete;
        public nint Access;
        public nint FullPath;
        public nint OpenLibrary;
        public nint LibraryError;
        public nint LibrarySymbol;
        public nint CloseLibrary;
        public nint Randomness;
        public delegate* unmanaged[Cdecl]<FileSystem*, int, int> Sleep;
        public nint CurrentTime;
        public nint LastError;
        public nint CurrentTimeInt64;
        public nint SetSystemCall;
        public nint GetSystemCall;
        public nint NextSystemCall;
    }
}
