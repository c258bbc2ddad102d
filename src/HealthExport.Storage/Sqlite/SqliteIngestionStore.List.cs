using System.Text;
using HealthExport.Pushes;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqliteIngestionStore
{
    public ValueTask<Ingestion?> FindAsync(long userId, Guid id, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        return new(Find(reader.Session, userId, id));
    }

    public ValueTask<Ingestion?> FindAppliedAsync(ReceivedPush push, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var find = IngestionRow.Prepare(reader.Session, """
            where i.user_id = ?1 and i.sha256 = ?2 and i.sameness = ?3 and i.status in (2, 3)
                and not exists (
                    select 1
                    from deletions d
                    where d.user_id = i.user_id and d.up_to_ingestion >= i.number)
            order by i.number desc
            limit 1
            """);
        return new(
            find.Bind(1, push.UserId).Bind(2, push.Payload.Sha256).Bind(3, push.Sameness).Step()
                ? IngestionRow.Read(find) : null);
    }

    public ValueTask<Page<Ingestion>> ListAsync(
        long userId, IngestionFilter filter, string? cursor, int limit, CancellationToken cancellationToken)
    {
        var list = $"ingestions {userId}";
        var before = cursor is null ? default((long ReceivedAt, long Number)?) : ListCursor.Read(list, cursor);
        StringBuilder rest = new("where i.user_id = ?1");
        if (filter.Status is not null) rest.Append("\nand i.status = ?2");
        if (filter.From is not null) rest.Append("\nand i.received_at >= ?3");
        if (filter.To is not null) rest.Append("\nand i.received_at < ?4");
        if (filter.KeyId is not null) rest.Append("\nand i.key_id = ?5");
        if (before is not null) rest.Append("\nand (i.received_at, i.number) < (?6, ?7)");
        rest.Append("\norder by i.received_at desc, i.number desc\nlimit ?8");

        using var reader = database.RentReader();
        using var read = IngestionRow.Prepare(reader.Session, rest.ToString());
        read.Bind(1, userId).Bind(8, limit + 1L);
        if (filter.Status is { } status) read.Bind(2, (long)status);
        if (filter.From is { } from) read.Bind(3, from);
        if (filter.To is { } to) read.Bind(4, to);
        if (filter.KeyId is { } keyId) read.Bind(5, keyId);
        if (before is { } place) read.Bind(6, place.ReceivedAt).Bind(7, place.Number);
        List<Ingestion> items = [];
        while (items.Count < limit && read.Step()) items.Add(IngestionRow.Read(read));
        var hasMore = items.Count == limit && read.Step();
        return new(new Page<Ingestion>(
            items, hasMore ? ListCursor.Write(list, items[^1].ReceivedAt.Microseconds, items[^1].Number) : null));
    }

    public ValueTask<IReadOnlyList<Arrival>> ListArrivalsAsync(
        long userId, Instant since, int limit, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var read = reader.Session.Prepare(
            """
            select received_at, json_extract(headers, '$."automation-id"'), json_extract(headers, '$."automation-name"'),
                json_extract(headers, '$."session-id"')
            from raw_ingestions
            where user_id = ?1 and received_at >= ?2
            order by received_at desc, number desc
            limit ?3
            """);
        read.Bind(1, userId).Bind(2, since).Bind(3, limit);
        List<Arrival> arrivals = [];
        while (read.Step())
            arrivals.Add(new(read.GetInstant(0), read.FindString(1), read.FindString(2), read.FindString(3)));
        return new(arrivals);
    }

    public ValueTask<IReadOnlyList<(int MetricId, Instant ReceivedAt)>> ListLastPushesAsync(
        long userId, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var read = reader.Session.Prepare(
            """
            select s.metric_id, max(i.received_at)
            from series_pushes s
            join raw_ingestions i on i.user_id = s.user_id and i.number = s.ingestion
            where s.user_id = ?1
            group by s.metric_id
            order by s.metric_id
            """);
        read.Bind(1, userId);
        List<(int, Instant)> pushes = [];
        while (read.Step()) pushes.Add((read.GetInt32(0), read.GetInstant(1)));
        return new(pushes);
    }

    public ValueTask<Page<Reject>> ListRejectsAsync(
        long userId, Guid id, string? cursor, int limit, CancellationToken cancellationToken)
    {
        var list = $"rejects {userId} {id:n}";
        var after = cursor is null ? -1 : ListCursor.Read(list, cursor).First;
        using var reader = database.RentReader();
        // A duplicate's are those of the first one.
        using var read = reader.Session.Prepare("""
            select r.ordinal, r.item_type, r.item_index, r.code, r.error, r.hint, r.field, r.allowed_low,
                r.allowed_high, r.item
            from raw_ingestions i
            join rejected_items r on r.user_id = i.user_id and r.number = coalesce(i.duplicate_of, i.number)
            where i.user_id = ?1 and i.public_id = ?2 and r.ordinal > ?3
            order by r.ordinal
            """);
        read.Bind(1, userId).Bind(2, id).Bind(3, after);
        List<Reject> items = [];
        var last = after;
        while (items.Count < limit && read.Step())
        {
            last = read.GetInt64(0);
            items.Add(ReadReject(read));
        }
        var hasMore = items.Count == limit && read.Step();
        return new(new Page<Reject>(items, hasMore ? ListCursor.Write(list, last, 0) : null));
    }

    public ValueTask<IReadOnlyList<(long UserId, Guid Id)>> ListByStatusAsync(
        IngestionStatus status, int limit, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        // The planner takes the partial index only where the query repeats its condition.
        var indexed = status is IngestionStatus.Queued or IngestionStatus.Processing or IngestionStatus.Failed
            ? "and status in (0, 1, 5)" : "";
        using var read = reader.Session.Prepare($"""
            select user_id, public_id
            from raw_ingestions
            where status = ?1 {indexed}
            order by received_at, user_id, number
            limit ?2
            """);
        read.Bind(1, (long)status).Bind(2, limit);
        List<(long, Guid)> ids = [];
        while (read.Step()) ids.Add((read.GetInt64(0), read.GetGuid(1)));
        return new(ids);
    }

    public ValueTask<IReadOnlyDictionary<IngestionStatus, long>> CountByStatusAsync(
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        using var count = reader.Session.Prepare(
            """
            select status, count(*)
            from raw_ingestions
            group by status
            """);
        var counts = Enum.GetValues<IngestionStatus>().ToDictionary(status => status, _ => 0L);
        while (count.Step()) counts[(IngestionStatus)count.GetInt64(0)] = count.GetInt64(1);
        return new(counts);
    }

    public async ValueTask<Ingestion?> ReplayAsync(long userId, Guid id, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        if (!SqliteUserStore.IsPresent(session, userId)) return null;
        var found = Find(session, userId, id);
        if (found is not { HasPayload: true }) return null;
        if (found.Status is IngestionStatus.Queued or IngestionStatus.Processing) return found;
        // A duplicate becomes a push of its own; until its new receipt is there it keeps the first one's.
        using (var requeue = session.Prepare("""
            update raw_ingestions
            set status = ?3, attempts = 0, started_at = null, finished_at = null, duplicate_of = null,
                receipt = coalesce(receipt, (
                    select o.receipt
                    from raw_ingestions o
                    where o.user_id = raw_ingestions.user_id and o.number = raw_ingestions.duplicate_of)),
                time_zone = coalesce(time_zone, (select u.time_zone from users u where u.id = ?1))
            where user_id = ?1 and number = ?2
            """))
            requeue.Bind(1, userId).Bind(2, found.Number).Bind(3, Queued).Run();
        Enqueue(session, userId, found.Number, isReplay: true);
        var queued = IngestionRow.Get(session, userId, found.Number);
        session.Commit();
        return queued;
    }

    static Ingestion? Find(SqliteSession session, long userId, Guid id)
    {
        using var find = IngestionRow.Prepare(session, "where i.user_id = ?1 and i.public_id = ?2");
        return find.Bind(1, userId).Bind(2, id).Step() ? IngestionRow.Read(find) : null;
    }

    static Reject ReadReject(SqliteStatement row) => new(
        row.GetString(1), row.GetInt32(2), row.GetString(3), row.GetString(4), row.FindString(5), row.FindString(6),
        row.IsNull(7) && row.IsNull(8)
            ? null
            : [row.FindDouble(7) ?? double.NegativeInfinity, row.FindDouble(8) ?? double.PositiveInfinity],
        row.FindBytes(9));
}
