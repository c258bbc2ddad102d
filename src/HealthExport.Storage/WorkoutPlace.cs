using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Storage;

/// <summary>Where a workout is in a list that goes by start, then by id.</summary>
readonly record struct WorkoutPlace(Instant StartAt, Guid Id)
{
    const int CheckLength = 8;
    const int Length = sizeof(long) + 16 + CheckLength;

    // Offsets reach 14 hours either way, and somebody may send a greater one.
    const long OffsetReach = Instant.PerDay;

    public static WorkoutPlace Of(WorkoutRow row) => new(row.Workout.StartAt, row.Workout.Id!.Value);

    /// <summary>The place as an opaque text that only the same query takes.</summary>
    public string ToCursor(WorkoutQuery query)
    {
        Span<byte> bytes = stackalloc byte[Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, StartAt.Microseconds);
        Id.TryWriteBytes(bytes[sizeof(long)..], bigEndian: true, out _);
        WriteCheck(query, bytes[..^CheckLength], bytes[^CheckLength..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <returns>Null if the query starts at the list's beginning.</returns>
    /// <exception cref="InvalidCursorException">The cursor was not written for this query.</exception>
    public static WorkoutPlace? FromCursor(WorkoutQuery query)
    {
        if (query.Cursor is not { } cursor) return null;
        Span<byte> bytes = stackalloc byte[Length];
        Span<byte> check = stackalloc byte[CheckLength];
        if (cursor.Length != Base64Url.GetEncodedLength(Length) || !Base64Url.IsValid(cursor)
            || !Base64Url.TryDecodeFromChars(cursor, bytes, out _))
            throw new InvalidCursorException();
        WriteCheck(query, bytes[..^CheckLength], check);
        if (!check.SequenceEqual(bytes[^CheckLength..])) throw new InvalidCursorException();
        return new(
            new(BinaryPrimitives.ReadInt64BigEndian(bytes)),
            new(bytes.Slice(sizeof(long), 16), bigEndian: true));
    }

    /// <summary>The starts [from, to] outside of which no workout can be within the span; null for no bound.</summary>
    public static (Instant? From, Instant? To) StartsOf(TimeSpanBounds span)
    {
        var from = span.From ?? (span.FromDate is { } first ? Reach(first, -OffsetReach) : null);
        var to = span.To ?? (span.ToDate is { } last ? Reach(last, OffsetReach) : null);
        return (from, to);

        static Instant? Reach(DateOnly date, long by) => new Instant(Instant.From(date).Microseconds + by);
    }

    // Everything that decides what is listed, but for the page's size.
    static void WriteCheck(WorkoutQuery query, ReadOnlySpan<byte> place, Span<byte> check)
    {
        var list = Encoding.UTF8.GetBytes((query with { Cursor = null, Limit = 0 }).ToString());
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([.. place, .. list], hash);
        hash[..check.Length].CopyTo(check);
    }
}
