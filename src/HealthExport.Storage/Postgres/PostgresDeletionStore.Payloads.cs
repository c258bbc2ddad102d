using HealthExport.Deletions;
using HealthExport.Pushes;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresDeletionStore
{
    public ValueTask<bool> ForgetPushAsync(
        DeletionState state, Ingestion push, Receipt? receipt, IReadOnlyCollection<string> itemTypes,
        CancellationToken cancellationToken) => database.WriteAsync(
        async (connection, cancellationToken) =>
        {
            bool hasPayload;
            long payload;
            await using (var batch = new NpgsqlBatch(connection))
            {
                // With the user's row locked, nobody keeps a push that would share the bytes, or replays this one.
                batch.Add("select 1 from users where id = $1 for no key update").Bind(push.UserId);
                batch.Add(
                    """
                    select payload_number, has_payload, status in (0, 1)
                    from raw_ingestions
                    where user_id = $1 and number = $2 and received_at = $3
                    """).Bind(push.UserId).Bind(push.Number).Bind(push.ReceivedAt);
                batch.AddIdleLimit();
                await using var row = await batch.ExecuteReaderAsync(cancellationToken);
                await row.NextResultAsync(cancellationToken);
                if (!await row.ReadAsync(cancellationToken)) return true;
                if (row.GetBoolean(2)) return false;
                (payload, hasPayload) = (row.GetInt64(0), row.GetBoolean(1));
            }
            await using var forget = new NpgsqlBatch(connection);
            if (hasPayload)
                forget.Add("update deletions set payload_count = payload_count + 1 where user_id = $1 and id = $2")
                    .Bind(state.UserId).Bind(state.Number);
            forget.Add(
                """
                update raw_ingestions
                set has_payload = false, receipt = coalesce($4, receipt)
                where user_id = $1 and number = $2 and received_at = $3
                """).Bind(push.UserId).Bind(push.Number).Bind(push.ReceivedAt)
                .BindText(PostgresIngestionRow.WriteReceipt(receipt));
            // Equal bytes share their chunks, however far apart they came.
            forget.Add(
                """
                delete from raw_chunks
                where user_id = $1 and number = $2 and not exists (
                    select
                    from raw_ingestions
                    where user_id = $1 and sha256 = $3 and payload_number = $2 and has_payload)
                """).Bind(push.UserId).Bind(payload).Bind(push.Sha256);
            forget.Add("delete from rejected_items where user_id = $1 and number = $2 and item_type = any($3)")
                .Bind(push.UserId).Bind(push.Number).BindTexts(itemTypes);
            await forget.ExecuteNonQueryAsync(cancellationToken);
            return true;
        },
        cancellationToken);

    public async ValueTask EndPayloadsAsync(long userId, long number, CancellationToken cancellationToken)
    {
        await database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var end = new NpgsqlCommand(
                    "update deletions set stage = 2 where user_id = $1 and id = $2 and stage = 1", connection);
                end.Parameters.Bind(userId).Bind(number);
                return await end.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);
        await FinishAsync(userId, number, cancellationToken);
    }

    async ValueTask EndRowsAsync(DeletionState state, CancellationToken cancellationToken)
    {
        await database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var end = new NpgsqlCommand(
                    """
                    update deletions
                    set stage = case when with_payloads then 1 else 2 end
                    where user_id = $1 and id = $2 and stage = 0
                    """,
                    connection);
                end.Parameters.Bind(state.UserId).Bind(state.Number);
                return await end.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);
        await FinishAsync(state.UserId, state.Number, cancellationToken);
    }

    /// <summary>Says in the audit trail what was done, if all is done and nobody has said so.</summary>
    async ValueTask FinishAsync(long userId, long number, CancellationToken cancellationToken)
    {
        await database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                string? entry;
                await using (var done = new NpgsqlCommand(
                    """
                    update deletions d
                    set entry = null, finished_at = $3
                    from (select user_id, id, entry from deletions where user_id = $1 and id = $2 for update) was
                    where d.user_id = was.user_id and d.id = was.id and d.stage = 2 and was.entry is not null
                    returning was.entry
                    """,
                    connection))
                {
                    done.Parameters.Bind(userId).Bind(number)
                        .Bind(Instant.From(database.Clock.GetUtcNow()));
                    entry = (string?)await done.ExecuteScalarAsync(cancellationToken);
                }
                if (entry is null) return false;
                var ended = await FindAsync(connection, userId, number, cancellationToken);
                await PostgresAuditStore.WriteAsync(
                    connection, StoredDeletion.ReadEntry(entry, ended!), cancellationToken);
                return true;
            },
            cancellationToken);
    }
}
