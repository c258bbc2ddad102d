using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// A prepared statement of one <see cref="SqliteSession"/>, kept by it for the next use. Parameters count from 1,
/// columns from 0. Bound values stay until they are bound anew or the statement is disposed; disposing only resets it,
/// so <c>using var find = session.Prepare(…)</c> is the way to use one. Not for concurrent use.
/// </summary>
/// <remarks>
/// Errors come as <see cref="Pushes.StoreUnavailableException"/> (busy, full, unreadable),
/// <see cref="Pushes.StoreRefusedException"/> (constraints, sizes) or <see cref="InvalidOperationException"/> (wrong
/// use).
/// </remarks>
sealed unsafe class SqliteStatement : IDisposable
{
    readonly SqliteSession _session;
    readonly nint _handle;

    internal SqliteStatement(SqliteSession session, nint handle)
    {
        _session = session;
        _handle = handle;
    }

    internal bool IsInUse { get; set; }

    public SqliteStatement Bind(int index, long value) => Check(SqliteNative.Bind(_handle, index, value));

    public SqliteStatement Bind(int index, long? value) =>
        value is { } known ? Bind(index, known) : BindNull(index);

    public SqliteStatement Bind(int index, double value) => Check(SqliteNative.Bind(_handle, index, value));

    public SqliteStatement Bind(int index, double? value) =>
        value is { } known ? Bind(index, known) : BindNull(index);

    public SqliteStatement Bind(int index, bool value) => Bind(index, value ? 1L : 0L);

    /// <summary>Binds microseconds; <see cref="Instant.None"/> as null.</summary>
    public SqliteStatement Bind(int index, Instant value) =>
        value.IsNone ? BindNull(index) : Bind(index, value.Microseconds);

    public SqliteStatement Bind(int index, Instant? value) =>
        value is { } known ? Bind(index, known) : BindNull(index);

    public SqliteStatement Bind(int index, string? text)
    {
        if (text is null) return BindNull(index);
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        var rented = most > 1024 ? ArrayPool<byte>.Shared.Rent(most) : null;
        var utf8 = rented ?? stackalloc byte[1024];
        BindText(index, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return this;
    }

    /// <summary>Binds UTF-8 as text.</summary>
    public SqliteStatement BindText(int index, ReadOnlySpan<byte> utf8)
    {
        byte none;
        fixed (byte* first = utf8)
            return Check(SqliteNative.BindText(
                _handle, index, first is null ? &none : first, utf8.Length, SqliteNative.Transient));
    }

    public SqliteStatement Bind(int index, byte[]? bytes) =>
        bytes is null ? BindNull(index) : Bind(index, bytes.AsSpan());

    /// <summary>Binds a blob; an empty span is an empty blob.</summary>
    public SqliteStatement Bind(int index, ReadOnlySpan<byte> bytes)
    {
        // A null pointer would bind null.
        byte none;
        fixed (byte* first = bytes)
            return Check(SqliteNative.BindBlob(
                _handle, index, first is null ? &none : first, bytes.Length, SqliteNative.Transient));
    }

    /// <summary>Binds the 16 bytes in the order of the text form, so that blobs sort as texts do.</summary>
    public SqliteStatement Bind(int index, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return Bind(index, (ReadOnlySpan<byte>)bytes);
    }

    public SqliteStatement Bind(int index, Guid? value) =>
        value is { } known ? Bind(index, known) : BindNull(index);

    public SqliteStatement BindNull(int index) => Check(SqliteNative.BindNull(_handle, index));

    /// <summary>Goes to the next row.</summary>
    /// <returns>False at the end; the statement is reset then and can be bound and stepped again.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Step()
    {
        var code = SqliteNative.Step(_handle);
        if (code == SqliteNative.Row) return true;
        if (code != SqliteNative.Done)
        {
            var error = SqliteErrors.Describe(code, _session.Handle);
            SqliteNative.Reset(_handle);
            throw error;
        }
        SqliteNative.Reset(_handle);
        return false;
    }

    /// <summary>Runs to the end.</summary>
    /// <returns>How many rows an insert, update or delete changed.</returns>
    public int Run()
    {
        while (Step()) { }
        return SqliteNative.GetChanges(_session.Handle);
    }

    /// <summary>Ends the current run; bound values stay.</summary>
    public void Reset() => SqliteNative.Reset(_handle);

    public bool IsNull(int column) => SqliteNative.GetType(_handle, column) == SqliteNative.TypeNull;
    public long GetInt64(int column) => SqliteNative.GetInt64(_handle, column);
    public int GetInt32(int column) => checked((int)SqliteNative.GetInt64(_handle, column));
    public bool GetBoolean(int column) => SqliteNative.GetInt64(_handle, column) != 0;
    public double GetDouble(int column) => SqliteNative.GetDouble(_handle, column);
    public long? FindInt64(int column) => IsNull(column) ? null : GetInt64(column);
    public double? FindDouble(int column) => IsNull(column) ? null : GetDouble(column);
    public string GetString(int column) => Encoding.UTF8.GetString(GetText(column));
    public string? FindString(int column) => IsNull(column) ? null : GetString(column);
    public byte[]? FindBytes(int column) => IsNull(column) ? null : GetBlob(column).ToArray();
    public Guid GetGuid(int column) => new(GetBlob(column), bigEndian: true);
    public Guid? FindGuid(int column) => IsNull(column) ? null : GetGuid(column);

    /// <summary><see cref="Instant.None"/> for null.</summary>
    public Instant GetInstant(int column) => IsNull(column) ? Instant.None : new(GetInt64(column));

    public Instant? FindInstant(int column) => IsNull(column) ? null : new Instant(GetInt64(column));

    /// <summary>The UTF-8 of a text, valid until the next step.</summary>
    public ReadOnlySpan<byte> GetText(int column)
    {
        var first = SqliteNative.GetText(_handle, column);
        return new(first, SqliteNative.GetLength(_handle, column));
    }

    /// <summary>A blob's bytes, valid until the next step; empty for null.</summary>
    public ReadOnlySpan<byte> GetBlob(int column)
    {
        var first = SqliteNative.GetBlob(_handle, column);
        return new(first, SqliteNative.GetLength(_handle, column));
    }

    /// <summary>Resets it, forgets its values and leaves it to the session for the next use.</summary>
    public void Dispose()
    {
        if (!IsInUse) return;
        SqliteNative.Reset(_handle);
        SqliteNative.ClearBindings(_handle);
        IsInUse = false;
    }

    internal void Close() => SqliteNative.CloseStatement(_handle);

    SqliteStatement Check(int code) =>
        code == SqliteNative.Ok ? this : throw SqliteErrors.Describe(code, _session.Handle);
}
