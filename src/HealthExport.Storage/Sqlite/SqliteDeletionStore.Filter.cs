using HealthExport.Deletions;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqliteDeletionStore
{
    /// <summary>A table of rows that are no samples.</summary>
    /// <param name="RowKey">Columns that name a row, after the user.</param>
    /// <param name="Name">What its rows are counted as, in SQL.</param>
    sealed record Part(string Table, string RowKey, string Name, string Condition = "true");

    static readonly Part[] s_sleep =
    [
        new("sleep_stages", "start_at, stage, source_id", $"'{ItemTypes.Sleep}'"),
        new("sleep_sessions", "start_at, source_id", $"'{ItemTypes.Sleep}'"),
    ];

    static readonly Part s_workouts = new("workouts", "id", $"'{ItemTypes.Workouts}'");
    static readonly Part s_events = new("health_events", "kind, identity", "kind", "(?7 is null or kind = ?7)");

    static readonly Part s_removedSleep =
        new("removed_samples", "ingestion, ordinal", "''", "kind in ('sleep_sessions', 'sleep_stages')");

    // Events of the one kind that has its text for a part of its identity.
    static readonly Part s_removedEvents = new(
        "removed_samples", "ingestion, ordinal", "''",
        "kind = 'health_events' and (?7 is null or ?7 = 'heart_rate_notification')");

    static IEnumerable<Part> PartsOf(Deletion deletion)
    {
        if (deletion.Name is null or ItemTypes.Sleep)
            foreach (var part in s_sleep) yield return part;
        if (deletion.Name is null or ItemTypes.Workouts) yield return s_workouts;
        yield return s_events;
    }

    static List<(int Id, string Name)> ListMetrics(SqliteSession session, Filter filter)
    {
        using var list = session.Prepare(
            """
            select m.id, m.name
            from metrics m
            where m.id in (
                select metric_id
                from user_metrics
                where user_id = ?1
                union
                select metric_id
                from removed_samples
                where user_id = ?1 and kind = 'samples')
            order by m.id
            """);
        list.Bind(1, filter.UserId);
        List<(int, string)> metrics = [];
        while (list.Step())
            if (filter.Deletion.CoversName(list.GetString(1))) metrics.Add((list.GetInt32(0), list.GetString(1)));
        return metrics;
    }

    /// <summary>Which rows of a table are covered, by source and time; the names are for whoever asks.</summary>
    /// <param name="source">The store's number; 0 for every source, because 0 is no source at all.</param>
    sealed class Filter(long userId, long source, Deletion deletion)
    {
        // From day on the key is a date, and the row starts at that date less its offset.
        const string OfSamples =
            $"""
            (?2 = 0 or {SqliteSampleRow.EffectiveSource} = ?2)
                and start_at - case when grain >= 3 then utc_offset * 60000000 else 0 end between ?3 and ?4
                and start_at + case when grain < 3 then utc_offset * 60000000 else 0 end between ?5 and ?6
            """;

        const string OfOthers =
            """
            (?2 = 0 or source_id = ?2)
                and case
                    when start_at is null then ?8
                    else start_at between ?3 and ?4 and start_at + utc_offset * 60000000 between ?5 and ?6
                    end
            """;

        public long UserId => userId;
        public Deletion Deletion => deletion;

        /// <summary>The keys [from, to] outside of which no sample can be covered.</summary>
        public (long From, long To) KeyRange()
        {
            var span = deletion.Span;
            var (from, to) = (long.MinValue, long.MaxValue);
            if (span.From is { } first) from = first.Microseconds - TimeSpanBounds.OffsetReach;
            if (span.FromDate is { } firstDate)
                from = Math.Max(from, Instant.From(firstDate).Microseconds - TimeSpanBounds.OffsetReach);
            if (span.To is { } last) to = last.Microseconds + TimeSpanBounds.OffsetReach;
            if (span.ToDate is { } lastDate)
                to = Math.Min(to, Instant.From(lastDate).Microseconds + TimeSpanBounds.OffsetReach);
            return (from, to);
        }

        public List<Found> CountSamples(SqliteSession session, int metric, Grain grain, long from, long to)
        {
            using var count = session.Prepare(
                $"""
                select {SqliteSampleRow.EffectiveSource}, count(*), min(start_at), max(start_at)
                from samples
                where user_id = ?1 and metric_id = ?7 and grain = ?8 and start_at between ?9 and ?10 and {OfSamples}
                group by 1
                """);
            Bind(count, metric, grain, from, to);
            List<Found> found = [];
            while (count.Step())
                found.Add(new(count.GetInt64(0), count.GetInt64(1), count.GetInstant(2), count.GetInstant(3)));
            return found;
        }

        public long DeleteSamples(SqliteSession session, int metric, Grain grain, long from, long to)
        {
            using var delete = session.Prepare(
                $"""
                delete from samples
                where user_id = ?1 and metric_id = ?7 and grain = ?8 and start_at between ?9 and ?10 and {OfSamples}
                """);
            return Bind(delete, metric, grain, from, to).Run();
        }

        public int ForgetRemoved(SqliteSession session, int metric, int limit)
        {
            using var forget = session.Prepare(
                $"""
                delete from removed_samples
                where (user_id, ingestion, ordinal) in (
                    select user_id, ingestion, ordinal
                    from removed_samples
                    where user_id = ?1 and metric_id = ?7 and kind = 'samples' and {OfSamples}
                    limit ?8)
                """);
            return Bind(forget).Bind(7, metric).Bind(8, (long)limit).Run();
        }

        public void CountOthers(SqliteSession session, Part part, Action<string, long> add)
        {
            using var count = session.Prepare(
                $"""
                select {part.Name}, count(*)
                from {part.Table}
                where user_id = ?1 and {part.Condition} and {OfOthers}
                group by 1
                """);
            BindOthers(count);
            while (count.Step()) add(count.GetString(0), count.GetInt64(1));
        }

        /// <returns>How many were deleted.</returns>
        public int DeleteOthers(SqliteSession session, Part part, int limit, Action<string, long> add)
        {
            using var delete = session.Prepare(
                $"""
                delete from {part.Table}
                where (user_id, {part.RowKey}) in (
                    select user_id, {part.RowKey}
                    from {part.Table}
                    where user_id = ?1 and {part.Condition} and {OfOthers}
                    limit ?9)
                returning {part.Name}
                """);
            BindOthers(delete).Bind(9, (long)limit);
            var rows = 0;
            for (; delete.Step(); rows++) add(delete.GetString(0), 1);
            return rows;
        }

        /// <summary>Deletes workouts with what is known of their way, or events with their voltages.</summary>
        /// <param name="belongings">Statements that delete what belongs to the row of key ?2 (and ?3).</param>
        public int DeleteWithBelongings(
            SqliteSession session, Part part, int limit, string[] belongings, Action<string, long> add)
        {
            List<(byte[] First, byte[]? Second, string Name)> keys = [];
            var isPair = part.RowKey.Contains(',');
            using (var list = session.Prepare(
                $"""
                select {part.Name}, {part.RowKey}
                from {part.Table}
                where user_id = ?1 and {part.Condition} and {OfOthers}
                limit ?9
                """))
            {
                BindOthers(list).Bind(9, (long)limit);
                while (list.Step())
                    keys.Add((
                        list.GetBlob(1).ToArray(), isPair ? list.GetBlob(2).ToArray() : null, list.GetString(0)));
            }
            foreach (var sql in belongings)
            {
                using var delete = session.Prepare(sql);
                foreach (var (first, second, _) in keys)
                {
                    delete.Bind(1, userId);
                    if (second is null) delete.Bind(2, first);
                    else delete.BindText(2, first).BindText(3, second);
                    delete.Run();
                }
            }
            foreach (var (_, _, name) in keys) add(name, 1);
            return keys.Count;
        }

        SqliteStatement Bind(SqliteStatement statement, int metric, Grain grain, long from, long to) =>
            Bind(statement).Bind(7, metric).Bind(8, (long)grain).Bind(9, from).Bind(10, to);

        SqliteStatement BindOthers(SqliteStatement statement)
        {
            Bind(statement).Bind(8, deletion.Span == default);
            // Only where the part asks for a kind.
            return deletion.Name is null ? statement : statement.Bind(7, deletion.Name);
        }

        // The ends of spans are exclusive, and times are whole microseconds.
        SqliteStatement Bind(SqliteStatement statement)
        {
            var span = deletion.Span;
            return statement.Bind(1, userId).Bind(2, source)
                .Bind(3, span.From?.Microseconds ?? long.MinValue)
                .Bind(4, span.To?.Microseconds - 1 ?? long.MaxValue)
                .Bind(5, span.FromDate is { } from ? Instant.From(from).Microseconds : long.MinValue)
                .Bind(6, span.ToDate is { } to ? Instant.From(to).Microseconds - 1 : long.MaxValue);
        }
    }

    /// <summary>Samples of one source within a run of keys.</summary>
    readonly record struct Found(long Source, long Rows, Instant First, Instant Last);
}
