using HealthExport.Audit;
using HealthExport.People;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqliteUserStore
{
    public ValueTask<UserProfile?> FindProfileAsync(long id, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        // Both statements see one moment.
        reader.Session.BeginRead();
        var profile = FindProfile(reader.Session, id);
        reader.Session.RollBack();
        return new(profile);
    }

    public ValueTask<UserVersions?> FindVersionsAsync(long id, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare("""
            select public_id, data_version, settings_version, time_zone
            from users
            where id = ?1 and erasing_since is null
            """);
        return new(find.Bind(1, id).Step()
            ? new UserVersions(find.GetGuid(0), find.GetInt64(1), find.GetInt64(2), find.FindString(3))
            : null);
    }

    public ValueTask<IReadOnlyList<string>> ListSourceRanksAsync(long id, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        return new(ListSourceRanks(reader.Session, id));
    }

    public async ValueTask<UserUpdate> UpdateAsync(
        long id, UserChange change, AuditEntry entry, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        if (FindProfile(session, id) is not { } before) return UserUpdate.NotThere;
        var refusal = new UserUpdate(
            null, change.Email.IsGiven && IsEmailTaken(session, id, change.Email.Value),
            change.SourceRanks.IsGiven ? FindUnknown(session, id, change.SourceRanks.Value) : []);
        if (refusal.IsEmailTaken || refusal.UnknownSources.Count > 0) return refusal;
        var after = before.With(change);
        if (!after.SaysTheSameAs(before))
        {
            Write(session, after.User);
            if (!after.SourceRanks.SequenceEqual(before.SourceRanks)) Rank(session, id, change.SourceRanks.Value);
            Note(session, after.User, entry);
            session.Commit();
            after = after with { SettingsVersion = before.SettingsVersion + 1 };
        }
        return new(after, false, []);
    }

    static UserProfile? FindProfile(SqliteSession session, long id)
    {
        using var find = session.Prepare($"""
            select {Columns}, settings_version
            from users
            where id = ?1 and erasing_since is null
            """);
        return find.Bind(1, id).Step() ? new(Read(find), ListSourceRanks(session, id), find.GetInt64(7)) : null;
    }

    static List<string> ListSourceRanks(SqliteSession session, long id)
    {
        using var list = session.Prepare("""
            select text
            from sources
            where user_id = ?1 and rank is not null
            order by rank
            """);
        list.Bind(1, id);
        List<string> sources = [];
        while (list.Step()) sources.Add(list.GetString(0));
        return sources;
    }

    static bool IsEmailTaken(SqliteSession session, long id, string email)
    {
        using var find = session.Prepare("select 1 from users where email_key = ?1 and id <> ?2");
        return find.Bind(1, EmailAddress.KeyOf(email)).Bind(2, id).Step();
    }

    static List<string> FindUnknown(SqliteSession session, long id, IReadOnlyList<string> sources)
    {
        List<string> unknown = [];
        using var find = session.Prepare("select 1 from sources where user_id = ?1 and text = ?2");
        foreach (var source in sources)
        {
            if (!find.Bind(1, id).Bind(2, source).Step()) unknown.Add(source);
            find.Reset();
        }
        return unknown;
    }

    static void Write(SqliteSession session, User user)
    {
        using var update = session.Prepare("""
            update users
            set email = ?2, email_key = ?3, display_name = ?4, time_zone = ?5, settings_version = settings_version + 1
            where id = ?1
            """);
        update.Bind(1, user.Id).Bind(2, user.Email).Bind(3, EmailAddress.KeyOf(user.Email)).Bind(4, user.DisplayName)
            .Bind(5, user.TimeZone).Run();
    }

    static void Rank(SqliteSession session, long id, IReadOnlyList<string> sources)
    {
        using (var clear = session.Prepare("update sources set rank = null where user_id = ?1 and rank is not null"))
            clear.Bind(1, id).Run();
        using var rank = session.Prepare("update sources set rank = ?3 where user_id = ?1 and text = ?2");
        for (var i = 0; i < sources.Count; i++) rank.Bind(1, id).Bind(2, sources[i]).Bind(3, i + 1L).Run();
        SqliteDailyTotalStore.MarkRanked(session, id);
    }
}
