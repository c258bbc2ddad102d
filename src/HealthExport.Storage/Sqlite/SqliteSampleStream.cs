using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// The rows of one series in the order of <see cref="SampleOrder"/>, forwards or backwards, read as they are asked for.
/// The table is in the order of keys: from day on that is by date, whatever the offset, and sources of one start are by
/// number. So rows wait until nothing that comes can go before them.
/// </summary>
sealed class SqliteSampleStream : IDisposable
{
    readonly SqliteSources _sources;
    readonly Grain _grain;
    readonly TimeSpanBounds _span;
    readonly SampleOrder.Position? _after;
    readonly SampleOrder _order;
    readonly bool _descending;
    readonly SqliteStatement _rows;
    readonly PriorityQueue<SampleRow, SampleOrder.Position> _waiting;
    SampleRow _next;
    bool _hasNext;

    /// <param name="source">The number of the only source wanted; null for all.</param>
    /// <param name="after">Rows up to and including this place are passed over.</param>
    public SqliteSampleStream(
        SqliteSession session, SqliteSources sources, long userId, Series series, TimeSpanBounds span, long? source,
        bool descending, SampleOrder.Position? after)
    {
        _sources = sources;
        _grain = series.Grain;
        _span = span;
        _after = after;
        _descending = descending;
        _order = new(descending);
        _waiting = new(_order);
        var (from, to) = KeyRange();
        _rows = session.Prepare(Sql(series.Grain, descending, source is not null));
        _rows.Bind(1, userId).Bind(2, series.MetricId).Bind(3, from).Bind(4, to);
        if (source is { } only) _rows.Bind(5, only);
        _hasNext = true;
        ReadNext();
    }

    public SampleRow Current { get; private set; }

    public bool MoveNext()
    {
        while (true)
        {
            if (_waiting.TryPeek(out _, out var first) && (!_hasNext || MustComeBefore(first, _next)))
            {
                Current = _waiting.Dequeue();
                return true;
            }
            if (!_hasNext) return false;
            var row = _next;
            ReadNext();
            var place = SampleOrder.Position.Of(row);
            if (_waiting.Count == 0 && (!_hasNext || MustComeBefore(place, _next)))
            {
                Current = row;
                return true;
            }
            _waiting.Enqueue(row, place);
        }
    }

    public void Dispose() => _rows.Dispose();

    // Whether neither the row read next nor any after it can go before the place.
    bool MustComeBefore(SampleOrder.Position place, in SampleRow next)
    {
        var reach = _grain >= Grain.Day ? TimeSpanBounds.OffsetReach : 0;
        var key = next.Row.StartAt.Microseconds;
        return _descending ? key + reach < place.Instant : key - reach > place.Instant;
    }

    void ReadNext()
    {
        while (_hasNext && (_hasNext = _rows.Step()))
        {
            SqliteSampleRow.Read(_rows, _sources, out var sample);
            _next = new(_grain, sample, SqliteSampleRow.GetPush(_rows));
            if (IsWithin(_next)
                && (_after is not { } after || _order.Compare(SampleOrder.Position.Of(_next), after) > 0))
                return;
        }
    }

    bool IsWithin(in SampleRow row)
    {
        if (_span.From is { } from && row.StartInstant < from) return false;
        if (_span.To is { } to && row.StartInstant >= to) return false;
        if (_span.FromDate is not null || _span.ToDate is not null)
        {
            var date = row.LocalDate;
            if (date < _span.FromDate || date >= _span.ToDate) return false;
        }
        return true;
    }

    // The keys [from, to] outside of which no row can be within the span, nor after the place to go on from.
    (long From, long To) KeyRange()
    {
        var (from, to) = (long.MinValue, long.MaxValue);
        if (_span.From is { } first) from = Math.Max(from, first.Microseconds - TimeSpanBounds.OffsetReach);
        if (_span.FromDate is { } firstDate)
            from = Math.Max(from, Instant.From(firstDate).Microseconds - TimeSpanBounds.OffsetReach);
        if (_span.To is { } last) to = Math.Min(to, last.Microseconds + TimeSpanBounds.OffsetReach);
        if (_span.ToDate is { } lastDate)
            to = Math.Min(to, Instant.From(lastDate).Microseconds + TimeSpanBounds.OffsetReach);
        var reach = _grain >= Grain.Day ? TimeSpanBounds.OffsetReach : 0;
        if (_after is { } after && _descending) to = Math.Min(to, after.Instant + reach);
        else if (_after is { } before) from = Math.Max(from, before.Instant - reach);
        return (from, to);
    }

    // The grain is part of the text, so that the streams of several can be open side by side.
    static string Sql(Grain grain, bool descending, bool ofOneSource)
    {
        var direction = descending ? "desc" : "asc";
        var source = !ofOneSource ? "" : grain == Grain.Sample ? "and source_id = ?5" : "and reported_source_id = ?5";
        return $"""
            select {SqliteSampleRow.Columns}
            from samples
            where user_id = ?1 and metric_id = ?2 and grain = {(int)grain} and start_at between ?3 and ?4 {source}
            order by start_at {direction}, source_id {direction}
            """;
    }
}
