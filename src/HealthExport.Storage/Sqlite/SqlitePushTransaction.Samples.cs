using System.Runtime.CompilerServices;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqlitePushTransaction
{
    // Over so many stored rows that nobody asked for, seeking is cheaper than stepping.
    const int MostSteps = 16;

    SqliteSampleInsert? _insertOne;
    SqliteSampleInsert? _insertMany;
    readonly HashSet<Series> _writtenSeries = [];

    /// <remarks>
    /// One cursor leaps from wanted key to wanted key, so that the cost is that of the keys, whatever is stored, and of
    /// one seek where nothing is stored from the first key on.
    /// </remarks>
    public ValueTask FindAsync(
        Series series, ReadOnlyMemory<Sample> rows, Memory<StoredSample> found, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        found.Span[..rows.Length].Clear();
        if (rows.IsEmpty) return ValueTask.CompletedTask;
        FindStored(series, rows.Span, found.Span);
        if (LaterIsApplied) FindRemoved(series, rows.Span, found.Span);
        return ValueTask.CompletedTask;
    }

    public ValueTask<long> FindLastFinerPushAsync(Series series, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var find = _session.Prepare(
            """
            select coalesce(max(ingestion), 0)
            from series_pushes
            where user_id = ?1 and metric_id = ?2 and grain < ?3
            """);
        find.Bind(1, User).Bind(2, series.MetricId).Bind(3, (long)series.Grain).Step();
        return new(find.GetInt64(0));
    }

    public ValueTask<IReadOnlyList<LocalHour>> ListLocalHoursAsync(
        int metricId, Instant first, Instant last, short but, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var list = _session.Prepare(
            $"""
            select wall - (wall % {Instant.PerHour} + {Instant.PerHour}) % {Instant.PerHour}, utc_offset, sum(value),
                count(value)
            from (
                select start_at + utc_offset * {Instant.PerMinute} as wall, utc_offset, value, grain
                from samples
                where user_id = ?1 and metric_id = ?2 and grain in (0, 1, 2) and start_at between ?3 and ?4
                    and utc_offset <> ?5)
            group by 1, utc_offset, grain
            """);
        list.Bind(1, User).Bind(2, metricId).Bind(3, first).Bind(4, last).Bind(5, (long)but);
        List<LocalHour> hours = [];
        while (list.Step())
            hours.Add(new(
                list.GetInstant(0), (short)list.GetInt64(1), list.FindDouble(2) ?? double.NaN, list.GetInt64(3)));
        return new(hours);
    }

    public ValueTask WriteAsync(
        Series series, ReadOnlyMemory<Sample> rows, ReadOnlyMemory<RowChange> changes,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var samples = rows.Span;
        var what = changes.Span;
        var changed = false;
        for (var i = 0; i < samples.Length; i++)
        {
            ref readonly var row = ref samples[i];
            switch (what[i])
            {
                case RowChange.Insert:
                    i += Insert(series, samples[i..], what[i..]) - 1;
                    changed = true;
                    break;
                case RowChange.Update:
                    Update(series, row);
                    changed = true;
                    break;
                case RowChange.Touch:
                    Touch(series, row);
                    break;
            }
        }
        if (changed) _userMetrics.Touch(series);
        _writtenSeries.Add(series);
        return ValueTask.CompletedTask;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void FindStored(Series series, ReadOnlySpan<Sample> rows, Span<StoredSample> found)
    {
        using var cursor = _session.Prepare(
            $"""
            select {SqliteSampleRow.Columns}
            from samples
            where user_id = ?1 and metric_id = ?2 and grain = ?3 and start_at >= ?4
            order by start_at, source_id
            """);
        cursor.Bind(1, User).Bind(2, series.MetricId).Bind(3, (long)series.Grain);
        var isOnRow = cursor.Bind(4, rows[0].StartAt.Microseconds).Step();
        var patience = MostSteps;
        for (var i = 0; isOnRow && i < rows.Length;)
        {
            var start = rows[i].StartAt.Microseconds;
            var steps = 0;
            for (; isOnRow && SqliteSampleRow.GetStart(cursor) < start; steps++)
            {
                if (steps == patience)
                {
                    cursor.Reset();
                    cursor.Bind(4, start);
                }
                isOnRow = cursor.Step();
            }
            // After one wide gap the next is thought to be wide, until one is not.
            patience = steps > patience ? 1 : MostSteps;
            if (!isOnRow) return;

            var end = i + 1;
            while (end < rows.Length && rows[end].StartAt.Microseconds == start) end++;
            if (SqliteSampleRow.GetStart(cursor) == start)
                isOnRow = MatchOneStart(series, cursor, rows[i..end], found[i..end]);
            i = end;
        }
    }

    // The table has the rows of one start in the order of the sources' numbers, the caller in that of their texts.
    bool MatchOneStart(
        Series series, SqliteStatement cursor, ReadOnlySpan<Sample> wanted, Span<StoredSample> found)
    {
        var start = wanted[0].StartAt.Microseconds;
        Span<long> sources = stackalloc long[MostSteps];
        if (wanted.Length <= MostSteps)
        {
            for (var i = 0; i < wanted.Length; i++) sources[i] = KeySource(series, wanted[i]) ?? -1;
            var missing = wanted.Length;
            for (var steps = 0; steps < MostSteps; steps++)
            {
                var match = sources[..wanted.Length].IndexOf(SqliteSampleRow.GetSource(cursor));
                if (match >= 0)
                {
                    Read(cursor, ref found[match]);
                    missing--;
                }
                var isOnRow = cursor.Step();
                if (missing == 0 || !isOnRow || SqliteSampleRow.GetStart(cursor) != start) return isOnRow;
            }
        }
        // Many sources at one start: key by key.
        for (var i = 0; i < wanted.Length; i++)
            if (!found[i].Exists && KeySource(series, wanted[i]) is { } source)
                FindOne(series, start, source, ref found[i]);
        return true;
    }

    void FindOne(Series series, long start, long source, ref StoredSample found)
    {
        using var find = _session.Prepare(
            $"""
            select {SqliteSampleRow.Columns}
            from samples
            where user_id = ?1 and metric_id = ?2 and grain = ?3 and start_at = ?4 and source_id = ?5
            """);
        BindKey(find, 1, series, start, source);
        if (find.Step()) Read(find, ref found);
    }

    void Read(SqliteStatement row, ref StoredSample found)
    {
        SqliteSampleRow.Read(row, _sources, out found.Row);
        found.Push = SqliteSampleRow.GetPush(row);
        found.Exists = true;
    }

    /// <summary>Inserts the rows from the first on that are to be inserted: ten at once where there are as many.</summary>
    /// <returns>How many were.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    int Insert(Series series, ReadOnlySpan<Sample> rows, ReadOnlySpan<RowChange> changes)
    {
        const int many = SqliteSampleInsert.ManyRows;
        var count = rows.Length >= many && !changes[..many].ContainsAnyExcept(RowChange.Insert) ? many : 1;
        var insert = count == many
            ? _insertMany ??= new(_session, User, many)
            : _insertOne ??= new(_session, User, 1);
        insert.BindNumber(RowNumber);
        for (var i = 0; i < count; i++)
        {
            var source = _sources.GetOrAdd(rows[i].Source);
            insert.Bind(i, series, rows[i], series.KeyHasSource ? source : 0, series.KeyHasSource ? 0 : source);
            _userMetrics.Count(series.MetricId, source, 1);
        }
        insert.Run();
        return count;
    }

    void Update(Series series, in Sample row)
    {
        var source = _sources.GetOrAdd(row.Source);
        var keySource = series.KeyHasSource ? source : 0;
        if (!series.KeyHasSource && ReadReportedSource(series, row) is var before && before != source)
        {
            _userMetrics.Count(series.MetricId, before, -1);
            _userMetrics.Count(series.MetricId, source, 1);
        }
        // The first offset of a row is kept.
        using var update = _session.Prepare(
            """
            update samples
            set end_at = ?6, value = ?7, min = ?8, max = ?9, reported_source_id = ?10, sent_unit = ?11, extra = ?12,
                ingestion = ?13, may_not_shrink = ?14
            where user_id = ?1 and metric_id = ?2 and grain = ?3 and start_at = ?4 and source_id = ?5
            """);
        BindKey(update, 1, series, row.StartAt.Microseconds, keySource)
            .Bind(6, row.EndAt).Bind(7, row.Value).Bind(8, row.Min).Bind(9, row.Max)
            .Bind(10, series.KeyHasSource || source == 0 ? null : source)
            .Bind(11, row.SentUnit).Bind(12, row.Extra).Bind(13, RowNumber).Bind(14, row.MayNotShrink ? 1L : null);
        MustChangeOne(update.Run());
    }

    void Touch(Series series, in Sample row)
    {
        using var touch = _session.Prepare(
            """
            update samples
            set ingestion = ?6
            where user_id = ?1 and metric_id = ?2 and grain = ?3 and start_at = ?4 and source_id = ?5
            """);
        BindKey(touch, 1, series, row.StartAt.Microseconds, KeySource(series, row) ?? -1).Bind(6, RowNumber);
        MustChangeOne(touch.Run());
    }

    long ReadReportedSource(Series series, in Sample row)
    {
        using var find = _session.Prepare(
            """
            select reported_source_id
            from samples
            where user_id = ?1 and metric_id = ?2 and grain = ?3 and start_at = ?4 and source_id = ?5
            """);
        return BindKey(find, 1, series, row.StartAt.Microseconds, 0).Step() ? find.GetInt64(0) : 0;
    }

    // Null when the user has no such source, and so no such row.
    long? KeySource(Series series, in Sample row) => series.KeyHasSource ? _sources.Find(row.Source) : 0;

    SqliteStatement BindKey(SqliteStatement statement, int first, Series series, long start, long source) => statement
        .Bind(first, User)
        .Bind(first + 1, series.MetricId)
        .Bind(first + 2, (long)series.Grain)
        .Bind(first + 3, start)
        .Bind(first + 4, source);

    void SaveSeriesPushes()
    {
        using var save = _session.Prepare(
            """
            insert into series_pushes (user_id, metric_id, grain, ingestion)
            values (?1, ?2, ?3, ?4)
            on conflict (user_id, metric_id, grain) do update
            set ingestion = max(ingestion, excluded.ingestion)
            """);
        foreach (var series in _writtenSeries)
            save.Bind(1, User).Bind(2, series.MetricId).Bind(3, (long)series.Grain).Bind(4, Push).Run();
        _writtenSeries.Clear();
    }

    void CloseSampleStatements()
    {
        _insertOne?.Dispose();
        _insertMany?.Dispose();
        _insertOne = _insertMany = null;
    }

    static void MustChangeOne(int rows)
    {
        if (rows != 1) throw new InvalidOperationException($"{rows} rows were changed where one was to be.");
    }
}
