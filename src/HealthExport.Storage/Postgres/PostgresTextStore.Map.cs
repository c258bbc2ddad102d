using System.Text;
using HealthExport.Events;
using HealthExport.Sleep;
using HealthExport.Texts;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresTextStore
{
    public async ValueTask<long> MapAsync(
        long userId, TextKind kind, string text, string code, CancellationToken cancellationToken)
    {
        var batch = new EraseBatch();
        var sum = 0L;
        int rows;
        do
        {
            batch.Start();
            rows = await ChangeAsync(
                userId,
                (connection, cancellationToken) =>
                {
                    var step = new Step(connection, userId, kind, text, code, batch.Rows);
                    return kind switch
                    {
                        { IsKey: false } => step.MapAsync(cancellationToken),
                        { Field: TextField.SleepStage } => step.RekeyStagesAsync(cancellationToken),
                        _ => step.RekeyEventsAsync(cancellationToken),
                    };
                },
                cancellationToken);
            sum += rows;
        }
        while (batch.End(rows));
        return sum;
    }

    /// <summary>One step, in the connection's transaction.</summary>
    /// <param name="limit">How many rows, at most.</param>
    sealed class Step(NpgsqlConnection connection, long userId, TextKind kind, string text, string code, int limit)
    {
        readonly UnmappedRows _rows = UnmappedRows.Of(kind);

        string OfText =>
            $"""user_id = $1 and {_rows.Condition} and {_rows.Shown} collate "C" = $2 and {_rows.Text} = $2""";

        public async ValueTask<int> MapAsync(CancellationToken cancellationToken)
        {
            await using var map = new NpgsqlCommand(
                $"""
                update {_rows.Table}
                set {_rows.Code} = $3
                where user_id = $1 and ({_rows.Key}) in (
                    select {_rows.Key}
                    from {_rows.Table}
                    where {OfText}
                    limit $4)
                """,
                connection);
            map.Parameters.Bind(userId).BindText(text).BindText(code).Bind(limit);
            return await map.ExecuteNonQueryAsync(cancellationToken);
        }

        public async ValueTask<int> RekeyStagesAsync(CancellationToken cancellationToken)
        {
            List<(Instant Start, int Source, long Push, long? Other)> found = [];
            await using (var find = new NpgsqlCommand(
                $"""
                select t.start_at, t.source_id, t.ingestion, c.ingestion
                from (
                    select start_at, source_id, ingestion
                    from sleep_stages
                    where {OfText}
                    limit $4) t
                left join sleep_stages c
                    on c.user_id = $1 and c.start_at = t.start_at and c.stage = $3 and c.source_id = t.source_id
                """,
                connection))
            {
                find.Parameters.Bind(userId).BindText(text).BindText(code).Bind(limit);
                await using var row = await find.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken))
                    found.Add((row.GetInstant(0), row.GetInt32(1), row.GetInt64(2), row.FindInt64(3)));
            }
            foreach (var one in found)
                if (one.Other is { } other)
                    await RemoveStageAsync(
                        one.Start, one.Push > other ? code : text, one.Source, Math.Max(one.Push, other),
                        cancellationToken);
            await using var rekey = new NpgsqlCommand(
                """
                update sleep_stages s
                set stage = $3, stage_as_sent = coalesce(s.stage_as_sent, s.stage)
                from unnest($4, $5) n (start_at, source_id)
                where s.user_id = $1 and s.start_at = n.start_at and s.stage = $2 and s.source_id = n.source_id
                """,
                connection);
            rekey.Parameters.Bind(userId).BindText(text).BindText(code)
                .BindTimes(found.Select(one => one.Start)).BindNumbers(found.Select(one => one.Source));
            if (found.Count > 0) await rekey.ExecuteNonQueryAsync(cancellationToken);
            return found.Count;
        }

        public async ValueTask<int> RekeyEventsAsync(CancellationToken cancellationToken)
        {
            List<(string Identity, long Push)> found = [];
            await using (var find = new NpgsqlCommand(
                $"select identity, ingestion from health_events where {OfText} limit $3", connection))
            {
                find.Parameters.Bind(userId).BindText(text).Bind(limit);
                await using var row = await find.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken)) found.Add((row.GetString(0), row.GetInt64(1)));
            }
            foreach (var (identity, push) in found)
            {
                var canonical = TextKind.Rekey(identity, text, code);
                if (canonical != identity && await FindPushAsync(canonical, cancellationToken) is { } other)
                {
                    var isLater = push > other;
                    await RemoveEventAsync(isLater ? canonical : identity, Math.Max(push, other), cancellationToken);
                    if (!isLater) continue;
                }
                await using var rekey = new NpgsqlCommand(
                    """
                    update health_events
                    set identity = $4, code = $5
                    where user_id = $1 and kind = $2 and identity = $3
                    """,
                    connection);
                rekey.Parameters.Bind(userId).BindText(kind.EventKind).BindText(identity).BindText(canonical)
                    .BindText(code);
                await rekey.ExecuteNonQueryAsync(cancellationToken);
            }
            return found.Count;
        }

        async ValueTask RemoveStageAsync(
            Instant start, string stage, int source, long by, CancellationToken cancellationToken)
        {
            SleepStage gone;
            long writtenBy;
            await using (var take = new NpgsqlCommand(
                """
                delete from sleep_stages
                where user_id = $1 and start_at = $2 and stage = $3 and source_id = $4
                returning end_at, utc_offset, stage_as_sent, extra, ingestion
                """,
                connection))
            {
                take.Parameters.Bind(userId).Bind(start).BindText(stage).Bind(source);
                await using var row = await take.ExecuteReaderAsync(cancellationToken);
                await row.ReadAsync(cancellationToken);
                gone = new()
                {
                    StartAt = start, EndAt = row.GetInstant(0), OffsetMinutes = row.GetInt16(1), Stage = stage,
                    StageAsSent = row.FindString(2), Extra = row.FindString(3),
                };
                writtenBy = row.GetInt64(4);
            }
            await KeepAsync(
                by, RemovedRow.SleepStages, start, source, gone.EndAt, gone.OffsetMinutes, RemovedRow.Write(gone),
                writtenBy, cancellationToken);
        }

        async ValueTask<long?> FindPushAsync(string identity, CancellationToken cancellationToken)
        {
            await using var find = new NpgsqlCommand(
                """
                select ingestion
                from health_events
                where user_id = $1 and kind = $2 and identity = $3
                """,
                connection);
            find.Parameters.Bind(userId).BindText(kind.EventKind).BindText(identity);
            return (long?)await find.ExecuteScalarAsync(cancellationToken);
        }

        async ValueTask RemoveEventAsync(string identity, long by, CancellationToken cancellationToken)
        {
            HealthEvent gone;
            int source;
            long writtenBy;
            await using (var take = new NpgsqlCommand(
                """
                delete from health_events
                where user_id = $1 and kind = $2 and identity = $3
                returning start_at, end_at, utc_offset, code, text, value, source_id, item_type, payload, ingestion
                """,
                connection))
            {
                take.Parameters.Bind(userId).BindText(kind.EventKind).BindText(identity);
                await using var row = await take.ExecuteReaderAsync(cancellationToken);
                await row.ReadAsync(cancellationToken);
                gone = new()
                {
                    Kind = kind.EventKind!, Identity = identity, StartAt = row.GetInstant(0),
                    EndAt = row.GetInstant(1), OffsetMinutes = row.GetInt16(2), Code = row.FindString(3),
                    Text = row.FindString(4), Value = row.FindDouble(5), ItemType = row.GetString(7),
                    Payload = row.GetFieldValue<byte[]>(8),
                };
                (source, writtenBy) = (row.GetInt32(6), row.GetInt64(9));
            }
            await KeepAsync(
                by, RemovedRow.HealthEvents, RemovedRow.StartOf(gone), source, gone.EndAt, gone.OffsetMinutes,
                RemovedRow.Write(gone), writtenBy, cancellationToken);
        }

        async ValueTask KeepAsync(
            long by, string what, Instant start, int source, Instant end, short offset, byte[] json, long writtenBy,
            CancellationToken cancellationToken)
        {
            await using var keep = new NpgsqlCommand(
                """
                insert into removed_samples (
                    user_id, ingestion, ordinal, kind, metric_id, grain, start_at, source_id, end_at, utc_offset,
                    extra, written_by)
                select $1, $2, coalesce(max(ordinal) + 1, 0), $3, 0, 0, $4, $5, $6, $7, $8, $9
                from removed_samples
                where user_id = $1 and ingestion = $2
                """,
                connection);
            keep.Parameters.Bind(userId).Bind(by).BindText(what).Bind(start).Bind(source).Bind(end).Bind(offset)
                .BindText(Encoding.UTF8.GetString(json)).Bind(writtenBy);
            await keep.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
