using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed class SqliteUserStore(SqliteDatabase database, TimeProvider clock) : IUserStore
{
    const string Columns = "id, public_id, email, display_name, time_zone, created_at";

    public async ValueTask<User?> AddAsync(
        string email, string? displayName, string? timeZone, AuditEntry entry, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        User user;
        using (var insert = session.Prepare($"""
            insert into users (public_id, email, email_key, display_name, time_zone, created_at)
            values (?1, ?2, ?3, ?4, ?5, ?6)
            on conflict (email_key) do nothing
            returning {Columns}
            """))
        {
            insert.Bind(1, Guid.CreateVersion7(now)).Bind(2, email).Bind(3, KeyOf(email)).Bind(4, displayName)
                .Bind(5, timeZone).Bind(6, Instant.From(now));
            if (!insert.Step()) return null;
            user = Read(insert);
            // Done only once the statement has come to its end.
            while (insert.Step()) { }
        }
        SqliteAuditStore.Write(session, entry with { UserId = user.Id, Resource = user.PublicId.ToString() });
        session.Commit();
        return user;
    }

    public ValueTask<User?> FindByEmailAsync(string email, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare($"select {Columns} from users where email_key = ?1");
        return new(find.Bind(1, KeyOf(email)).Step() ? Read(find) : null);
    }

    public ValueTask<User?> FindAsync(long id, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare($"select {Columns} from users where id = ?1");
        return new(find.Bind(1, id).Step() ? Read(find) : null);
    }

    public ValueTask<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare($"select {Columns} from users order by id");
        List<User> users = [];
        while (list.Step()) users.Add(Read(list));
        return new(users);
    }

    public async ValueTask<bool> EraseAsync(long id, AuditEntry entry, CancellationToken cancellationToken)
    {
        // 0 is nobody: rows under it are everybody's.
        if (id <= 0) return false;
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        // What is erased is overwritten in the file, not only unlinked.
        session.Execute("pragma secure_delete = on");
        try
        {
            session.Begin();
            if (FindPublicId(session, id) is not { } publicId) return false;
            // The boxes know their routes, not their users.
            const string boxes = """
                delete from workout_route_boxes
                where id in (select rowid from workout_routes where user_id = ?1)
                """;
            Delete(session, boxes, id);
            foreach (var table in SqliteTables.ListOfUsers(session))
                Delete(session, $"delete from \"{table}\" where user_id = ?1", id);
            // Names that the catalogue does not know may be personal; they go with the last who sent them.
            session.Run("""
                delete from metrics
                where not is_known
                    and id not in (select metric_id from user_metric_names)
                    and id not in (select metric_id from user_metrics)
                """);
            Delete(session, "delete from users where id = ?1", id);
            SqliteAuditStore.Write(session, entry with { UserId = 0, Resource = publicId.ToString() });
            SqliteKeyStore.RaiseVersion(session);
            session.Commit();
            return true;
        }
        finally
        {
            session.RollBack();
            session.Execute("pragma secure_delete = off");
        }
    }

    static Guid? FindPublicId(SqliteSession session, long id)
    {
        using var find = session.Prepare("select public_id from users where id = ?1");
        return find.Bind(1, id).Step() ? find.GetGuid(0) : null;
    }

    static int Delete(SqliteSession session, string sql, long id)
    {
        using var delete = session.Prepare(sql);
        return delete.Bind(1, id).Run();
    }

    static string KeyOf(string email) => email.Trim().ToLowerInvariant();

    static User Read(SqliteStatement row) => new(
        row.GetInt64(0), row.GetGuid(1), row.GetString(2), row.FindString(3), row.FindString(4), row.GetInstant(5));
}
