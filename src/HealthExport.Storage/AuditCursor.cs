using System.Buffers.Binary;
using HealthExport.Audit;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Storage;

/// <summary>The last entry of a page of the audit trail.</summary>
static class AuditCursor
{
    const int Length = 24;

    public static string Write(AuditFilter filter, AuditEntry last)
    {
        Span<byte> place = stackalloc byte[Length];
        BinaryPrimitives.WriteInt64BigEndian(place, last.At.Microseconds);
        last.Id.TryWriteBytes(place[8..], bigEndian: true, out _);
        return OpaqueCursor.Write(NameOf(filter), place);
    }

    /// <exception cref="InvalidCursorException">It was not written for this list.</exception>
    public static (Instant At, Guid Id)? Read(AuditFilter filter, string? cursor)
    {
        if (cursor is null) return null;
        var place = OpaqueCursor.Read(NameOf(filter), cursor);
        if (place.Length != Length) throw new InvalidCursorException();
        return (new(BinaryPrimitives.ReadInt64BigEndian(place)), new(place.AsSpan(8), bigEndian: true));
    }

    static string NameOf(AuditFilter filter) =>
        $"audit {filter.UserId} {filter.Action} {filter.From?.Microseconds} {filter.To?.Microseconds} {filter.KeyId}";
}
