using System.Runtime.InteropServices;
using HealthExport.Pushes;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// Turns SQLite's result codes into the store's exceptions. SQLite's own messages name tables and columns, never a
/// bound value.
/// </summary>
static unsafe class SqliteErrors
{
    public static Exception Describe(int code, nint database)
    {
        var primary = code & 0xff;
        var text = $"SQLite answered {code}: {GetMessage(database)}.";
        return primary switch
        {
            SqliteNative.Constraint => new StoreRefusedException(text),
            SqliteNative.Mismatch or SqliteNative.TooBig => new StoreRefusedException(text) { IsOfRowsAlone = true },
            SqliteNative.Busy or SqliteNative.Locked or SqliteNative.OutOfMemory or SqliteNative.ReadOnly
                or SqliteNative.Interrupt or SqliteNative.IoError or SqliteNative.Full or SqliteNative.CannotOpen
                or SqliteNative.Protocol or SqliteNative.Corrupt or SqliteNative.NotADatabase =>
                new StoreUnavailableException(text),
            _ => new InvalidOperationException(text),
        };
    }

    static string GetMessage(nint database) =>
        database == 0 ? "no connection" : Marshal.PtrToStringUTF8((nint)SqliteNative.GetMessage(database)) ?? "";
}
