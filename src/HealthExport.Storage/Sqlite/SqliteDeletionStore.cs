using HealthExport.Audit;
using HealthExport.Deletions;
using HealthExport.People;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// Deletions in the database file. Each step holds the only writer for about a twentieth of a second.
/// </summary>
sealed partial class SqliteDeletionStore(SqliteDatabase database, TimeProvider clock) : IDeletionStore
{
    static readonly int s_unixDay = new DateOnly(1970, 1, 1).DayNumber;
    static readonly Grain[] s_everyGrain = Enum.GetValues<Grain>();

    public ValueTask<bool> KnowsAsync(long userId, string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare(
            """
            select
                exists (
                    select 1
                    from metrics m
                    join user_metric_names n on n.user_id = ?1 and n.metric_id = m.id
                    where m.name = ?2)
                or exists (
                    select 1
                    from health_events
                    where user_id = ?1 and kind = ?2)
            """);
        find.Bind(1, userId).Bind(2, name).Step();
        return new(find.GetBoolean(0));
    }

    public ValueTask<IReadOnlyDictionary<string, long>> CountAsync(
        long userId, Deletion deletion, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        var session = reader.Session;
        session.BeginRead();
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        // A source that the user does not have covers nothing that is stored.
        if (new SqliteSources(session, userId).Find(deletion.Source) is { } source)
        {
            var filter = new Filter(userId, source, deletion);
            foreach (var (id, name) in ListMetrics(session, filter))
                foreach (var grain in s_everyGrain)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var (from, to) = filter.KeyRange();
                    Add(name, filter.CountSamples(session, id, grain, from, to).Sum(one => one.Rows));
                }
            foreach (var part in PartsOf(deletion)) filter.CountOthers(session, part, Add);
        }
        return new(counts);

        void Add(string name, long rows)
        {
            if (rows > 0) counts[name] = counts.GetValueOrDefault(name) + rows;
        }
    }

    public async ValueTask<DeletionState> BeginAsync(
        long userId, Deletion deletion, bool withPayloads, AuditEntry entry, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        if (!SqliteUserStore.IsPresent(session, userId)) throw new UserGoneException();
        var now = clock.GetUtcNow();
        long number;
        using (var remember = session.Prepare(
            """
            insert into deletions (
                user_id, id, up_to_ingestion, created_at, metric_name, source, from_at, to_at, from_date, to_date,
                public_id, with_payloads, stage, entry)
            select ?1, coalesce((select max(id) from deletions where user_id = ?1), 0) + 1, last_ingestion, ?2, ?3, ?4,
                ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11
            from users
            where id = ?1
            returning id
            """))
        {
            var span = deletion.Span;
            remember.Bind(1, userId).Bind(2, Instant.From(now)).Bind(3, deletion.Name).Bind(4, deletion.Source)
                .Bind(5, span.From).Bind(6, span.To).Bind(7, DayOf(span.FromDate)).Bind(8, DayOf(span.ToDate))
                .Bind(9, Guid.CreateVersion7(now)).Bind(10, withPayloads).Bind(11, StoredDeletion.WriteEntry(entry))
                .Step();
            number = remember.GetInt64(0);
        }
        // Equal bytes are no duplicate from now on.
        SqlitePushTransaction.RaiseDataVersion(session, userId, Instant.From(now));
        var state = Find(session, userId, number)!;
        session.Commit();
        return state;
    }

    public ValueTask<DeletionState?> FindAsync(long userId, long number, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        return new(Find(reader.Session, userId, number));
    }

    public ValueTask<IReadOnlyList<DeletionState>> ListUnfinishedAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare($"{SelectState} indexed by deletions_unfinished where user_id > 0 and stage < 2");
        List<DeletionState> states = [];
        while (list.Step()) states.Add(Read(list));
        return new(states);
    }

    /// <summary>Deletions that a push must be held against, as they were asked for after it was received.</summary>
    public static List<Deletion> ListLater(SqliteSession session, long userId, long push)
    {
        using var list = session.Prepare($"{SelectState} where user_id = ?1 and up_to_ingestion >= ?2 order by id");
        list.Bind(1, userId).Bind(2, push);
        List<Deletion> deletions = [];
        while (list.Step()) deletions.Add(Read(list).Deletion);
        return deletions;
    }

    /// <summary>Whether a push has to wait for the rows of a deletion that was asked for before it came.</summary>
    public static bool IsHeld(SqliteSession session, long userId, long push)
    {
        using var find = session.Prepare(
            """
            select 1
            from deletions
            where user_id = ?1 and up_to_ingestion < ?2 and stage < 2 and stage = 0
            limit 1
            """);
        return find.Bind(1, userId).Bind(2, push).Step();
    }

    const string SelectState = """
        select user_id, id, public_id, up_to_ingestion, metric_name, source, from_at, to_at, from_date, to_date, stage,
            counts, payload_count
        from deletions
        """;

    static DeletionState? Find(SqliteSession session, long userId, long number)
    {
        using var find = session.Prepare($"{SelectState} where user_id = ?1 and id = ?2");
        return find.Bind(1, userId).Bind(2, number).Step() ? Read(find) : null;
    }

    static DeletionState Read(SqliteStatement row) => new(
        row.GetInt64(0), row.GetInt64(1), row.FindGuid(2) ?? Guid.Empty,
        new(
            row.FindString(4), row.FindString(5),
            new(row.FindInstant(6), DateOf(row.FindInt64(8)), row.FindInstant(7), DateOf(row.FindInt64(9)))),
        row.GetInt64(3), (DeletionStage)row.GetInt32(10), StoredDeletion.ReadCounts(row.GetString(11)),
        row.GetInt32(12));

    static long? DayOf(DateOnly? date) => date?.DayNumber - s_unixDay;
    static DateOnly? DateOf(long? day) => day is { } known ? DateOnly.FromDayNumber((int)known + s_unixDay) : null;
}
