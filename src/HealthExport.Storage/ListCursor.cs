using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HealthExport.Pushes;

namespace HealthExport.Storage;

/// <summary>
/// The place in a list after which the next page begins, as an opaque text: two numbers and a check over them and the
/// list they are of.
/// </summary>
static class ListCursor
{
    const int NumbersLength = 16;
    const int CheckLength = 8;

    /// <param name="list">Names the list, its owner included.</param>
    public static string Write(string list, long first, long second)
    {
        Span<byte> bytes = stackalloc byte[NumbersLength + CheckLength];
        BinaryPrimitives.WriteInt64BigEndian(bytes, first);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], second);
        WriteCheck(list, bytes[..NumbersLength], bytes[NumbersLength..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <exception cref="InvalidCursorException">It was not written for this list.</exception>
    public static (long First, long Second) Read(string list, string cursor)
    {
        Span<byte> bytes = stackalloc byte[NumbersLength + CheckLength];
        Span<byte> check = stackalloc byte[CheckLength];
        if (cursor.Length != Base64Url.GetEncodedLength(bytes.Length) || !Base64Url.IsValid(cursor)
            || !Base64Url.TryDecodeFromChars(cursor, bytes, out _))
            throw new InvalidCursorException();
        WriteCheck(list, bytes[..NumbersLength], check);
        if (!check.SequenceEqual(bytes[NumbersLength..])) throw new InvalidCursorException();
        return (BinaryPrimitives.ReadInt64BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[8..]));
    }

    static void WriteCheck(string list, ReadOnlySpan<byte> numbers, Span<byte> check)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([.. numbers, .. Encoding.UTF8.GetBytes(list)], hash);
        hash[..check.Length].CopyTo(check);
    }
}
