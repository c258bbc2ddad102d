using System.Buffers.Binary;
using System.Text;
using HealthExport.Keys;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Storage;

/// <summary>Where a key is in the list of its user's keys, which goes by creation, then by id.</summary>
readonly record struct KeyPlace(Instant CreatedAt, string Id)
{
    const int MaxIdLength = 64;

    static readonly Instant s_first = Instant.From(DateOnly.MinValue);
    static readonly Instant s_last = Instant.From(DateOnly.MaxValue);

    /// <summary>A key's columns in both engines, in the order in which rows are read and written.</summary>
    public const string Columns = """
        id, user_id, name, scopes, limit_profile, lookup_hash, phc, created_at, expires_at, revoked_at, last_used_at,
        format, replaced_by, limit_ingest_requests, limit_ingest_bytes, limit_read_requests, limit_read_bytes
        """;

    /// <summary>How far a use must lie after the one noted to be noted, too.</summary>
    public static readonly TimeSpan BetweenUses = TimeSpan.FromMinutes(1);

    /// <summary>The page of what was read: one more than it holds tells that there is another.</summary>
    public static Page<StoredKey> Page(long userId, List<StoredKey> read, int limit)
    {
        if (read.Count <= limit) return new(read, null);
        read.RemoveRange(limit, read.Count - limit);
        return new(read, new KeyPlace(read[^1].CreatedAt, read[^1].Id).ToCursor(userId));
    }

    /// <exception cref="InvalidCursorException">The cursor was not written for this user's keys.</exception>
    public static KeyPlace? FromCursor(long userId, string? cursor)
    {
        if (cursor is null) return null;
        var place = OpaqueCursor.Read(NameOf(userId), cursor);
        if (place.Length is <= sizeof(long) or > sizeof(long) + MaxIdLength) throw new InvalidCursorException();
        var created = new Instant(BinaryPrimitives.ReadInt64BigEndian(place));
        // A forged one: no server takes every number for a time, nor every byte in a text.
        var id = place.AsSpan(sizeof(long));
        if (created < s_first || created > s_last || id.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            throw new InvalidCursorException();
        return new(created, Encoding.ASCII.GetString(id));
    }

    string ToCursor(long userId)
    {
        var place = new byte[sizeof(long) + Encoding.ASCII.GetByteCount(Id)];
        BinaryPrimitives.WriteInt64BigEndian(place, CreatedAt.Microseconds);
        Encoding.ASCII.GetBytes(Id, place.AsSpan(sizeof(long)));
        return OpaqueCursor.Write(NameOf(userId), place);
    }

    static string NameOf(long userId) => $"keys {userId}";
}
