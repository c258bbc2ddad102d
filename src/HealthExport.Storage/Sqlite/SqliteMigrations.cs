using System.Text.RegularExpressions;
using HealthExport.Migrations;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// The embedded schema's steps. Each is applied in a transaction that holds the write lock from its first read, so that
/// two processes starting at once apply every step once.
/// </summary>
sealed partial class SqliteMigrations(SqliteDatabase database, TimeProvider clock) : IMigrationStore
{
    static readonly IReadOnlyList<Step> Steps = ReadSteps();

    sealed record Step(int Number, string Name, string Up, string Down);

    public ValueTask<IReadOnlyList<Migration>> ListAsync(CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        var applied = ReadApplied(reader.Session);
        // What only a newer build knows is listed too: it is what the store has.
        Migration[] unknown =
            [.. applied.Where(one => one.Number > Steps.Count).Select(one => one with { IsKnown = false })];
        return new(
            [.. Steps.Select(step => Describe(step, applied.Exists(one => one.Number == step.Number))), .. unknown]);
    }

    /// <exception cref="InvalidOperationException">The schema is newer than this build.</exception>
    public async ValueTask<IReadOnlyList<Migration>> MigrateAsync(
        int? downTo, bool dryRun, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(downTo ?? 0);
        if (dryRun) return Plan(downTo);
        List<Migration> taken = [];
        using var writer = await database.RentWriterAsync(cancellationToken);
        while (TakeStep(writer.Session, downTo) is { } step) taken.Add(step);
        return taken;
    }

    public ValueTask PingAsync(CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var read = reader.Session.Prepare("select count(*) from sqlite_master");
        read.Step();
        return default;
    }

    public ValueTask<StoreFacts> DescribeAsync(CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        SortedDictionary<string, long> rows = new(StringComparer.Ordinal);
        foreach (var table in SqliteTables.List(reader.Session))
        {
            using var count = reader.Session.Prepare($"select count(*) from \"{table}\"");
            count.Step();
            rows.Add(table, count.GetInt64(0));
        }
        using var version = reader.Session.Prepare("select sqlite_version()");
        version.Step();
        var log = new FileInfo(database.Path + "-wal");
        var size = new FileInfo(database.Path).Length + (log.Exists ? log.Length : 0);
        return new(new StoreFacts("SQLite", version.GetString(0), database.Path, size, rows));
    }

    IReadOnlyList<Migration> Plan(int? downTo)
    {
        using var reader = database.RentReader();
        var applied = ReadApplied(reader.Session);
        RefuseNewer(applied);
        return downTo is { } lowest
            ? [.. applied.Where(one => one.Number > lowest).Reverse()]
            : [.. Steps.Where(step => !applied.Exists(one => one.Number == step.Number))
                .Select(step => Describe(step, false))];
    }

    Migration? TakeStep(SqliteSession session, int? downTo)
    {
        session.Begin();
        try
        {
            var applied = ReadApplied(session);
            RefuseNewer(applied);
            var step = downTo is { } lowest
                ? applied.LastOrDefault(one => one.Number > lowest) is { } last ? Steps[last.Number - 1] : null
                : Steps.FirstOrDefault(one => !applied.Exists(other => other.Number == one.Number));
            if (step is null)
            {
                session.RollBack();
                return null;
            }
            if (downTo is null) Apply(session, step);
            else Revert(session, step);
            session.Commit();
            return Describe(step, downTo is null);
        }
        catch
        {
            session.RollBack();
            throw;
        }
    }

    void Apply(SqliteSession session, Step step)
    {
        session.Execute("""
            create table if not exists schema_migrations (
                number integer primary key,
                name text not null,
                applied_at integer not null
            )
            """);
        session.Execute(step.Up);
        using var note = session.Prepare(
            "insert into schema_migrations (number, name, applied_at) values (?1, ?2, ?3)");
        note.Bind(1, step.Number).Bind(2, step.Name).Bind(3, Instant.From(clock.GetUtcNow())).Run();
    }

    static void Revert(SqliteSession session, Step step)
    {
        session.Execute(step.Down);
        using var forget = session.Prepare("delete from schema_migrations where number = ?1");
        forget.Bind(1, step.Number).Run();
    }

    static List<Migration> ReadApplied(SqliteSession session)
    {
        List<Migration> applied = [];
        using (var find = session.Prepare("select 1 from sqlite_master where name = 'schema_migrations'"))
            if (!find.Step()) return applied;
        using var read = session.Prepare("select number, name from schema_migrations order by number");
        while (read.Step()) applied.Add(new(read.GetInt32(0), read.GetString(1), IsApplied: true));
        return applied;
    }

    static void RefuseNewer(List<Migration> applied)
    {
        if (applied.Count == 0 || applied[^1].Number <= Steps.Count) return;
        throw new InvalidOperationException(
            $"The database's schema is at step {applied[^1].Number}, this build knows {Steps.Count}: a newer build has "
            + "migrated it. Run that build, or restore a backup of before.");
    }

    static Migration Describe(Step step, bool isApplied) => new(step.Number, step.Name, isApplied);

    static List<Step> ReadSteps()
    {
        var assembly = typeof(SqliteMigrations).Assembly;
        List<Step> steps = [];
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            if (ResourceName().Match(resource) is not { Success: true } match) continue;
            steps.Add(new(
                int.Parse(match.Groups["number"].ValueSpan), match.Groups["name"].Value, Read(resource),
                Read(resource.Replace(".up.sql", ".down.sql", StringComparison.Ordinal))));
        }
        steps.Sort((a, b) => a.Number.CompareTo(b.Number));
        return steps;

        string Read(string resource)
        {
            using var reader = new StreamReader(
                assembly.GetManifestResourceStream(resource)
                ?? throw new InvalidOperationException($"The build lacks {resource}."));
            return reader.ReadToEnd();
        }
    }

    [GeneratedRegex(@"\.Sqlite\.Migrations\.(?<number>\d{4})_(?<name>\w+)\.up\.sql$")]
    private static partial Regex ResourceName();
}
