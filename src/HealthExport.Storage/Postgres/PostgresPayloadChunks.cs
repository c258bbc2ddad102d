using HealthExport.Pushes;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>Fetches chunks, each with a connection of its own: none is held between two of them.</summary>
sealed class PostgresPayloadChunks(PostgresDatabase database, long userId, long number, long sizeBytes) : IPayloadChunks
{
    byte[] _chunk = [];

    public long SizeBytes => sizeBytes;

    public ReadOnlySpan<byte> Read(int ordinal)
    {
        var length = database.Read(connection =>
        {
            using var find = new NpgsqlCommand(
                "select bytes from raw_chunks where user_id = $1 and number = $2 and ordinal = $3", connection);
            find.Parameters.Bind(userId).Bind(number).Bind(ordinal);
            using var row = find.ExecuteReader();
            if (!row.Read()) throw new KeyNotFoundException("The payload has been removed.");
            var length = (int)row.GetBytes(0, 0, null, 0, 0);
            if (_chunk.Length < length) _chunk = new byte[length];
            return (int)row.GetBytes(0, 0, _chunk, 0, length);
        });
        return _chunk.AsSpan(0, length);
    }

    public void Dispose() { }
}
