using System.Buffers.Binary;
using System.Text;
using HealthExport.Pushes;
using HealthExport.Stores;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresIngestionStore
{
    public ValueTask<Ingestion?> FindAsync(long userId, Guid id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (connection, cancellationToken) => FindAsync(connection, userId, id, cancellationToken), cancellationToken);

    public ValueTask<Ingestion?> FindAppliedAsync(ReceivedPush push, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand(
                    $"""
                    select {PostgresIngestionRow.Columns}
                    from raw_ingestions i
                    where i.user_id = $1 and i.sha256 = $2 and i.sameness = $3 and i.status in (2, 3)
                        and i.received_at >= $4
                        and not exists (
                            select
                            from deletions d
                            where d.user_id = $1 and d.up_to_ingestion >= i.number)
                    order by i.number desc
                    limit 1
                    """,
                    connection);
                find.Parameters.Bind(push.UserId).Bind(push.Payload.Sha256).Bind(push.Sameness)
                    .Bind(Instant.From(DateOnly.MinValue));
                await using var row = await find.ExecuteReaderAsync(cancellationToken);
                return await row.ReadAsync(cancellationToken) ? PostgresIngestionRow.Read(row).Own : null;
            },
            cancellationToken);

    public ValueTask<Page<Ingestion>> ListAsync(
        long userId, IngestionFilter filter, string? cursor, int limit, CancellationToken cancellationToken)
    {
        var list = $"ingestions {userId}";
        var before = cursor is null ? default((long ReceivedAt, long Number)?) : ListCursor.Read(list, cursor);
        return database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                StringBuilder rest = new("where i.user_id = $1");
                await using var read = new NpgsqlCommand { Connection = connection };
                var values = read.Parameters.Bind(userId);
                if (filter.Status is { } status) Add("i.status = $?").Bind((short)status);
                if (filter.From is { } from) Add("i.received_at >= $?").Bind(from);
                if (filter.To is { } to) Add("i.received_at < $?").Bind(to);
                if (filter.KeyId is { } keyId) Add("i.key_id = $?").Bind(keyId);
                if (before is { } place)
                {
                    // The first bounds the partitions, the second is exact.
                    Add("i.received_at <= $?").Bind(new Instant(place.ReceivedAt));
                    Add($"(i.received_at, i.number) < (${values.Count}, $?)").Bind(place.Number);
                }
                rest.Append($"\norder by i.received_at desc, i.number desc\nlimit {limit + 1L}");
                read.CommandText = $"select {PostgresIngestionRow.Columns}\nfrom raw_ingestions i\n{rest}";

                List<PostgresIngestionRow> rows = [];
                var hasMore = false;
                await using (var row = await read.ExecuteReaderAsync(cancellationToken))
                {
                    while (rows.Count < limit && await row.ReadAsync(cancellationToken))
                        rows.Add(PostgresIngestionRow.Read(row));
                    hasMore = rows.Count == limit && await row.ReadAsync(cancellationToken);
                }
                var items = await PostgresIngestionRow.CompleteAsync(connection, rows, cancellationToken);
                return new Page<Ingestion>(
                    items,
                    hasMore ? ListCursor.Write(list, items[^1].ReceivedAt.Microseconds, items[^1].Number) : null);

                NpgsqlParameterCollection Add(string condition)
                {
                    var numbered = condition.Replace("$?", $"${values.Count + 1}", StringComparison.Ordinal);
                    rest.Append("\nand ").Append(numbered);
                    return values;
                }
            },
            cancellationToken);
    }

    public ValueTask<IReadOnlyList<Arrival>> ListArrivalsAsync(
        long userId, Instant since, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Arrival>>(
            async (connection, cancellationToken) =>
            {
                await using var read = new NpgsqlCommand(
                    """
                    select received_at, headers::json ->> 'automation-id', headers::json ->> 'automation-name',
                        headers::json ->> 'session-id'
                    from raw_ingestions
                    where user_id = $1 and received_at >= $2
                    order by received_at desc, number desc
                    limit $3
                    """,
                    connection);
                read.Parameters.Bind(userId).Bind(since).Bind(limit);
                List<Arrival> arrivals = [];
                await using var row = await read.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken))
                    arrivals.Add(new(row.GetInstant(0), row.FindString(1), row.FindString(2), row.FindString(3)));
                return arrivals;
            },
            cancellationToken);

    public ValueTask<IReadOnlyList<(int MetricId, Instant ReceivedAt)>> ListLastPushesAsync(
        long userId, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<(int, Instant)>>(
            async (connection, cancellationToken) =>
            {
                await using var read = new NpgsqlCommand(
                    """
                    select s.metric_id, max(t.received_at)
                    from series_pushes s
                    join ingestion_times t on t.user_id = s.user_id and t.number = s.ingestion
                    where s.user_id = $1
                    group by s.metric_id
                    order by s.metric_id
                    """,
                    connection);
                read.Parameters.Bind(userId);
                List<(int, Instant)> pushes = [];
                await using var row = await read.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken)) pushes.Add((row.GetInt32(0), row.GetInstant(1)));
                return pushes;
            },
            cancellationToken);

    public ValueTask<Page<Reject>> ListRejectsAsync(
        long userId, Guid id, string? cursor, int limit, CancellationToken cancellationToken)
    {
        var list = $"rejects {userId} {id:n}";
        var after = cursor is null ? -1 : ListCursor.Read(list, cursor).First;
        var (from, to) = BoundsOf(id);
        return database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                // A duplicate's are those of the first one.
                await using var read = new NpgsqlCommand(
                    $"""
                    select r.ordinal, r.item_type, r.item_index, r.code, r.error, r.hint, r.field, r.allowed_low,
                        r.allowed_high, r.item
                    from raw_ingestions i
                    join rejected_items r on r.user_id = i.user_id and r.number = coalesce(i.duplicate_of, i.number)
                    where i.user_id = $1 and i.public_id = $2 and i.received_at >= $3 and i.received_at < $4
                        and r.ordinal > $5
                    order by r.ordinal
                    limit {limit + 1L}
                    """,
                    connection);
                read.Parameters.Bind(userId).Bind(id).Bind(from).Bind(to).Bind(after);
                List<Reject> items = [];
                var last = after;
                await using var row = await read.ExecuteReaderAsync(cancellationToken);
                while (items.Count < limit && await row.ReadAsync(cancellationToken))
                {
                    last = row.GetInt32(0);
                    items.Add(ReadReject(row));
                }
                var hasMore = items.Count == limit && await row.ReadAsync(cancellationToken);
                return new Page<Reject>(items, hasMore ? ListCursor.Write(list, last, 0) : null);
            },
            cancellationToken);
    }

    public ValueTask<IReadOnlyList<(long UserId, Guid Id)>> ListByStatusAsync(
        IngestionStatus status, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<(long, Guid)>>(
            async (connection, cancellationToken) =>
            {
                // The status stands in the text, so that the partial index of what is not settled well serves it.
                await using var read = new NpgsqlCommand(
                    $"""
                    select user_id, public_id
                    from raw_ingestions
                    where status = {(short)status}
                    order by received_at, user_id, number
                    limit $1
                    """,
                    connection);
                read.Parameters.Bind(limit);
                List<(long, Guid)> ids = [];
                await using var row = await read.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken)) ids.Add((row.GetInt64(0), row.GetGuid(1)));
                return ids;
            },
            cancellationToken);

    public ValueTask<IReadOnlyDictionary<IngestionStatus, long>> CountByStatusAsync(
        CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyDictionary<IngestionStatus, long>>(
            async (connection, cancellationToken) =>
            {
                await using var count = new NpgsqlCommand(
                    """
                    select status, count(*)
                    from raw_ingestions
                    group by status
                    """,
                    connection);
                var counts = Enum.GetValues<IngestionStatus>().ToDictionary(status => status, _ => 0L);
                await using var row = await count.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken))
                    counts[(IngestionStatus)row.GetInt16(0)] = row.GetInt64(1);
                return counts;
            },
            cancellationToken);

    public ValueTask<Ingestion?> ReplayAsync(long userId, Guid id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                await using (var gate = new NpgsqlBatch(connection))
                {
                    gate.Add("select 1 from users where id = $1 and erasing_since is null for no key update")
                        .Bind(userId);
                    gate.AddIdleLimit();
                    if (await gate.ExecuteScalarAsync(cancellationToken) is null) return null;
                }
                var found = await FindAsync(connection, userId, id, cancellationToken);
                if (found is not { HasPayload: true }) return null;
                if (found.Status is IngestionStatus.Queued or IngestionStatus.Processing) return found;
                await using (var batch = new NpgsqlBatch(connection))
                {
                    AddToQueue(batch, userId, found.Number, isReplay: true, null, default);
                    // A duplicate becomes a push of its own; until its new receipt is there it keeps the first one's.
                    batch.Add($"""
                        update raw_ingestions i
                        set status = {Queued}, attempts = 0, started_at = null, finished_at = null, duplicate_of = null,
                            receipt = coalesce(i.receipt, $4),
                            time_zone = coalesce(i.time_zone, (select u.time_zone from users u where u.id = $1))
                        where i.user_id = $1 and i.number = $2 and i.received_at = $3
                        """).Bind(userId).Bind(found.Number).Bind(found.ReceivedAt)
                        .BindText(PostgresIngestionRow.WriteReceipt(found.Receipt));
                    await batch.ExecuteNonQueryAsync(cancellationToken);
                }
                return (Ingestion?)await PostgresIngestionRow.GetAsync(
                    connection, userId, found.Number, cancellationToken);
            },
            cancellationToken);

    static async ValueTask<Ingestion?> FindAsync(
        NpgsqlConnection connection, long userId, Guid id, CancellationToken cancellationToken)
    {
        var (from, to) = BoundsOf(id);
        await using var find = new NpgsqlCommand(
            $"""
            select {PostgresIngestionRow.Columns}
            from raw_ingestions i
            where i.user_id = $1 and i.public_id = $2 and i.received_at >= $3 and i.received_at < $4
            """,
            connection);
        find.Parameters.Bind(userId).Bind(id).Bind(from).Bind(to);
        PostgresIngestionRow found;
        await using (var row = await find.ExecuteReaderAsync(cancellationToken))
        {
            if (!await row.ReadAsync(cancellationToken)) return null;
            found = PostgresIngestionRow.Read(row);
        }
        return (await PostgresIngestionRow.CompleteAsync(connection, [found], cancellationToken))[0];
    }

    /// <summary>A UUIDv7 begins with the millisecond of receipt (RFC 9562, 5.7): in which the row's partition
    /// is.</summary>
    static (Instant From, Instant To) BoundsOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var milliseconds = (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16);
        // Not one of ours, and beyond what the server can hold: nothing is found in the first millisecond either.
        if (id.Version != 7 || milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()) milliseconds = 0;
        return (new(milliseconds * 1000), new((milliseconds + 1) * 1000));
    }

    static Reject ReadReject(NpgsqlDataReader row) => new(
        row.GetString(1), row.GetInt32(2), row.GetString(3), row.GetString(4), row.FindString(5), row.FindString(6),
        row.IsDBNull(7) && row.IsDBNull(8)
            ? null
            : [row.FindDouble(7) ?? double.NegativeInfinity, row.FindDouble(8) ?? double.PositiveInfinity],
        row.GetFieldValue<byte[]>(9));
}
