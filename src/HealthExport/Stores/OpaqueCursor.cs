using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace HealthExport.Stores;

/// <summary>
/// A place in a list as an opaque text that only the same list takes. The check guards against a cursor used for
/// another list, not against forgery: whoever reads a place must bear any bytes.
/// </summary>
public static class OpaqueCursor
{
    const int CheckLength = 8;
    const int MaxLength = 16 << 10;

    /// <param name="list">
    /// Everything that decides what the list holds and how it is ordered, its owner included.
    /// </param>
    /// <param name="place">Where the next page begins, as the list itself reads it.</param>
    public static string Write(string list, ReadOnlySpan<byte> place) =>
        Base64Url.EncodeToString([.. Check(list, place), .. place]);

    /// <returns>The place, as it was given to <see cref="Write"/>.</returns>
    /// <exception cref="InvalidCursorException">It was not written for this list.</exception>
    public static byte[] Read(string list, string cursor)
    {
        if (cursor.Length > MaxLength || !Base64Url.IsValid(cursor)) throw new InvalidCursorException();
        var bytes = Base64Url.DecodeFromChars(cursor);
        if (bytes.Length < CheckLength) throw new InvalidCursorException();
        var place = bytes.AsSpan(CheckLength);
        if (!bytes.AsSpan(0, CheckLength).SequenceEqual(Check(list, place))) throw new InvalidCursorException();
        return place.ToArray();
    }

    static ReadOnlySpan<byte> Check(string list, ReadOnlySpan<byte> place) =>
        SHA256.HashData([.. Encoding.UTF8.GetBytes(list), 0, .. place]).AsSpan(0, CheckLength);
}
