using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// Pushes in the database file. A file is used by one host, so that a lease whose holder has died there ends at once:
/// after a crash the work goes on with the next start.
/// </summary>
/// <param name="holder">Who takes leases: this process.</param>
sealed partial class SqliteIngestionStore(
    SqliteDatabase database, TimeProvider clock, QueueOptions options, LeaseHolder holder) : IIngestionStore
{
    const int Queued = (int)IngestionStatus.Queued;
    const int Processing = (int)IngestionStatus.Processing;
    const int Duplicate = (int)IngestionStatus.Duplicate;
    const int Failed = (int)IngestionStatus.Failed;

    readonly string _holder = holder.ToString();

    Instant Now => Instant.From(clock.GetUtcNow());

    public async ValueTask<IPushTransaction> BeginAsync(ClaimedPush push, CancellationToken cancellationToken) =>
        await SqlitePushTransaction.BeginAsync(database, push, clock, cancellationToken);

    public Stream OpenPayload(long userId, long number)
    {
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare("""
            select payload_number, size_bytes
            from raw_ingestions
            where user_id = ?1 and number = ?2 and has_payload
            """);
        return find.Bind(1, userId).Bind(2, number).Step()
            ? new PayloadStream(new SqlitePayloadChunks(database, userId, find.GetInt64(0), find.GetInt64(1)))
            : throw new KeyNotFoundException("There is no such payload.");
    }
}
