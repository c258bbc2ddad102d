using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresUserStore
{
    const string ProfileSql = $"""
        select {Columns}, settings_version
        from users
        where id = $1 and erasing_since is null
        """;

    const string SourceRanksSql = """
        select text
        from sources
        where user_id = $1 and rank is not null
        order by rank
        """;

    public ValueTask<UserProfile?> FindProfileAsync(long id, CancellationToken cancellationToken) =>
        // One transaction, but two snapshots: ranks set in between come with the version of before, which is the safe
        // side for whoever remembers something by it.
        database.ReadAsync(
            (connection, cancellationToken) => FindProfileAsync(connection, id, isLocked: false, cancellationToken),
            cancellationToken);

    public ValueTask<UserVersions?> FindVersionsAsync(long id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand(
                    """
                    select public_id, data_version, settings_version, time_zone
                    from users
                    where id = $1 and erasing_since is null
                    """,
                    connection);
                find.Parameters.Bind(id);
                await using var row = await find.ExecuteReaderAsync(cancellationToken);
                return await row.ReadAsync(cancellationToken)
                    ? new UserVersions(row.GetGuid(0), row.GetInt64(1), row.GetInt64(2), row.FindString(3))
                    : null;
            },
            cancellationToken);

    public ValueTask<IReadOnlyList<string>> ListSourceRanksAsync(long id, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<string>>(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand(SourceRanksSql, connection);
                list.Parameters.Bind(id);
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                return await ReadTextsAsync(row, cancellationToken);
            },
            cancellationToken);

    public async ValueTask<UserUpdate> UpdateAsync(
        long id, UserChange change, AuditEntry entry, CancellationToken cancellationToken)
    {
        await PostgresAuditStore.PrepareAsync(database, entry, cancellationToken);
        try
        {
            return await database.WriteAsync(
                (connection, cancellationToken) => UpdateAsync(
                    connection, id, change, entry, Instant.From(database.Clock.GetUtcNow()), cancellationToken),
                cancellationToken);
        }
        catch (EmailTakenException)
        {
            // By somebody who took it while this was under way; what was wrong beside it is told the next time.
            return new(null, true, []);
        }
    }

    sealed class EmailTakenException : Exception;

    static async ValueTask<UserUpdate> UpdateAsync(
        NpgsqlConnection connection, long id, UserChange change, AuditEntry entry, Instant now,
        CancellationToken cancellationToken)
    {
        if (await FindProfileAsync(connection, id, isLocked: true, cancellationToken) is not { } before)
            return UserUpdate.NotThere;
        var refusal = new UserUpdate(
            null,
            change.Email.IsGiven && await IsEmailTakenAsync(connection, id, change.Email.Value, cancellationToken),
            change.SourceRanks.IsGiven
                ? await FindUnknownAsync(connection, id, change.SourceRanks.Value, cancellationToken)
                : []);
        if (refusal.IsEmailTaken || refusal.UnknownSources.Count > 0) return refusal;
        var after = before.With(change);
        if (after.SaysTheSameAs(before)) return new(before, false, []);
        after = after with { SettingsVersion = UserVersions.Next(before.SettingsVersion, now) };
        await WriteAsync(
            connection, after,
            after.SourceRanks.SequenceEqual(before.SourceRanks) ? null : after.SourceRanks, cancellationToken);
        await NoteAsync(connection, after.User, entry, cancellationToken);
        return new(after, false, []);
    }

    static async ValueTask<UserProfile?> FindProfileAsync(
        NpgsqlConnection connection, long id, bool isLocked, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add(isLocked ? $"{ProfileSql}\nfor no key update" : ProfileSql).Bind(id);
        batch.Add(SourceRanksSql).Bind(id);
        if (isLocked) batch.AddIdleLimit();
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return null;
        var (user, version) = (Read(row), row.GetInt64(7));
        await row.NextResultAsync(cancellationToken);
        return new(user, await ReadTextsAsync(row, cancellationToken), version);
    }

    static async ValueTask<bool> IsEmailTakenAsync(
        NpgsqlConnection connection, long id, string email, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(
            "select exists (select from users where email_key = $1 and id <> $2)", connection);
        find.Parameters.Bind(EmailAddress.KeyOf(email)).Bind(id);
        return (bool)(await find.ExecuteScalarAsync(cancellationToken))!;
    }

    static async ValueTask<List<string>> FindUnknownAsync(
        NpgsqlConnection connection, long id, string[] sources, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(
            """
            select w.text
            from unnest($2) with ordinality w (text, at)
            where not exists (
                select
                from sources
                where user_id = $1 and md5(text) = md5(w.text) and text = w.text)
            order by w.at
            """,
            connection);
        find.Parameters.Bind(id).BindTexts(sources);
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await ReadTextsAsync(row, cancellationToken);
    }

    /// <param name="ranks">Null to leave them as they are.</param>
    static async ValueTask WriteAsync(
        NpgsqlConnection connection, UserProfile profile, IReadOnlyList<string>? ranks,
        CancellationToken cancellationToken)
    {
        var user = profile.User;
        await using var batch = new NpgsqlBatch(connection);
        batch.Add(
            """
            update users
            set email = $2, email_key = $3, display_name = $4, time_zone = $5, settings_version = $6
            where id = $1
            """).Bind(user.Id).Bind(user.Email).Bind(EmailAddress.KeyOf(user.Email)).BindText(user.DisplayName)
            .BindText(user.TimeZone).Bind(profile.SettingsVersion);
        if (ranks is not null)
        {
            batch.Add("update sources set rank = null where user_id = $1 and rank is not null").Bind(user.Id);
            batch.Add(
                """
                update sources s
                set rank = w.at
                from unnest($2) with ordinality w (text, at)
                where s.user_id = $1 and md5(s.text) = md5(w.text) and s.text = w.text
                """).Bind(user.Id).BindTexts(ranks);
            PostgresDailyTotalStore.AddMarkRanked(batch, user.Id);
        }
        try
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw new EmailTakenException();
        }
    }

    static async ValueTask<List<string>> ReadTextsAsync(NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        List<string> texts = [];
        while (await row.ReadAsync(cancellationToken)) texts.Add(row.GetString(0));
        return texts;
    }
}
