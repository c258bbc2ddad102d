using HealthExport.Pushes;
using HealthExport.Samples;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresPushTransaction
{
    // The rows are there, and the user's lock keeps them there: every insert meets one and changes it. That seeks each
    // by its key and leaves the planner no choice; an update that joins may scan one side for each row of the other,
    // when statistics are old. The first offset of a row is kept.
    const string UpdateSamples =
        """
        insert into samples as s (
            user_id, metric_id, grain, ingestion, start_at, source_id, end_at, value, min, max, utc_offset,
            reported_source_id, sent_unit, extra, may_not_shrink)
        select $1, $2, $3, $4, n.*
        from unnest($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) n
        on conflict (user_id, metric_id, grain, start_at, source_id) do update
        set end_at = excluded.end_at, value = excluded.value, min = excluded.min, max = excluded.max,
            reported_source_id = excluded.reported_source_id, sent_unit = excluded.sent_unit, extra = excluded.extra,
            may_not_shrink = excluded.may_not_shrink, ingestion = excluded.ingestion
        """;

    // A bucket's reported source may change, and the counts of both with it.
    const string UpdateBuckets =
        $"""
        with former as materialized (
            select f.source
            from unnest($5) n (start_at)
            cross join lateral (
                select coalesce(reported_source_id, 0) as source
                from samples
                where user_id = $1 and metric_id = $2 and grain = $3 and start_at = n.start_at and source_id = 0
                    and start_at between $16 and $17
                offset 0) f),
        changed as (
            {UpdateSamples}
            returning 1)
        select source, count(*)::int, (select count(*)::int from changed)
        from former
        group by source
        """;

    async ValueTask UpdateAsync(
        Series series, ReadOnlyMemory<Sample> rows, ReadOnlyMemory<RowChange> changes, int count,
        CancellationToken cancellationToken)
    {
        var updates = Pick(rows.Span, changes.Span, RowChange.Update, count);
        _userMetrics.NoteUpdate(series, updates[^1].StartAt);
        await using var batch = new NpgsqlBatch(_connection);
        AddSavepoint(batch);
        var parameters = BindValues(
            batch.Add(series.KeyHasSource ? UpdateSamples : UpdateBuckets), series, updates);
        if (series.KeyHasSource)
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
            MustChange(count, (long)batch.BatchCommands[^1].RecordsAffected);
            return;
        }
        parameters.Bind(updates[0].StartAt).Bind(updates[^1].StartAt);
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        var (found, changed) = (0, 0);
        while (await row.ReadAsync(cancellationToken))
        {
            _userMetrics.Count(series.MetricId, row.GetInt32(0), -row.GetInt32(1));
            found += row.GetInt32(1);
            changed = row.GetInt32(2);
        }
        MustChange(count, found);
        MustChange(count, changed);
        foreach (var one in updates) _userMetrics.Count(series.MetricId, _sources.Get(one.Source), 1);
    }

    async ValueTask TouchAsync(
        Series series, ReadOnlyMemory<Sample> rows, ReadOnlyMemory<RowChange> changes, int count,
        CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(_connection);
        AddSavepoint(batch);
        BindValues(
            batch.Add(
                """
                insert into samples (
                    user_id, metric_id, grain, ingestion, start_at, source_id, end_at, value, min, max, utc_offset,
                    reported_source_id, sent_unit, extra, may_not_shrink)
                select $1, $2, $3, $4, n.*
                from unnest($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) n
                on conflict (user_id, metric_id, grain, start_at, source_id) do update
                set ingestion = excluded.ingestion
                """),
            series, Pick(rows.Span, changes.Span, RowChange.Touch, count));
        await batch.ExecuteNonQueryAsync(cancellationToken);
        MustChange(count, (long)batch.BatchCommands[^1].RecordsAffected);
    }

    NpgsqlParameterCollection BindValues(
        NpgsqlParameterCollection parameters, Series series, Sample[] rows) => parameters
        .Bind(User).Bind(series.MetricId).Bind((short)series.Grain).Bind(RowNumber)
        .BindTimes(rows.Select(row => row.StartAt))
        .BindNumbers(rows.Select(row => series.KeyHasSource ? _sources.Get(row.Source) : 0))
        .BindTimes(rows.Select(row => row.EndAt))
        .BindMeasures(rows.Select(row => row.Value))
        .BindMeasures(rows.Select(row => row.Min))
        .BindMeasures(rows.Select(row => row.Max))
        .BindNumbers(rows.Select(row => row.OffsetMinutes))
        .BindNumbers(rows.Select(row =>
            series.KeyHasSource || row.Source is null ? null : (int?)_sources.Get(row.Source)))
        .BindTexts(rows.Select(row => row.SentUnit))
        .BindTexts(rows.Select(row => row.Extra))
        .BindFlags(rows.Select(row => row.MayNotShrink));

    static Sample[] Pick(ReadOnlySpan<Sample> rows, ReadOnlySpan<RowChange> changes, RowChange which, int count)
    {
        var picked = new Sample[count];
        for (int i = 0, at = 0; at < count; i++)
            if (changes[i] == which) picked[at++] = rows[i];
        return picked;
    }
}
