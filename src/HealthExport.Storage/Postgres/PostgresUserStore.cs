using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresUserStore(PostgresDatabase database) : IUserStore
{
    const string Columns = "id, public_id, email, display_name, time_zone, created_at, erasing_since";

    public async ValueTask<User?> AddAsync(
        string email, string? displayName, string? timeZone, AuditEntry entry, CancellationToken cancellationToken)
    {
        await PostgresAuditStore.PrepareAsync(database, entry, cancellationToken);
        var now = database.Clock.GetUtcNow();
        var publicId = Guid.CreateVersion7(now);
        return await database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                await using var insert = new NpgsqlCommand(
                    $"""
                    insert into users (public_id, email, email_key, display_name, time_zone, created_at)
                    values ($1, $2, $3, $4, $5, $6)
                    on conflict (email_key) do nothing
                    returning {Columns}
                    """,
                    connection);
                insert.Parameters.Bind(publicId).Bind(email).Bind(EmailAddress.KeyOf(email)).BindText(displayName)
                    .BindText(timeZone).Bind(Instant.From(now));
                if (await FindAsync(insert, cancellationToken) is not { } user) return null;
                await NoteAsync(connection, user, entry, cancellationToken);
                return user;
            },
            cancellationToken);
    }

    public ValueTask<User?> FindByEmailAsync(string email, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand(
                    $"select {Columns} from users where email_key = $1", connection);
                find.Parameters.Bind(EmailAddress.KeyOf(email));
                return await FindAsync(find, cancellationToken);
            },
            cancellationToken);

    public ValueTask<User?> FindAsync(long id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand($"select {Columns} from users where id = $1", connection);
                find.Parameters.Bind(id);
                return await FindAsync(find, cancellationToken);
            },
            cancellationToken);

    public ValueTask<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken) =>
        ListAsync($"select {Columns} from users order by id", cancellationToken);

    public ValueTask<IReadOnlyList<User>> ListBeingErasedAsync(CancellationToken cancellationToken) => ListAsync(
        $"select {Columns} from users where erasing_since > '-infinity' order by erasing_since, id", cancellationToken);

    /// <summary>For whoever is about to take something for a person, in the same transaction: nobody begins to erase
    /// them before its end. To be asked first: the person's row is locked before any other.</summary>
    /// <exception cref="UserGoneException">The person is not there, or is being erased.</exception>
    public static async ValueTask RequirePresentAsync(
        NpgsqlConnection connection, long id, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(
            "select 1 from users where id = $1 and erasing_since is null for share", connection);
        find.Parameters.Bind(id);
        if (await find.ExecuteScalarAsync(cancellationToken) is null) throw new UserGoneException();
    }

    static ValueTask NoteAsync(
        NpgsqlConnection connection, User user, AuditEntry entry, CancellationToken cancellationToken) =>
        PostgresAuditStore.WriteAsync(
            connection, entry with { UserId = user.Id, Resource = user.PublicId.ToString() }, cancellationToken);

    ValueTask<IReadOnlyList<User>> ListAsync(string sql, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<User>>(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand(sql, connection);
                List<User> users = [];
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken)) users.Add(Read(row));
                return users;
            },
            cancellationToken);

    static async ValueTask<User?> FindAsync(NpgsqlCommand find, CancellationToken cancellationToken)
    {
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    static User Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetGuid(1), row.GetString(2), row.FindString(3), row.FindString(4), row.GetInstant(5),
        row.FindInstant(6));
}
