using System.Buffers.Binary;
using HealthExport.Stores;

namespace HealthExport.Storage;

/// <summary>The place in a list after which the next page begins, when two numbers tell it.</summary>
static class ListCursor
{
    /// <param name="list">Names the list, its owner included.</param>
    public static string Write(string list, long first, long second)
    {
        Span<byte> place = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(place, first);
        BinaryPrimitives.WriteInt64BigEndian(place[8..], second);
        return OpaqueCursor.Write(list, place);
    }

    /// <exception cref="InvalidCursorException">It was not written for this list.</exception>
    public static (long First, long Second) Read(string list, string cursor)
    {
        var place = OpaqueCursor.Read(list, cursor);
        if (place.Length != 16) throw new InvalidCursorException();
        return (BinaryPrimitives.ReadInt64BigEndian(place), BinaryPrimitives.ReadInt64BigEndian(place.AsSpan(8)));
    }
}
