using HealthExport.Samples;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// Keeps one user's <c>user_metrics</c> and <c>user_metric_sources</c> true to the rows within one transaction, which
/// holds the user's lock. What was added is known without a look; where an end row changed, or rows went away, the rows
/// are looked at, near the ends and in the partitions there. Not for concurrent use.
/// </summary>
sealed partial class PostgresUserMetrics(NpgsqlConnection connection, long userId)
{
    // More than any person has; beyond it, counts go to the table before the end.
    const int MostCounts = 8_192;

    // What the table says.
    readonly Dictionary<int, Known> _known = [];

    // By metric and source (0 for none): before the savepoint, and since.
    readonly Dictionary<(int Metric, int Source), long> _before = [];
    readonly Dictionary<(int Metric, int Source), long> _since = [];

    // By metric: what was taken out of _before already.
    readonly Dictionary<int, long> _written = [];

    // By metric, of what was inserted: before the savepoint, and since.
    readonly Dictionary<int, MetricEnds> _endsBefore = [];
    readonly Dictionary<int, MetricEnds> _endsSince = [];

    // By metric: keys that were written. More than were need not be taken back: a look too many is all it costs.
    readonly Dictionary<int, (Instant First, Instant Last)> _keys = [];
    readonly Dictionary<int, Instant> _lastUpdated = [];
    readonly HashSet<int> _removedFrom = [];

    // The run at hand: neighbours nearly always share metric and source.
    (int Metric, int Source) _run = (-1, 0);
    long _runCount;

    /// <summary>What the table says of a metric.</summary>
    public sealed record Known(
        long Count, Instant FirstAt, short FirstOffset, Instant LastAt, short LastOffset, double Latest, int Grains);

    /// <summary>The metrics that the table has.</summary>
    public IReadOnlyDictionary<int, Known> Listed => _known;

    /// <summary>Adds to a batch what <see cref="ReadLoadAsync"/> reads: one result.</summary>
    /// <param name="metricId">Null for all.</param>
    public void AddLoad(NpgsqlBatch batch, int? metricId = null)
    {
        var parameters = batch.Add(
            $"""
            select metric_id, count, first_at, first_offset, last_at, last_offset, latest_value, grains
            from user_metrics
            where user_id = $1{(metricId is null ? "" : " and metric_id = $2")}
            """).Bind(userId);
        if (metricId is { } only) parameters.Bind(only);
    }

    public async ValueTask ReadLoadAsync(NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        while (await row.ReadAsync(cancellationToken))
            _known.Add(
                row.GetInt32(0),
                new(
                    row.GetInt64(1), row.GetInstant(2), row.GetInt16(3), row.GetInstant(4), row.GetInt16(5),
                    row.IsDBNull(6) ? double.NaN : row.GetDouble(6), row.GetInt32(7)));
    }

    /// <summary>The keys outside of which the metric has no row; null if it has none at all.</summary>
    /// <param name="grain">Below the day, keys are instants and known exactly.</param>
    public (Instant First, Instant Last)? FindKeys(int metricId, Grain grain)
    {
        var isWritten = _keys.TryGetValue(metricId, out var written);
        if (!_known.TryGetValue(metricId, out var known)) return isWritten ? written : null;
        var reach = grain >= Grain.Day ? TimeSpanBounds.OffsetReach : 0;
        Instant first = new(known.FirstAt.Microseconds - reach);
        Instant last = new(known.LastAt.Microseconds + reach);
        return isWritten
            ? (written.First < first ? written.First : first, written.Last > last ? written.Last : last)
            : (first, last);
    }

    /// <summary>Notes what rows of a metric are inserted. Their number goes by <see cref="Count"/>.</summary>
    public void NoteInserts(int metricId, Instant firstKey, Instant lastKey, in MetricEnds ends)
    {
        NoteKey(metricId, firstKey);
        NoteKey(metricId, lastKey);
        _endsSince[metricId] = _endsSince.TryGetValue(metricId, out var noted) ? noted.With(ends) : ends;
    }

    /// <summary>Notes that a row is updated.</summary>
    public void NoteUpdate(Series series, Instant key)
    {
        if (!_lastUpdated.TryGetValue(series.MetricId, out var last) || key > last)
            _lastUpdated[series.MetricId] = key;
    }

    /// <summary>Notes that rows of a metric were removed. Their number goes by <see cref="Count"/>.</summary>
    public void NoteRemoval(int metricId) => _removedFrom.Add(metricId);

    /// <summary>Notes that there are more rows of a source, or fewer.</summary>
    public void Count(int metricId, int source, long more)
    {
        if (_run != (metricId, source))
        {
            EndRun();
            _run = (metricId, source);
        }
        _runCount += more;
    }

    /// <summary>There is so much to be remembered that it should be written.</summary>
    public bool MustSave => _before.Count + _since.Count > MostCounts;

    public void SetSavepoint() => Settle();

    public void RollBackToSavepoint()
    {
        EndRun();
        _since.Clear();
        _endsSince.Clear();
    }

    void Settle()
    {
        EndRun();
        foreach (var (key, more) in _since) Add(_before, key, more);
        _since.Clear();
        foreach (var (metric, ends) in _endsSince)
            _endsBefore[metric] = _endsBefore.TryGetValue(metric, out var noted) ? noted.With(ends) : ends;
        _endsSince.Clear();
    }

    void NoteKey(int metricId, Instant key)
    {
        if (!_keys.TryGetValue(metricId, out var keys)) _keys.Add(metricId, (key, key));
        else if (key < keys.First) _keys[metricId] = (key, keys.Last);
        else if (key > keys.Last) _keys[metricId] = (keys.First, key);
    }

    void EndRun()
    {
        if (_runCount != 0) Add(_since, _run, _runCount);
        _runCount = 0;
    }

    static void Add(Dictionary<(int, int), long> counts, (int, int) key, long more) =>
        counts[key] = counts.GetValueOrDefault(key) + more;
}
