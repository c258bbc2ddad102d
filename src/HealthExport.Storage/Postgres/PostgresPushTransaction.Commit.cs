using System.Text.Json;
using HealthExport.Pushes;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresPushTransaction
{
    // Null until it is read, and after a roll back.
    int? _nextReject;

    IReadOnlyCollection<(int MetricId, DateOnly Date)> _changedDays = [];

    public ValueTask AddRejectsAsync(IReadOnlyList<Reject> rejects, CancellationToken cancellationToken) =>
        rejects.Count == 0 ? ValueTask.CompletedTask : WriteAsync(async () =>
        {
            var next = _nextReject ?? await ReadNextOrdinalAsync(
                """
                select coalesce(max(ordinal) + 1, 0)
                from rejected_items
                where user_id = $1 and number = $2
                """,
                cancellationToken);
            await using var insert = new NpgsqlCommand(
                """
                insert into rejected_items (
                    user_id, number, ordinal, item_type, item_index, code, error, hint, field, allowed_low,
                    allowed_high, item)
                select $1, $2, $3 - 1 + r.at::int, r.item_type, r.item_index, r.code, r.error, r.hint, r.field,
                    r.allowed_low, r.allowed_high, r.item
                from unnest($4, $5, $6, $7, $8, $9, $10, $11, $12) with ordinality r (
                    item_type, item_index, code, error, hint, field, allowed_low, allowed_high, item, at)
                """,
                _connection);
            insert.Parameters.Bind(User).Bind(Push).Bind(next)
                .BindTexts(rejects.Select(one => PostgresText.Clean(one.ItemType)))
                .BindNumbers(rejects.Select(one => one.ItemIndex))
                .BindTexts(rejects.Select(one => one.Code))
                .BindTexts(rejects.Select(one => PostgresText.Clean(one.Error)))
                .BindTexts(rejects.Select(one => one.Hint is { } hint ? PostgresText.Clean(hint) : null))
                .BindTexts(rejects.Select(one => one.Field is { } field ? PostgresText.Clean(field) : null))
                .BindNumbers(rejects.Select(one => one.Allowed is [var low, ..] ? low : (double?)null))
                .BindNumbers(rejects.Select(one => one.Allowed is [_, var high, ..] ? high : (double?)null))
                .BindBlobs(rejects.Select(one => one.Item));
            await insert.ExecuteNonQueryAsync(cancellationToken);
            _nextReject = next + rejects.Count;
        }, cancellationToken);

    /// <remarks>Goes with the commit, in one message.</remarks>
    public ValueTask MarkDaysAsync(
        IReadOnlyCollection<(int MetricId, DateOnly Date)> days, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _changedDays = days;
        return ValueTask.CompletedTask;
    }

    /// <remarks>A connection that breaks during the commit leaves open whether it took place; the push is tried again
    /// then, and if it did, its lease is gone.</remarks>
    public async ValueTask CommitAsync(Receipt receipt, bool changedAnything, CancellationToken cancellationToken)
    {
        var hasLease = await RunAsync(() => SettleAsync(receipt, changedAnything, cancellationToken));
        if (!hasLease)
        {
            await DisposeAsync();
            throw new LeaseLostException("Another process has taken the push over.");
        }
        // Not to be given up half way: the answer says whether it took place.
        await RunAsync(async () => await _transaction.CommitAsync(CancellationToken.None));
        foreach (var (metric, id) in _addedMetrics) _database.Metrics.Add(id, metric);
        await DisposeAsync();
    }

    /// <summary>For whoever changes a user's rows inside a transaction of its own.</summary>
    public static void AddRaiseDataVersion(NpgsqlBatch batch, long userId, Instant now) => batch.Add(
        """
        update users
        -- As UserVersions.Next.
        set data_version = greatest(data_version + 1, $2)
        where id = $1
        """).Bind(userId).Bind(now.Microseconds);

    async ValueTask<bool> SettleAsync(Receipt receipt, bool changedAnything, CancellationToken cancellationToken)
    {
        var status = receipt.IsPartial ? IngestionStatus.Partial : IngestionStatus.Completed;
        _savepointIsDue = false;
        await using var batch = new NpgsqlBatch(_connection);
        // The user's row first, whoever takes it; then queue, then raw_ingestions.
        if (changedAnything) AddRaiseDataVersion(batch, User, Instant.From(_database.Clock.GetUtcNow()));
        else batch.Add(
            """
            select 1
            from users
            where id = $1
            for no key update
            """).Bind(User);
        batch.Add(
            """
            delete from queue
            where user_id = $1 and number = $2 and lease = $3
            """).Bind(User).Bind(Push).Bind(_push.Lease);
        batch.Add(
            """
            update raw_ingestions
            set status = $4, receipt = $5, finished_at = $6,
                -- -1: a replay from which a later deletion withheld rows, so the same bytes anew say more than it did
                data_version = case when $7 then -1 else (select data_version from users where id = $1) end
            where user_id = $1 and number = $2 and received_at = $3
            """)
            .Bind(User).Bind(Push).Bind(_push.Ingestion.ReceivedAt).Bind((short)status)
            .BindText(JsonSerializer.Serialize(receipt, ReceiptJson.Default.Receipt))
            .Bind(Instant.From(_database.Clock.GetUtcNow())).Bind(LaterDeletions.Count > 0);
        if (_writtenSeries.Count > 0)
            batch.Add(
                """
                insert into series_pushes (user_id, metric_id, grain, ingestion)
                select $1, w.*, $2
                from unnest($3, $4) w
                on conflict (user_id, metric_id, grain) do update
                set ingestion = excluded.ingestion
                where series_pushes.ingestion < excluded.ingestion
                """)
                .Bind(User).Bind(Push)
                .BindNumbers(_writtenSeries.Select(series => series.MetricId))
                .BindNumbers(_writtenSeries.Select(series => (short)series.Grain));
        PostgresDriftStore.AddCount(batch, _push.Ingestion, receipt.Drift);
        if (_changedDays.Count > 0) PostgresDailyTotalStore.AddMarkChanged(batch, User, _changedDays);
        await _userMetrics.AddSaveAsync(batch, cancellationToken);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        if (batch.BatchCommands[1].RecordsAffected != 1) return false;
        MustChange(1, batch.BatchCommands[2].RecordsAffected);
        return true;
    }
}
