using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqliteUserStore(SqliteDatabase database, TimeProvider clock) : IUserStore
{
    const string Columns = "id, public_id, email, display_name, time_zone, created_at, erasing_since";

    Instant Now => Instant.From(clock.GetUtcNow());

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
            insert.Bind(1, Guid.CreateVersion7(now)).Bind(2, email).Bind(3, EmailAddress.KeyOf(email))
                .Bind(4, displayName).Bind(5, timeZone).Bind(6, Instant.From(now));
            if (!insert.Step()) return null;
            user = Read(insert);
            // Done only once the statement has come to its end.
            while (insert.Step()) { }
        }
        Note(session, user, entry);
        session.Commit();
        return user;
    }

    public ValueTask<User?> FindByEmailAsync(string email, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare($"select {Columns} from users where email_key = ?1");
        return new(find.Bind(1, EmailAddress.KeyOf(email)).Step() ? Read(find) : null);
    }

    public ValueTask<User?> FindAsync(long id, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare($"select {Columns} from users where id = ?1");
        return new(find.Bind(1, id).Step() ? Read(find) : null);
    }

    public ValueTask<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken) =>
        new(List($"select {Columns} from users order by id"));

    public ValueTask<IReadOnlyList<User>> ListBeingErasedAsync(CancellationToken cancellationToken) =>
        new(List($"select {Columns} from users where erasing_since is not null order by erasing_since, id"));

    /// <summary>For whoever is about to take something for a person, in the same transaction.</summary>
    /// <exception cref="UserGoneException">The person is not there, or is being erased.</exception>
    public static void RequirePresent(SqliteSession session, long id)
    {
        if (!IsPresent(session, id)) throw new UserGoneException();
    }

    /// <summary>Whether the person is there, and not being erased.</summary>
    public static bool IsPresent(SqliteSession session, long id)
    {
        using var find = session.Prepare("select 1 from users where id = ?1 and erasing_since is null");
        return find.Bind(1, id).Step();
    }

    static void Note(SqliteSession session, User user, AuditEntry entry) =>
        SqliteAuditStore.Write(session, entry with { UserId = user.Id, Resource = user.PublicId.ToString() });

    List<User> List(string sql)
    {
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare(sql);
        List<User> users = [];
        while (list.Step()) users.Add(Read(list));
        return users;
    }

    static User Read(SqliteStatement row) => new(
        row.GetInt64(0), row.GetGuid(1), row.GetString(2), row.FindString(3), row.FindString(4), row.GetInstant(5),
        row.FindInstant(6));
}
