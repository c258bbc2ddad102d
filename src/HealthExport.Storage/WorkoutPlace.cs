using System.Buffers.Binary;
using HealthExport.Stores;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Storage;

/// <summary>Where a workout is in a list that goes by start, then by id.</summary>
readonly record struct WorkoutPlace(Instant StartAt, Guid Id)
{
    const int Length = sizeof(long) + 16;


    static readonly Instant s_first = Instant.From(DateOnly.MinValue);
    static readonly Instant s_last = Instant.From(DateOnly.MaxValue);

    public static WorkoutPlace Of(WorkoutRow row) => new(row.Workout.StartAt, row.Workout.Id!.Value);

    /// <summary>The place as an opaque text that only the same query takes.</summary>
    public string ToCursor(WorkoutQuery query)
    {
        Span<byte> place = stackalloc byte[Length];
        BinaryPrimitives.WriteInt64BigEndian(place, StartAt.Microseconds);
        Id.TryWriteBytes(place[sizeof(long)..], bigEndian: true, out _);
        return OpaqueCursor.Write(NameOf(query), place);
    }

    /// <returns>Null if the query starts at the list's beginning.</returns>
    /// <exception cref="InvalidCursorException">The cursor was not written for this query.</exception>
    public static WorkoutPlace? FromCursor(WorkoutQuery query)
    {
        if (query.Cursor is null) return null;
        var place = OpaqueCursor.Read(NameOf(query), query.Cursor);
        if (place.Length != Length) throw new InvalidCursorException();
        var start = new Instant(BinaryPrimitives.ReadInt64BigEndian(place));
        // A forged one: no server takes every number for a time.
        if (start < s_first || start > s_last) throw new InvalidCursorException();
        return new(start, new(place.AsSpan(sizeof(long)), bigEndian: true));
    }

    // Everything that decides what is listed, but for the page's size.
    static string NameOf(WorkoutQuery query) => (query with { Cursor = null, Limit = 0 }).ToString();
}
