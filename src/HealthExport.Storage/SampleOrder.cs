using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HealthExport.Pushes;
using HealthExport.Samples;

namespace HealthExport.Storage;

/// <summary>
/// The order in which samples are listed: by the instant they start, the finer grain first, by source (ordinal, none
/// first), and two buckets of one grain that start at one instant by date.
/// </summary>
sealed class SampleOrder(bool descending) : IComparer<SampleOrder.Position>
{
    public int Compare(Position a, Position b)
    {
        var order = a.Instant.CompareTo(b.Instant);
        if (order == 0) order = a.Grain.CompareTo(b.Grain);
        if (order == 0) order = string.CompareOrdinal(a.Source, b.Source);
        if (order == 0) order = a.Key.CompareTo(b.Key);
        return descending ? -order : order;
    }

    /// <summary>Where a row is in the order.</summary>
    /// <param name="Instant">Microseconds.</param>
    /// <param name="Key">The stored start: for days and coarser the date at 00:00 UTC.</param>
    public readonly record struct Position(long Instant, Grain Grain, long Key, string? Source)
    {
        const int FixedLength = 17;
        const int CheckLength = 8;

        public static Position Of(in SampleRow row) =>
            new(row.StartInstant.Microseconds, row.Grain, row.Row.StartAt.Microseconds, row.Row.Source);

        /// <summary>The place as an opaque text that only the same list takes.</summary>
        /// <param name="sourceId">The number of the source, which is shorter than its text.</param>
        public string ToCursor(string list, long sourceId)
        {
            Span<byte> bytes = stackalloc byte[FixedLength + sizeof(long) + CheckLength];
            BinaryPrimitives.WriteInt64BigEndian(bytes, Instant);
            bytes[8] = (byte)Grain;
            BinaryPrimitives.WriteInt64BigEndian(bytes[9..], Key);
            BinaryPrimitives.WriteInt64BigEndian(bytes[FixedLength..], sourceId);
            WriteCheck(list, bytes[..^CheckLength], bytes[^CheckLength..]);
            return Base64Url.EncodeToString(bytes);
        }

        /// <exception cref="InvalidCursorException">It was not written for this list.</exception>
        public static (Position Place, long SourceId) FromCursor(string list, string cursor)
        {
            Span<byte> bytes = stackalloc byte[FixedLength + sizeof(long) + CheckLength];
            Span<byte> check = stackalloc byte[CheckLength];
            if (cursor.Length != Base64Url.GetEncodedLength(bytes.Length) || !Base64Url.IsValid(cursor)
                || !Base64Url.TryDecodeFromChars(cursor, bytes, out _))
                throw new InvalidCursorException();
            WriteCheck(list, bytes[..^CheckLength], check);
            if (!check.SequenceEqual(bytes[^CheckLength..])) throw new InvalidCursorException();
            return (
                new(
                    BinaryPrimitives.ReadInt64BigEndian(bytes), (Grain)bytes[8],
                    BinaryPrimitives.ReadInt64BigEndian(bytes[9..]), null),
                BinaryPrimitives.ReadInt64BigEndian(bytes[FixedLength..]));
        }

        static void WriteCheck(string list, ReadOnlySpan<byte> place, Span<byte> check)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData([.. place, .. Encoding.UTF8.GetBytes(list)], hash);
            hash[..check.Length].CopyTo(check);
        }
    }
}
