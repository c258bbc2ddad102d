using HealthExport.Pushes;

namespace HealthExport.Storage.Sqlite;

/// <summary>Fetches chunks with a reader rented for each: nothing is held between two of them.</summary>
sealed class SqlitePayloadChunks(SqliteDatabase database, long userId, long number, long sizeBytes) : IPayloadChunks
{
    byte[] _chunk = [];

    public long SizeBytes => sizeBytes;

    public ReadOnlySpan<byte> Read(int ordinal)
    {
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare("""
            select bytes
            from raw_chunks
            where user_id = ?1 and number = ?2 and ordinal = ?3
            """);
        if (!find.Bind(1, userId).Bind(2, number).Bind(3, ordinal).Step())
            throw new KeyNotFoundException("The payload has been removed.");
        var stored = find.GetBlob(0);
        if (_chunk.Length < stored.Length) _chunk = new byte[stored.Length];
        stored.CopyTo(_chunk);
        return _chunk.AsSpan(0, stored.Length);
    }

    public void Dispose() { }
}
