using System.Text;
using HealthExport.Audit;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed class SqliteAuditStore(SqliteDatabase database) : IAuditStore
{
    const string Columns = """
        user_id, created_at, id, action, key_id, resource, ip, user_agent, request_id, metadata
        """;

    public async ValueTask AppendAsync(IReadOnlyList<AuditEntry> entries, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        foreach (var entry in entries)
            if (entry.Action != AuditAction.KeyAtNewAddress || IsNew(session, entry)) Write(session, entry);
        session.Commit();
    }

    /// <summary>For whoever changes something inside a transaction of its own.</summary>
    public static void Write(SqliteSession session, AuditEntry entry)
    {
        using var insert = session.Prepare($"""
            insert into audit_log ({Columns})
            select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
            where ?1 = 0 or exists (select 1 from users where id = ?1 and erasing_since is null)
            on conflict do nothing
            """);
        insert.Bind(1, entry.UserId).Bind(2, entry.At).Bind(3, entry.Id).Bind(4, entry.Action.Name)
            .Bind(5, entry.KeyId).Bind(6, entry.Resource).Bind(7, entry.Address).Bind(8, entry.UserAgent)
            .Bind(9, entry.RequestId).Bind(10, entry.Metadata).Run();
    }

    public ValueTask<Page<AuditEntry>> ListAsync(
        AuditFilter filter, string? cursor, int limit, CancellationToken cancellationToken)
    {
        var before = AuditCursor.Read(filter, cursor);
        StringBuilder rest = new("where true");
        if (filter.UserId is not null) rest.Append("\nand user_id = ?1");
        if (filter.Action is not null) rest.Append("\nand action = ?2");
        if (filter.From is not null) rest.Append("\nand created_at >= ?3");
        if (filter.To is not null) rest.Append("\nand created_at < ?4");
        if (filter.KeyId is not null) rest.Append("\nand key_id = ?8");
        if (before is not null) rest.Append("\nand (created_at, id) < (?5, ?6)");
        rest.Append("\norder by created_at desc, id desc\nlimit ?7");

        using var reader = database.RentReader();
        using var read = reader.Session.Prepare($"select {Columns}\nfrom audit_log\n{rest}");
        read.Bind(7, limit + 1L);
        if (filter.UserId is { } userId) read.Bind(1, userId);
        if (filter.Action is { } action) read.Bind(2, action.Name);
        if (filter.From is { } from) read.Bind(3, from);
        if (filter.To is { } to) read.Bind(4, to);
        if (filter.KeyId is { } keyId) read.Bind(8, keyId);
        if (before is { } place) read.Bind(5, place.At).Bind(6, place.Id);
        List<AuditEntry> items = [];
        while (items.Count < limit && read.Step()) items.Add(Read(read));
        var hasMore = items.Count == limit && read.Step();
        return new(new Page<AuditEntry>(items, hasMore ? AuditCursor.Write(filter, items[^1]) : null));
    }

    public async ValueTask<int> RemoveBeforeAsync(Instant before, int limit, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        int removed;
        using (var remove = session.Prepare("""
            delete from audit_log
            where (user_id, created_at, id) in (
                select user_id, created_at, id
                from audit_log
                where created_at < ?1
                order by created_at, id
                limit ?2)
            """))
            removed = remove.Bind(1, before).Bind(2, (long)limit).Run();
        using (var forget = session.Prepare("delete from key_addresses where seen_at < ?1"))
            forget.Bind(1, before).Run();
        session.Commit();
        return removed;
    }

    static bool IsNew(SqliteSession session, AuditEntry entry)
    {
        if (entry is not { KeyId: { } keyId, Address: { } address }) return true;
        var network = AuditNetwork.Of(address);
        using (var add = session.Prepare("""
            insert into key_addresses (user_id, key_id, network, seen_at)
            select ?1, ?2, ?3, ?4
            where exists (select 1 from users where id = ?1 and erasing_since is null)
            on conflict do nothing
            """))
            if (add.Bind(1, entry.UserId).Bind(2, keyId).Bind(3, network).Bind(4, entry.At).Run() > 0) return true;
        using var see = session.Prepare("""
            update key_addresses
            set seen_at = ?4
            where user_id = ?1 and key_id = ?2 and network = ?3 and seen_at < ?4
            """);
        see.Bind(1, entry.UserId).Bind(2, keyId).Bind(3, network).Bind(4, entry.At).Run();
        return false;
    }

    static AuditEntry Read(SqliteStatement row) => new()
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
