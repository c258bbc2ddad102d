using HealthExport.Pushes;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// Pushes in a database that many replicas share. Whoever numbers, claims, replays or erases a user's pushes holds the
/// lock of that user's row, and takes it first: then rows of queue, then of raw_ingestions. Leases and what is due go
/// by the server's clock; stamps that people read by the replica's.
/// </summary>
sealed partial class PostgresIngestionStore(PostgresDatabase database, QueueOptions options) : IIngestionStore
{
    const short Queued = (short)IngestionStatus.Queued;
    const short Processing = (short)IngestionStatus.Processing;
    const short Duplicate = (short)IngestionStatus.Duplicate;
    const short Failed = (short)IngestionStatus.Failed;

    // For people who look at the queue; a lease is told by its id.
    readonly string _holder = $"{Environment.MachineName}|{Environment.ProcessId}";

    Instant Now => Instant.From(database.Clock.GetUtcNow());

    public async ValueTask<IPushTransaction> BeginAsync(ClaimedPush push, CancellationToken cancellationToken) =>
        await PostgresPushTransaction.BeginAsync(database, push, cancellationToken);

    public Stream OpenPayload(long userId, long number)
    {
        var (payload, sizeBytes) = database.Read(connection =>
        {
            using var time = PostgresIngestionRow.FindReceivedAt(connection, userId, number);
            using var found = time.ExecuteReader();
            var receivedAt = found.Read() ? found.GetInstant(0) : Instant.None;
            found.Close();
            using var find = new NpgsqlCommand(
                """
                select payload_number, size_bytes
                from raw_ingestions
                where user_id = $1 and number = $2 and received_at = $3 and has_payload
                """,
                connection);
            find.Parameters.Bind(userId).Bind(number).Bind(receivedAt);
            using var row = find.ExecuteReader();
            return row.Read()
                ? (row.GetInt64(0), row.GetInt64(1))
                : throw new KeyNotFoundException("There is no such payload.");
        });
        return new PayloadStream(new PostgresPayloadChunks(database, userId, payload, sizeBytes));
    }
}
