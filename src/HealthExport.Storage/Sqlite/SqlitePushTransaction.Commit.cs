using System.Text.Json;
using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqlitePushTransaction
{
    // Null until it is read, and after a roll back.
    long? _nextReject;

    public ValueTask AddRejectsAsync(IReadOnlyList<Reject> rejects, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (rejects.Count == 0) return ValueTask.CompletedTask;
        var ordinal = _nextReject ?? ReadNextOrdinal(
            """
            select coalesce(max(ordinal) + 1, 0)
            from rejected_items
            where user_id = ?1 and number = ?2
            """);
        using var insert = _session.Prepare(
            """
            insert into rejected_items (
                user_id, number, ordinal, item_type, item_index, code, error, hint, field, allowed_low, allowed_high,
                item)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """);
        insert.Bind(1, User).Bind(2, Push);
        foreach (var reject in rejects)
        {
            insert.Bind(3, ordinal++)
                .Bind(4, reject.ItemType).Bind(5, reject.ItemIndex).Bind(6, reject.Code).Bind(7, reject.Error)
                .Bind(8, reject.Hint).Bind(9, reject.Field)
                .Bind(10, reject.Allowed is [var low, ..] ? low : (double?)null)
                .Bind(11, reject.Allowed is [_, var high, ..] ? high : (double?)null)
                .Bind(12, reject.Item.Span).Run();
        }
        _nextReject = ordinal;
        return ValueTask.CompletedTask;
    }

    public ValueTask MarkDaysAsync(
        IReadOnlyCollection<(int MetricId, DateOnly Date)> days, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var metric in days.GroupBy(day => day.MetricId))
            SqliteDailyTotalStore.MarkChanged(
                _session, User, metric.Key, metric.Select(day => day.Date).Order());
        return ValueTask.CompletedTask;
    }

    public ValueTask CommitAsync(Receipt receipt, bool changedAnything, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CloseSampleStatements();
        if (!TakeFromQueue())
        {
            End();
            throw new LeaseLostException("Another process has taken the push over.");
        }
        _userMetrics.Save();
        SaveSeriesPushes();
        if (changedAnything) RaiseDataVersion(_session, User, Instant.From(_clock.GetUtcNow()));
        SqliteDriftStore.Count(_session, _push.Ingestion, receipt.Drift);
        Settle(receipt);
        _session.Commit();
        foreach (var (metric, id) in _addedMetrics) _database.Metrics.Add(id, metric);
        End();
        return ValueTask.CompletedTask;
    }

    bool TakeFromQueue()
    {
        using var take = _session.Prepare(
            """
            delete from queue
            where user_id = ?1 and number = ?2 and lease = ?3
            """);
        return take.Bind(1, User).Bind(2, Push).Bind(3, _push.Lease).Run() == 1;
    }

    /// <summary>For whoever changes a user's rows inside a transaction of its own.</summary>
    public static void RaiseDataVersion(SqliteSession session, long userId, Instant now)
    {
        using var raise = session.Prepare(
            """
            update users
            -- As UserVersions.Next.
            set data_version = max(data_version + 1, ?2)
            where id = ?1
            """);
        raise.Bind(1, userId).Bind(2, now.Microseconds).Run();
    }

    void Settle(Receipt receipt)
    {
        using var settle = _session.Prepare(
            """
            update raw_ingestions
            set status = ?3, receipt = ?4, finished_at = ?5,
                -- -1: a replay from which a later deletion withheld rows, so the same bytes anew say more than it did
                data_version = case when ?6 then -1 else (select data_version from users where id = ?1) end
            where user_id = ?1 and number = ?2
            """);
        var status = receipt.IsPartial ? IngestionStatus.Partial : IngestionStatus.Completed;
        settle.Bind(1, User).Bind(2, Push).Bind(3, (long)status)
            .BindText(4, JsonSerializer.SerializeToUtf8Bytes(receipt, ReceiptJson.Default.Receipt))
            .Bind(5, Instant.From(_clock.GetUtcNow())).Bind(6, LaterDeletions.Count > 0 ? 1L : 0L);
        MustChangeOne(settle.Run());
    }
}
