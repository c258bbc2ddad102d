using HealthExport.Audit;
using HealthExport.Deletions;
using HealthExport.People;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// Deletions on the server. Each step holds the user's lock, which nobody else waits for, and looks at no more
/// partitions than it must.
/// </summary>
sealed partial class PostgresDeletionStore(PostgresDatabase database) : IDeletionStore
{
    public ValueTask<bool> KnowsAsync(long userId, string name, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand(
                    """
                    select
                        exists (
                            select
                            from metrics m
                            join user_metric_names n on n.user_id = $1 and n.metric_id = m.id
                            where m.name = $2)
                        or exists (
                            select
                            from health_events
                            where user_id = $1 and kind = $2)
                    """,
                    connection);
                find.Parameters.Bind(userId).BindText(name);
                return (bool)(await find.ExecuteScalarAsync(cancellationToken))!;
            },
            cancellationToken);

    public ValueTask<IReadOnlyDictionary<string, long>> CountAsync(
        long userId, Deletion deletion, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var reading = await connection.BeginTransactionAsync(
                    System.Data.IsolationLevel.RepeatableRead, cancellationToken);
                var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
                var work = new Work(connection, userId, deletion);
                if (!await work.BeginAsync(isLocked: false, metric: null, cancellationToken))
                    return (IReadOnlyDictionary<string, long>)counts;
                foreach (var (id, name) in await work.ListMetricsAsync(cancellationToken))
                    Add(name, await work.CountSamplesAsync(id, cancellationToken));
                foreach (var part in PartsOf(deletion)) await work.CountOthersAsync(part, Add, cancellationToken);
                return counts;

                void Add(string name, long rows)
                {
                    if (rows > 0) counts[name] = counts.GetValueOrDefault(name) + rows;
                }
            },
            cancellationToken);

    public async ValueTask<DeletionState> BeginAsync(
        long userId, Deletion deletion, bool withPayloads, AuditEntry entry, CancellationToken cancellationToken)
    {
        await PostgresAuditStore.PrepareAsync(database, entry, cancellationToken);
        // Outside, so that a second try after a broken connection is known by it.
        var id = Guid.CreateVersion7(database.Clock.GetUtcNow());
        return await database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                // A push in work goes before; with the user's row locked, none is received meanwhile. Equal bytes are no
                // duplicate from now on.
                await using var batch = new NpgsqlBatch(connection);
                batch.AddIdleLimit();
                batch.AddUserLock(userId);
                PostgresPushTransaction.AddRaiseDataVersion(batch, userId, Instant.From(database.Clock.GetUtcNow()));
                var span = deletion.Span;
                batch.Add(
                    """
                    insert into deletions (
                        user_id, id, up_to_ingestion, created_at, metric_name, source, from_at, to_at, from_date,
                        to_date, public_id, with_payloads, stage, entry)
                    select $1, coalesce((select max(id) from deletions where user_id = $1), 0) + 1, last_ingestion, $2,
                        $3, $4, $5, $6, $7, $8, $9, $10, 0, $11
                    from users
                    where id = $1 and erasing_since is null
                    """)
                    .Bind(userId).Bind(Instant.From(database.Clock.GetUtcNow())).BindText(deletion.Name)
                    .BindText(deletion.Source).Bind(span.From).Bind(span.To).Bind(span.FromDate).Bind(span.ToDate)
                    .Bind(id).Bind(withPayloads).BindText(StoredDeletion.WriteEntry(entry));
                batch.Add($"{SelectState} where user_id = $1 and public_id = $2").Bind(userId).Bind(id);
                await using var row = await batch.ExecuteReaderAsync(cancellationToken);
                await row.NextResultAsync(cancellationToken);
                await row.NextResultAsync(cancellationToken);
                return await row.ReadAsync(cancellationToken) ? Read(row) : throw new UserGoneException();
            },
            cancellationToken);
    }

    public ValueTask<DeletionState?> FindAsync(long userId, long number, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (connection, cancellationToken) => FindAsync(connection, userId, number, cancellationToken),
            cancellationToken);

    public ValueTask<IReadOnlyList<DeletionState>> ListUnfinishedAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand(
                    $"{SelectState} where user_id > 0 and stage < 2", connection);
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                return (IReadOnlyList<DeletionState>)await ReadAllAsync(row, cancellationToken);
            },
            cancellationToken);

    /// <summary>Adds what <see cref="ReadLaterAsync"/> reads: deletions that a push must be held against, as they were
    /// asked for after it was received.</summary>
    public static void AddListLater(NpgsqlBatch batch, long userId, long push) => batch.Add(
        $"{SelectState} where user_id = $1 and up_to_ingestion >= $2 order by id").Bind(userId).Bind(push);

    public static async ValueTask<IReadOnlyList<Deletion>> ReadLaterAsync(
        NpgsqlDataReader row, CancellationToken cancellationToken) =>
        [.. (await ReadAllAsync(row, cancellationToken)).Select(state => state.Deletion)];

    const string SelectState = """
        select user_id, id, public_id, up_to_ingestion, metric_name, source, from_at, to_at, from_date, to_date, stage,
            counts, payload_count
        from deletions
        """;

    static async ValueTask<DeletionState?> FindAsync(
        NpgsqlConnection connection, long userId, long number, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand($"{SelectState} where user_id = $1 and id = $2", connection);
        find.Parameters.Bind(userId).Bind(number);
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    static async ValueTask<List<DeletionState>> ReadAllAsync(NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        List<DeletionState> states = [];
        while (await row.ReadAsync(cancellationToken)) states.Add(Read(row));
        return states;
    }

    static DeletionState Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetInt64(1), row.FindGuid(2) ?? Guid.Empty,
        new(
            row.FindString(4), row.FindString(5),
            new(row.FindInstant(6), FindDate(row, 8), row.FindInstant(7), FindDate(row, 9))),
        row.GetInt64(3), (DeletionStage)row.GetInt16(10), StoredDeletion.ReadCounts(row.GetString(11)),
        row.GetInt32(12));

    static DateOnly? FindDate(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateOnly>(column);
}
