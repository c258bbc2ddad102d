using System.Runtime.CompilerServices;
using HealthExport.Samples;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// Inserts samples, some at a time. Bound values outlast a run of the statement, so that only what differs from the row
/// before in the same place is bound.
/// </summary>
sealed class SqliteSampleInsert : IDisposable
{
    /// <summary>
    /// A statement has its price, ten rows share it: a million cost 0.61 s instead of 0.74 s. More gain nothing.
    /// </summary>
    public const int ManyRows = 10;

    const int Columns = 15;

    /// <summary>What is bound in one row's place.</summary>
    struct Bound
    {
        public Series Series;
        public bool HasEnd;
        public bool HasMin;
        public bool HasMax;
        public bool MayNotShrink;
        public long Offset;
        public long KeySource;
        public long ReportedSource;
        public string? SentUnit;
        public string? Extra;
    }

    readonly SqliteStatement _insert;
    readonly Bound[] _bound;
    long _number = -1;

    /// <param name="rows">How many rows a run inserts.</param>
    public SqliteSampleInsert(SqliteSession session, long userId, int rows)
    {
        // Fail: a refused row needs no journal of the rows before it in the statement. They stay, and the caller rolls
        // back to its savepoint.
        _insert = session.Prepare(
            $"""
            insert or fail into samples (
                user_id, metric_id, grain, start_at, source_id, end_at, value, min, max, utc_offset,
                reported_source_id, sent_unit, extra, ingestion, may_not_shrink)
            values {string.Join(", ", Enumerable.Range(0, rows).Select(Parameters))}
            """);
        _bound = new Bound[rows];
        for (var place = 0; place < rows; place++)
        {
            _bound[place] = new() { Series = new(-1, Grain.Sample), Offset = long.MinValue, KeySource = -1 };
            _insert.Bind(place * Columns + 1, userId);
        }
    }

    /// <summary>Binds the number that the rows of the next runs bear.</summary>
    public void BindNumber(long number)
    {
        if (number == _number) return;
        for (var place = 0; place < _bound.Length; place++) _insert.Bind(place * Columns + 14, number);
        _number = number;
    }

    /// <summary>Binds one row of the next run; every place has to be bound.</summary>
    /// <param name="keySource">0 unless the key has a source.</param>
    /// <param name="reportedSource">0 if the key has a source.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Bind(int place, Series series, in Sample row, long keySource, long reportedSource)
    {
        ref var bound = ref _bound[place];
        var first = place * Columns;
        if (series != bound.Series)
        {
            _insert.Bind(first + 2, series.MetricId).Bind(first + 3, (long)series.Grain);
            bound.Series = series;
        }
        if (keySource != bound.KeySource) _insert.Bind(first + 5, bound.KeySource = keySource);
        if (row.OffsetMinutes != bound.Offset) _insert.Bind(first + 10, bound.Offset = row.OffsetMinutes);
        if (reportedSource != bound.ReportedSource)
        {
            bound.ReportedSource = reportedSource;
            _insert.Bind(first + 11, reportedSource == 0 ? null : reportedSource);
        }
        // Remembered after the bind: a text too long is refused, and must be again for the next row.
        if (!ReferenceEquals(row.SentUnit, bound.SentUnit))
        {
            _insert.Bind(first + 12, row.SentUnit);
            bound.SentUnit = row.SentUnit;
        }
        if (!ReferenceEquals(row.Extra, bound.Extra))
        {
            _insert.Bind(first + 13, row.Extra);
            bound.Extra = row.Extra;
        }
        if (row.MayNotShrink != bound.MayNotShrink)
        {
            bound.MayNotShrink = row.MayNotShrink;
            _insert.Bind(first + 15, row.MayNotShrink ? 1L : null);
        }

        _insert.Bind(first + 4, row.StartAt.Microseconds);
        if (!row.EndAt.IsNone || bound.HasEnd)
        {
            _insert.Bind(first + 6, row.EndAt);
            bound.HasEnd = !row.EndAt.IsNone;
        }
        // NaN binds as null.
        _insert.Bind(first + 7, row.Value);
        if (!double.IsNaN(row.Min) || bound.HasMin)
        {
            _insert.Bind(first + 8, row.Min);
            bound.HasMin = !double.IsNaN(row.Min);
        }
        if (!double.IsNaN(row.Max) || bound.HasMax)
        {
            _insert.Bind(first + 9, row.Max);
            bound.HasMax = !double.IsNaN(row.Max);
        }
    }

    /// <summary>Inserts the rows bound.</summary>
    public void Run() => _insert.Step();

    public void Dispose() => _insert.Dispose();

    static string Parameters(int place) =>
        $"({string.Join(", ", Enumerable.Range(place * Columns + 1, Columns).Select(parameter => $"?{parameter}"))})";
}
