using System.Runtime.CompilerServices;
using HealthExport.Samples;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// Inserts samples one after another. Bound values outlast a run of the statement, so that only what differs from the
/// row before is bound.
/// </summary>
sealed class SqliteSampleInsert : IDisposable
{
    readonly SqliteStatement _insert;
    Series _series;
    bool _hasEnd;
    bool _hasMin;
    bool _hasMax;
    long _offset = long.MinValue;
    long _keySource = -1;
    long _reportedSource;
    string? _sentUnit;
    string? _extra;
    bool _mayNotShrink;

    public SqliteSampleInsert(SqliteSession session, long userId, long push)
    {
        _insert = session.Prepare(
            """
            insert into samples (
                user_id, metric_id, grain, start_at, source_id, end_at, value, min, max, utc_offset,
                reported_source_id, sent_unit, extra, ingestion, may_not_shrink)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
            """);
        _insert.Bind(1, userId).Bind(14, push);
        _series = new(-1, Grain.Sample);
    }

    /// <param name="keySource">0 unless the key has a source.</param>
    /// <param name="reportedSource">0 if the key has a source.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(Series series, in Sample row, long keySource, long reportedSource)
    {
        if (series != _series)
        {
            _insert.Bind(2, series.MetricId).Bind(3, (long)series.Grain);
            _series = series;
        }
        if (keySource != _keySource) _insert.Bind(5, _keySource = keySource);
        if (row.OffsetMinutes != _offset) _insert.Bind(10, _offset = row.OffsetMinutes);
        if (reportedSource != _reportedSource)
        {
            _reportedSource = reportedSource;
            _insert.Bind(11, reportedSource == 0 ? null : reportedSource);
        }
        // Remembered after the bind: a text too long is refused, and must be again for the next row.
        if (!ReferenceEquals(row.SentUnit, _sentUnit))
        {
            _insert.Bind(12, row.SentUnit);
            _sentUnit = row.SentUnit;
        }
        if (!ReferenceEquals(row.Extra, _extra))
        {
            _insert.Bind(13, row.Extra);
            _extra = row.Extra;
        }

        if (row.MayNotShrink != _mayNotShrink)
        {
            _mayNotShrink = row.MayNotShrink;
            _insert.Bind(15, _mayNotShrink ? 1L : null);
        }

        _insert.Bind(4, row.StartAt.Microseconds);
        if (!row.EndAt.IsNone || _hasEnd)
        {
            _insert.Bind(6, row.EndAt);
            _hasEnd = !row.EndAt.IsNone;
        }
        // NaN binds as null.
        _insert.Bind(7, row.Value);
        if (!double.IsNaN(row.Min) || _hasMin)
        {
            _insert.Bind(8, row.Min);
            _hasMin = !double.IsNaN(row.Min);
        }
        if (!double.IsNaN(row.Max) || _hasMax)
        {
            _insert.Bind(9, row.Max);
            _hasMax = !double.IsNaN(row.Max);
        }
        _insert.Step();
    }

    public void Dispose() => _insert.Dispose();
}
