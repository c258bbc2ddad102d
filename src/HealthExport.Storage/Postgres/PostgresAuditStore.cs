using System.Text;
using HealthExport.Audit;
using HealthExport.Stores;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed class PostgresAuditStore(PostgresDatabase database) : IAuditStore
{
    const string Columns = """
        user_id, created_at, id, action, key_id, resource, ip, user_agent, request_id, metadata
        """;

    public async ValueTask AppendAsync(IReadOnlyList<AuditEntry> entries, CancellationToken cancellationToken)
    {
        if (entries.Count == 0) return;
        await database.Partitions.EnsureAsync(
            PostgresPartitions.Audit, entries.Select(entry => entry.At), cancellationToken);
        await database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                var people = await LockPeopleAsync(connection, entries, cancellationToken);
                List<AuditEntry> kept = [.. entries.Where(entry => entry.UserId == 0 || people.Contains(entry.UserId))];
                await RemoveKnownPlacesAsync(connection, kept, cancellationToken);
                await InsertAsync(connection, kept, cancellationToken);
                return true;
            },
            cancellationToken);
    }

    /// <summary>Makes sure that there is room for an entry; to be awaited before the transaction that writes
    /// it.</summary>
    public static ValueTask PrepareAsync(
        PostgresDatabase database, AuditEntry entry, CancellationToken cancellationToken) =>
        database.Partitions.EnsureAsync(PostgresPartitions.Audit, entry.At, entry.At, cancellationToken);

    /// <summary>For whoever changes something inside a transaction of its own, after <see cref="PrepareAsync"/>. The
    /// entry's person must be there.</summary>
    public static ValueTask WriteAsync(
        NpgsqlConnection connection, AuditEntry entry, CancellationToken cancellationToken) =>
        InsertAsync(connection, [entry], cancellationToken);

    public ValueTask<Page<AuditEntry>> ListAsync(
        AuditFilter filter, string? cursor, int limit, CancellationToken cancellationToken)
    {
        var before = AuditCursor.Read(filter, cursor);
        return database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                StringBuilder rest = new("where true");
                await using var read = new NpgsqlCommand { Connection = connection };
                var values = read.Parameters;
                if (filter.UserId is { } userId) Add("user_id = $?").Bind(userId);
                if (filter.Action is { } action) Add("action = $?").Bind(action.Name);
                if (filter.From is { } from) Add("created_at >= $?").Bind(from);
                if (filter.To is { } to) Add("created_at < $?").Bind(to);
                if (filter.KeyId is { } keyId) Add("key_id = $?").Bind(keyId);
                if (before is { } place)
                {
                    // The first bounds the partitions, the second is exact.
                    Add("created_at <= $?").Bind(place.At);
                    Add($"(created_at, id) < (${values.Count}, $?)").Bind(place.Id);
                }
                rest.Append($"\norder by created_at desc, id desc\nlimit {limit + 1L}");
                read.CommandText = $"select {Columns}\nfrom audit_log\n{rest}";

                List<AuditEntry> items = [];
                await using var row = await read.ExecuteReaderAsync(cancellationToken);
                while (items.Count < limit && await row.ReadAsync(cancellationToken)) items.Add(Read(row));
                var hasMore = items.Count == limit && await row.ReadAsync(cancellationToken);
                return new Page<AuditEntry>(items, hasMore ? AuditCursor.Write(filter, items[^1]) : null);

                NpgsqlParameterCollection Add(string condition)
                {
                    var numbered = condition.Replace("$?", $"${values.Count + 1}", StringComparison.Ordinal);
                    rest.Append("\nand ").Append(numbered);
                    return values;
                }
            },
            cancellationToken);
    }

    public async ValueTask<int> RemoveBeforeAsync(Instant before, int limit, CancellationToken cancellationToken)
    {
        var dropped = await database.Partitions.DropBeforeAsync(PostgresPartitions.Audit, before, cancellationToken);
        return dropped + await database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                await using var batch = new NpgsqlBatch(connection);
                batch.Add("delete from key_addresses where seen_at < $1").Bind(before);
                batch.Add("""
                    delete from audit_log
                    where created_at < $1 and (user_id, created_at, id) in (
                        select user_id, created_at, id
                        from audit_log
                        where created_at < $1
                        order by created_at, id
                        limit $2)
                    """).Bind(before).Bind(limit);
                await batch.ExecuteNonQueryAsync(cancellationToken);
                return (int)batch.BatchCommands[1].RecordsAffected;
            },
            cancellationToken);
    }

    /// <summary>Whoever erases a person waits until the entries are there, and removes them too; whoever comes after
    /// finds the person being erased, or not at all.</summary>
    static async ValueTask<HashSet<long>> LockPeopleAsync(
        NpgsqlConnection connection, IReadOnlyList<AuditEntry> entries, CancellationToken cancellationToken)
    {
        HashSet<long> people = [];
        await using var find = new NpgsqlCommand(
            "select id from users where id = any($1) and erasing_since is null order by id for key share", connection);
        find.Parameters.BindNumbers(entries.Select(entry => entry.UserId).Distinct());
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) people.Add(row.GetInt64(0));
        return people;
    }

    static async ValueTask RemoveKnownPlacesAsync(
        NpgsqlConnection connection, List<AuditEntry> entries, CancellationToken cancellationToken)
    {
        // In one order, so that replicas do not lock each other out. Of one batch the first counts.
        var places = entries
            .Where(entry => entry is { Action: var action, KeyId: not null, Address: not null }
                && action == AuditAction.KeyAtNewAddress)
            .GroupBy(entry => (entry.UserId, entry.KeyId, Network: AuditNetwork.Of(entry.Address!)))
            .OrderBy(group => group.Key)
            .ToList();
        if (places.Count == 0) return;
        HashSet<(long, string?, string)> added = [];
        await using (var add = new NpgsqlCommand(
            """
            insert into key_addresses (user_id, key_id, network, seen_at)
            select *
            from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[])
            on conflict do nothing
            returning user_id, key_id, network
            """,
            connection))
        {
            Bind(add.Parameters);
            await using var row = await add.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
                added.Add((row.GetInt64(0), row.GetString(1), row.GetString(2)));
        }
        if (added.Count < places.Count)
        {
            await using var see = new NpgsqlCommand(
                """
                update key_addresses k
                set seen_at = s.seen_at
                from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[])
                    as s (user_id, key_id, network, seen_at)
                where k.user_id = s.user_id and k.key_id = s.key_id and k.network = s.network
                    and k.seen_at < s.seen_at
                """,
                connection);
            Bind(see.Parameters);
            await see.ExecuteNonQueryAsync(cancellationToken);
        }
        foreach (var place in places)
            foreach (var entry in place.Skip(added.Contains(place.Key) ? 1 : 0)) entries.Remove(entry);

        void Bind(NpgsqlParameterCollection parameters) => parameters
            .BindNumbers(places.Select(place => place.Key.UserId)).BindTexts(places.Select(place => place.Key.KeyId))
            .BindTexts(places.Select(place => place.Key.Network))
            .BindTimes(places.Select(place => place.Max(entry => entry.At)));
    }

    static async ValueTask InsertAsync(
        NpgsqlConnection connection, IReadOnlyList<AuditEntry> entries, CancellationToken cancellationToken)
    {
        if (entries.Count == 0) return;
        await using var insert = new NpgsqlCommand(
            $"""
            insert into audit_log ({Columns})
            select *
            from unnest(
                $1::bigint[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::text[], $10::text[])
            on conflict do nothing
            """,
            connection);
        insert.Parameters.BindNumbers(entries.Select(entry => entry.UserId))
            .BindTimes(entries.Select(entry => entry.At)).Bind(entries.Select(entry => entry.Id).ToArray())
            .BindTexts(entries.Select(entry => entry.Action.Name)).BindTexts(entries.Select(entry => entry.KeyId))
            .BindTexts(entries.Select(entry => entry.Resource)).BindTexts(entries.Select(entry => entry.Address))
            .BindTexts(entries.Select(entry => entry.UserAgent)).BindTexts(entries.Select(entry => entry.RequestId))
            .BindTexts(entries.Select(entry => entry.Metadata));
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    static AuditEntry Read(NpgsqlDataReader row) => new()
    {
        UserId = row.GetInt64(0),
        At = row.GetInstant(1),
        Id = row.GetGuid(2),
        Action = AuditAction.FromStore(row.GetString(3)),
        KeyId = row.FindString(4),
        Resource = row.FindString(5),
        Address = row.FindString(6),
        UserAgent = row.FindString(7),
        RequestId = row.FindString(8),
        Metadata = row.FindString(9),
    };
}
