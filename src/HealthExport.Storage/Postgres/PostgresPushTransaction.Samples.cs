using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresPushTransaction
{
    // So many stored rows for each wanted one are read in passing; where there are more, keys are sought one by one.
    const int MostPassed = 4;

    // Fewer rows go faster in one statement, together with the savepoint, than by COPY, which takes two turns more.
    const int MostInserted = 512;

    // By metric and grain, as they were at the begin.
    readonly Dictionary<Series, long> _lastPushes = [];
    readonly HashSet<Series> _writtenSeries = [];

    // Partitions that rows were inserted into.
    readonly HashSet<PartitionSpan> _reached = [];

    public ValueTask<long> FindLastFinerPushAsync(Series series, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var last = 0L;
        for (var grain = Grain.Sample; grain < series.Grain; grain++)
            last = Math.Max(last, _lastPushes.GetValueOrDefault(series with { Grain = grain }));
        return new(last);
    }

    /// <remarks>
    /// Costs nothing where the user's metric has no row in the span of the keys, which is known from the begin; one
    /// statement where what is stored lies about as dense as the keys; else a second that seeks each key left over.
    /// </remarks>
    public ValueTask FindAsync(
        Series series, ReadOnlyMemory<Sample> rows, Memory<StoredSample> found, CancellationToken cancellationToken)
    {
        found.Span[..rows.Length].Clear();
        if (rows.IsEmpty) return ValueTask.CompletedTask;
        var mayBeStored = _userMetrics.FindKeys(series.MetricId, series.Grain) is { } keys
            && rows.Span[0].StartAt <= keys.Last && rows.Span[^1].StartAt >= keys.First;
        return mayBeStored || LaterIsApplied
            ? RunAsync(() => FindAsync(series, rows, found, mayBeStored, cancellationToken))
            : ValueTask.CompletedTask;
    }

    async ValueTask FindAsync(
        Series series, ReadOnlyMemory<Sample> rows, Memory<StoredSample> found, bool mayBeStored,
        CancellationToken cancellationToken)
    {
        _sources.Trim();
        if (series.KeyHasSource) await _sources.LookUpAsync(rows.Span, cancellationToken);
        if (mayBeStored)
        {
            var match = new SampleMatch(series, rows, found, _sources);
            await FindAlongAsync(match, cancellationToken);
            if (!match.IsAtEnd) await SeekAsync(match, cancellationToken);
            await match.NameSourcesAsync(cancellationToken);
        }
        if (LaterIsApplied) await FindRemovedAsync(series, rows, found, cancellationToken);
    }

    /// <summary>Every stored row between two keys; $1 user, $2 metric, $3 grain, $4 and $5 the starts, $6 the most.
    /// </summary>
    internal const string FindAlong =
        $"""
        select {PostgresSampleRow.Columns}
        from samples
        where user_id = $1 and metric_id = $2 and grain = $3 and start_at between $4 and $5
        order by start_at, source_id
        limit $6
        """;

    /// <summary>The rows under keys; as <see cref="FindAlong"/>, $6 the keys' starts and $7 their sources.</summary>
    internal const string Seek =
        $"""
        select s.*
        from unnest($6, $7) w (wanted_at, wanted_source)
        cross join lateral (
            select {PostgresSampleRow.Columns}
            from samples
            where user_id = $1 and metric_id = $2 and grain = $3 and start_at = w.wanted_at
                and source_id = w.wanted_source and start_at between $4 and $5
            offset 0) s
        """;

    async ValueTask FindAlongAsync(SampleMatch match, CancellationToken cancellationToken)
    {
        var most = match.Wanted.Length * MostPassed + 100;
        await using var find = new NpgsqlCommand(FindAlong, _connection);
        find.Parameters.Bind(User).Bind(match.Series.MetricId).Bind((short)match.Series.Grain)
            .Bind(match.Wanted.Span[0].StartAt).Bind(match.Wanted.Span[^1].StartAt).Bind(most);
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        var count = 0;
        for (; await row.ReadAsync(cancellationToken); count++) match.Take(row);
        if (count < most) match.TakeEnd();
    }

    async ValueTask SeekAsync(SampleMatch match, CancellationToken cancellationToken)
    {
        var (starts, sources) = match.ListRest();
        if (starts.Count == 0) return;
        await using var find = new NpgsqlCommand(Seek, _connection);
        find.Parameters.Bind(User).Bind(match.Series.MetricId).Bind((short)match.Series.Grain)
            .Bind(starts[0]).Bind(starts[^1]).BindTimes(starts).BindNumbers(sources);
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) match.Take(row);
    }

    /// <summary>As asked for by <see cref="ListLocalHoursAsync"/>; $1 user, $2 metric, $3 and $4 the instants, $5 the
    /// offset.</summary>
    internal const string LocalHours =
        """
        select date_bin('1 hour', start_at + utc_offset * interval '1 minute', timestamptz '2000-01-01 00:00:00+00'),
            utc_offset, sum(value), count(value)
        from samples
        where user_id = $1 and metric_id = $2 and grain in (0, 1, 2) and start_at between $3 and $4 and utc_offset <> $5
        group by 1, utc_offset, grain
        """;

    public ValueTask<IReadOnlyList<LocalHour>> ListLocalHoursAsync(
        int metricId, Instant first, Instant last, short but, CancellationToken cancellationToken) =>
        // Outside of these there is no row, and perhaps no partition.
        _userMetrics.FindKeys(metricId, Grain.Sample) is { } keys && first <= keys.Last && last >= keys.First
            ? RunAsync(() => ReadLocalHoursAsync(
                metricId, first < keys.First ? keys.First : first, last > keys.Last ? keys.Last : last, but,
                cancellationToken))
            : new([]);

    async ValueTask<IReadOnlyList<LocalHour>> ReadLocalHoursAsync(
        int metricId, Instant first, Instant last, short but, CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand(LocalHours, _connection);
        list.Parameters.Bind(User).Bind(metricId).Bind(first).Bind(last).Bind(but);
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        List<LocalHour> hours = [];
        while (await row.ReadAsync(cancellationToken))
            hours.Add(new(
                row.GetInstant(0), row.GetInt16(1), row.IsDBNull(2) ? double.NaN : row.GetDouble(2), row.GetInt64(3)));
        return hours;
    }

    public ValueTask WriteAsync(
        Series series, ReadOnlyMemory<Sample> rows, ReadOnlyMemory<RowChange> changes,
        CancellationToken cancellationToken) =>
        RunAsync(async () =>
        {
            _sources.Trim();
            if (await _sources.AnyMissingAsync(rows, cancellationToken))
            {
                await SetDueSavepointAsync(cancellationToken);
                await _sources.AddAsync(rows, cancellationToken);
            }
            var (inserts, updates, touches) = Count(changes.Span[..rows.Length]);
            _writtenSeries.Add(series);
            if (inserts > 0) await InsertAsync(series, rows, changes, inserts, cancellationToken);
            if (updates > 0) await UpdateAsync(series, rows, changes, updates, cancellationToken);
            if (touches > 0) await TouchAsync(series, rows, changes, touches, cancellationToken);
        });

    async ValueTask InsertAsync(
        Series series, ReadOnlyMemory<Sample> rows, ReadOnlyMemory<RowChange> changes, int count,
        CancellationToken cancellationToken)
    {
        var (first, last) = NoteInserts(series, rows.Span, changes.Span);
        await (PartitionSpan.Of(first) == PartitionSpan.Of(last)
            ? _database.Partitions.EnsureAsync(PostgresPartitions.Samples, first, last, cancellationToken)
            : _database.Partitions.EnsureAsync(
                PostgresPartitions.Samples, ListStarts(rows, changes), cancellationToken));
        await ReachAsync(rows, changes, first, last, cancellationToken);
        if (count <= MostInserted)
        {
            await InsertFewAsync(series, Pick(rows.Span, changes.Span, RowChange.Insert, count), cancellationToken);
            return;
        }
        await SetDueSavepointAsync(cancellationToken);
        await _copy.RunAsync(
            _connection, series, RowNumber, rows, changes, _sources, cancellationToken);
    }

    /// <summary>
    /// Has the session learn of partitions that were made since it began to write: it looks for news when it locks
    /// what it had not locked, and a prepared insert locks nothing new. This lock is given back at once, so that it is
    /// a new one each time.
    /// </summary>
    async ValueTask ReachAsync(
        ReadOnlyMemory<Sample> rows, ReadOnlyMemory<RowChange> changes, Instant first, Instant last,
        CancellationToken cancellationToken)
    {
        var (before, isFirst) = (_reached.Count, _reached.Count == 0);
        if (PartitionSpan.Of(first) == PartitionSpan.Of(last)) _reached.Add(PartitionSpan.Of(first));
        else foreach (var start in ListStarts(rows, changes)) _reached.Add(PartitionSpan.Of(start));
        if (!isFirst && _reached.Count > before)
            await ExecuteAsync("select pg_relation_size('keys_version')", cancellationToken);
    }

    async ValueTask InsertFewAsync(Series series, Sample[] rows, CancellationToken cancellationToken)
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
                """),
            series, rows);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    // Before they are written: what is undone is taken back with the savepoint, and else with the transaction.
    (Instant First, Instant Last) NoteInserts(
        Series series, ReadOnlySpan<Sample> rows, ReadOnlySpan<RowChange> changes)
    {
        MetricEnds? ends = null;
        var (first, last) = (-1, -1);
        for (var i = 0; i < rows.Length; i++)
        {
            if (changes[i] != RowChange.Insert) continue;
            ref readonly var row = ref rows[i];
            _userMetrics.Count(series.MetricId, _sources.Get(row.Source), 1);
            if (first < 0) first = i;
            last = i;
            if (series.Grain >= Grain.Day) Note(row);
        }
        if (series.Grain < Grain.Day)
        {
            Note(rows[first]);
            Note(rows[last]);
        }
        _userMetrics.NoteInserts(series.MetricId, rows[first].StartAt, rows[last].StartAt, ends!.Value);
        return (rows[first].StartAt, rows[last].StartAt);

        void Note(in Sample row)
        {
            var one = MetricEnds.Of(MetricEnd.Of(series.Grain, row));
            ends = ends is { } noted ? noted.With(one) : one;
        }
    }

    static IEnumerable<Instant> ListStarts(ReadOnlyMemory<Sample> rows, ReadOnlyMemory<RowChange> changes)
    {
        for (var i = 0; i < rows.Length; i++)
            if (changes.Span[i] == RowChange.Insert) yield return rows.Span[i].StartAt;
    }

    static (int Inserts, int Updates, int Touches) Count(ReadOnlySpan<RowChange> changes) => (
        changes.Count(RowChange.Insert), changes.Count(RowChange.Update), changes.Count(RowChange.Touch));
}
