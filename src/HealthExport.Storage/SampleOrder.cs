using System.Buffers.Binary;
using HealthExport.Samples;
using HealthExport.Stores;

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
        const int PlaceLength = 25;

        public static Position Of(in SampleRow row) =>
            new(row.StartInstant.Microseconds, row.Grain, row.Row.StartAt.Microseconds, row.Row.Source);

        /// <summary>The place as an opaque text that only the same list takes.</summary>
        /// <param name="sourceId">The number of the source, which is shorter than its text.</param>
        public string ToCursor(string list, long sourceId)
        {
            Span<byte> place = stackalloc byte[PlaceLength];
            BinaryPrimitives.WriteInt64BigEndian(place, Instant);
            place[8] = (byte)Grain;
            BinaryPrimitives.WriteInt64BigEndian(place[9..], Key);
            BinaryPrimitives.WriteInt64BigEndian(place[17..], sourceId);
            return OpaqueCursor.Write(list, place);
        }

        /// <exception cref="InvalidCursorException">It was not written for this list.</exception>
        public static (Position Place, long SourceId) FromCursor(string list, string cursor)
        {
            var place = OpaqueCursor.Read(list, cursor);
            if (place.Length != PlaceLength) throw new InvalidCursorException();
            return (
                new(
                    BinaryPrimitives.ReadInt64BigEndian(place), (Grain)place[8],
                    BinaryPrimitives.ReadInt64BigEndian(place.AsSpan(9)), null),
                BinaryPrimitives.ReadInt64BigEndian(place.AsSpan(17)));
        }
    }
}
