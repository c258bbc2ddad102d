using HealthExport.Audit;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqliteUserStore
{
    // The boxes know their routes, not their users.
    const string SomeRoutes = """
        (select rowid from workout_routes where user_id = ?1 order by workout_id limit ?2)
        """;
    const string DeleteSomeBoxes = $"delete from workout_route_boxes where id in {SomeRoutes}";
    const string DeleteSomeRoutes = $"delete from workout_routes where rowid in {SomeRoutes}";

    public async ValueTask<bool> BeginErasingAsync(long id, CancellationToken cancellationToken)
    {
        // 0 is nobody: rows under it are everybody's.
        if (id <= 0) return false;
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        using (var find = session.Prepare("select erasing_since from users where id = ?1"))
        {
            if (!find.Bind(1, id).Step()) return false;
            if (!find.IsNull(0)) return true;
        }
        using (var mark = session.Prepare("update users set erasing_since = ?2 where id = ?1"))
            mark.Bind(1, id).Bind(2, Now).Run();
        Delete(session, "delete from api_keys where user_id = ?1", id);
        // A push in work loses its lease with its place in the queue.
        Delete(session, "delete from queue where user_id = ?1", id);
        SqliteKeyStore.RaiseVersion(session);
        session.Commit();
        return true;
    }

    public async ValueTask<bool> EraseAsync(long id, AuditEntry entry, CancellationToken cancellationToken)
    {
        if (!await BeginErasingAsync(id, cancellationToken)) return false;
        do
        {
            await DeleteAsync([DeleteSomeBoxes, DeleteSomeRoutes], id, cancellationToken);
            foreach (var table in ListTables()) await DeleteAsync([table.DeleteSome], id, cancellationToken);
            await ForgetNamesAsync(id, cancellationToken);
            // While the person is there still: who finds them there knows that the bytes may be, too.
            await database.CompactAsync(cancellationToken);
        }
        while (!await EndAsync(id, entry, cancellationToken));
        return true;
    }

    IReadOnlyList<SqliteUserTable> ListTables()
    {
        using var reader = database.RentReader();
        return SqliteTables.ListOfUsers(reader.Session);
    }

    /// <param name="deleteSome">Each deletes rows of user ?1, ?2 at most; the last tells how many there were.</param>
    async ValueTask DeleteAsync(string[] deleteSome, long id, CancellationToken cancellationToken)
    {
        var batch = new EraseBatch();
        var rows = 0;
        do
        {
            using var writer = await database.RentWriterAsync(cancellationToken);
            var session = writer.Session;
            batch.Start();
            session.Begin();
            foreach (var sql in deleteSome) rows = Delete(session, sql, id, batch.Rows);
            session.Commit();
        }
        while (batch.End(rows));
    }

    /// <summary>Takes away what names the person, and names of metrics that only they have sent: the catalogue does not
    /// know them, and they may be personal.</summary>
    async ValueTask ForgetNamesAsync(long id, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        session.Run("""
            delete from metrics
            where not is_known
                and id not in (select metric_id from user_metric_names)
                and id not in (select metric_id from user_metrics)
            """);
        // A key that no e-mail has.
        Delete(
            session,
            """
            update users
            set email = '', email_key = 'erasing ' || id, display_name = null, time_zone = null
            where id = ?1
            """,
            id);
        session.Commit();
    }

    /// <returns>False when a row was written since its table was emptied.</returns>
    async ValueTask<bool> EndAsync(long id, AuditEntry entry, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        foreach (var table in SqliteTables.ListOfUsers(session))
        {
            using var find = session.Prepare($"select 1 from \"{table.Name}\" where user_id = ?1 limit 1");
            if (find.Bind(1, id).Step()) return false;
        }
        if (FindPublicId(session, id) is not { } publicId) return true;
        Delete(session, "delete from users where id = ?1", id);
        SqliteAuditStore.Write(session, entry with { UserId = 0, Resource = publicId.ToString() });
        session.Commit();
        return true;
    }

    static Guid? FindPublicId(SqliteSession session, long id)
    {
        using var find = session.Prepare("select public_id from users where id = ?1");
        return find.Bind(1, id).Step() ? find.GetGuid(0) : null;
    }

    static int Delete(SqliteSession session, string sql, long id, int? rows = null)
    {
        using var delete = session.Prepare(sql);
        delete.Bind(1, id);
        if (rows is { } most) delete.Bind(2, (long)most);
        return delete.Run();
    }
}
