using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// Keeps one user's <c>user_metrics</c> and <c>user_metric_sources</c> true to the rows within one transaction: counts
/// by what was added and taken away, ends by looking at the first and last row of each grain.
/// </summary>
sealed class SqliteUserMetrics(SqliteSession session, long userId)
{
    // More than any person has; beyond it, counts go to the table before the end.
    const int MostCounts = 8_192;

    static readonly Grain[] EveryGrain = Enum.GetValues<Grain>();

    // By metric and source (0 for none): before the savepoint, and since.
    readonly Dictionary<(int Metric, long Source), long> _before = [];
    readonly Dictionary<(int Metric, long Source), long> _since = [];

    // By metric: what was taken out of _before already.
    readonly Dictionary<int, long> _written = [];

    // Bits of the grains touched. More than were need not be taken back: they are looked at again.
    readonly Dictionary<int, int> _touched = [];

    // The run at hand: neighbours nearly always share metric and source.
    (int Metric, long Source) _run = (-1, 0);
    long _runCount;

    /// <summary>Notes that rows of a series changed, without a change of their number.</summary>
    public void Touch(Series series)
    {
        _touched.TryGetValue(series.MetricId, out var grains);
        _touched[series.MetricId] = grains | 1 << (int)series.Grain;
    }

    /// <summary>Notes that there are more rows of a source, or fewer. Goes with a <see cref="Touch"/>.</summary>
    public void Count(int metricId, long source, long more)
    {
        if (_run != (metricId, source))
        {
            EndRun();
            _run = (metricId, source);
        }
        _runCount += more;
    }

    /// <summary>To be called before the savepoint is set: it may write.</summary>
    public void SetSavepoint()
    {
        EndRun();
        foreach (var (key, more) in _since) Add(_before, key, more);
        _since.Clear();
        if (_before.Count > MostCounts) SaveSources();
    }

    public void RollBackToSavepoint()
    {
        EndRun();
        _since.Clear();
    }

    /// <summary>Writes what became of the metrics touched.</summary>
    public void Save()
    {
        SetSavepoint();
        SaveSources();
        foreach (var (metric, grains) in _touched) SaveMetric(metric, _written.GetValueOrDefault(metric), grains);
        _written.Clear();
        _touched.Clear();
    }

    void SaveSources()
    {
        foreach (var ((metric, source), more) in _before)
        {
            _written[metric] = _written.GetValueOrDefault(metric) + more;
            if (source != 0 && more != 0) SaveSource(metric, source, more);
        }
        _before.Clear();
    }

    void SaveSource(int metric, long source, long more)
    {
        using var change = session.Prepare(
            """
            insert into user_metric_sources (user_id, metric_id, source_id, count)
            values (?1, ?2, ?3, ?4)
            on conflict (user_id, metric_id, source_id) do update
            set count = count + excluded.count
            """);
        change.Bind(1, userId).Bind(2, metric).Bind(3, source).Bind(4, more).Run();
        if (more > 0) return;
        using var tidy = session.Prepare(
            """
            delete from user_metric_sources
            where user_id = ?1 and metric_id = ?2 and source_id = ?3 and count <= 0
            """);
        tidy.Bind(1, userId).Bind(2, metric).Bind(3, source).Run();
    }

    void SaveMetric(int metric, long more, int touched)
    {
        var (count, grains) = Find(metric);
        count += more;
        if (count <= 0)
        {
            using var delete = session.Prepare(
                """
                delete from user_metrics
                where user_id = ?1 and metric_id = ?2
                """);
            delete.Bind(1, userId).Bind(2, metric).Run();
            return;
        }

        var (first, last) = (new End(long.MaxValue, 0, null), new End(long.MinValue, 0, null));
        var found = 0;
        foreach (var grain in EveryGrain)
        {
            if (((grains | touched) & 1 << (int)grain) == 0) continue;
            if (FindFirst(metric, grain) is not { } start) continue;
            found |= 1 << (int)grain;
            var end = FindLast(metric, grain)!.Value;
            // The finer grain comes first and wins a tie.
            if (start.At < first.At) first = start;
            if (end.At > last.At) last = end;
        }

        using var save = session.Prepare(
            """
            insert into user_metrics (
                user_id, metric_id, count, first_at, first_offset, last_at, last_offset, latest_value, grains)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            on conflict (user_id, metric_id) do update
            set count = excluded.count, first_at = excluded.first_at, first_offset = excluded.first_offset,
                last_at = excluded.last_at, last_offset = excluded.last_offset,
                latest_value = excluded.latest_value, grains = excluded.grains
            """);
        save.Bind(1, userId).Bind(2, metric).Bind(3, count)
            .Bind(4, first.At).Bind(5, first.Offset)
            .Bind(6, last.At).Bind(7, last.Offset).Bind(8, last.Value)
            .Bind(9, found).Run();
    }

    (long Count, int Grains) Find(int metric)
    {
        using var find = session.Prepare(
            """
            select count, grains
            from user_metrics
            where user_id = ?1 and metric_id = ?2
            """);
        return find.Bind(1, userId).Bind(2, metric).Step() ? (find.GetInt64(0), find.GetInt32(1)) : (0, 0);
    }

    // Of several sources at one instant: by what the rows say, because the numbers of sources tell who came first.
    End? FindFirst(int metric, Grain grain)
    {
        using var find = session.Prepare(
            """
            select start_at, utc_offset, value
            from samples
            where user_id = ?1 and metric_id = ?2 and grain = ?3
            order by start_at, utc_offset
            limit 2
            """);
        return Find(find, metric, grain, isFirst: true);
    }

    End? FindLast(int metric, Grain grain)
    {
        using var find = session.Prepare(
            """
            select start_at, utc_offset, value
            from samples
            where user_id = ?1 and metric_id = ?2 and grain = ?3
            order by start_at desc, utc_offset desc, value desc nulls last
            limit 2
            """);
        return Find(find, metric, grain, isFirst: false);
    }

    // From day on, rows lie in the order of their dates; offsets differ by up to 26 hours, so that of two neighbouring
    // days the later date may begin the earlier. Never of three.
    End? Find(SqliteStatement find, int metric, Grain grain, bool isFirst)
    {
        find.Bind(1, userId).Bind(2, metric).Bind(3, (long)grain);
        End? outermost = null;
        while (find.Step())
        {
            var offset = find.GetInt32(1);
            var at = find.GetInt64(0) - (grain >= Grain.Day ? offset * Instant.PerMinute : 0);
            if (outermost is not { } known || (isFirst ? at < known.At : at > known.At))
                outermost = new(at, offset, find.FindDouble(2));
            if (grain < Grain.Day) break;
        }
        return outermost;
    }

    void EndRun()
    {
        if (_runCount != 0) Add(_since, _run, _runCount);
        _runCount = 0;
    }

    static void Add(Dictionary<(int, long), long> counts, (int, long) key, long more) =>
        counts[key] = counts.GetValueOrDefault(key) + more;

    readonly record struct End(long At, int Offset, double? Value);
}
