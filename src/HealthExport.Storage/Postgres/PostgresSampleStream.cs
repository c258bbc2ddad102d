using HealthExport.Samples;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// The rows of one series in the order of <see cref="SampleOrder"/>, forwards or backwards, a chunk at a time, so that
/// several streams share a connection. A chunk is sought in a window of time that should hold it, as evenly as the
/// metric's rows lie, and that grows while it finds little: few partitions are touched however long the span, and the
/// number of statements does not grow with the chunk. The table is in the order of keys: from day on that is by date,
/// whatever the offset, and sources of one start are by number. So rows wait until nothing that comes can go before
/// them.
/// </summary>
sealed class PostgresSampleStream
{
    const long NarrowestWindow = 40 * Instant.PerDay;
    const long WidestGrowth = 730 * Instant.PerDay;

    readonly NpgsqlConnection _connection;
    readonly PostgresSources _sources;
    readonly long _userId;
    readonly Series _series;
    readonly TimeSpanBounds _span;
    readonly int? _source;
    readonly bool _descending;
    readonly SampleOrder.Position? _after;
    readonly int _chunkSize;
    readonly SampleOrder _order;
    readonly PriorityQueue<SampleRow, SampleOrder.Position> _waiting;
    readonly List<(SampleRow Row, int Source)> _chunk = [];

    // What is still to be read, by key; and the row after which the next chunk begins, in the window at hand.
    long _from;
    long _to;
    long _width;
    (Instant Start, int Source)? _lastRead;

    int _at;
    SampleRow _next;
    bool _hasNext = true;
    bool _isStarted;

    /// <param name="keys">Outside of which the metric has no key.</param>
    /// <param name="count">How many rows the metric has, whatever their grain.</param>
    /// <param name="source">The number of the only source wanted; null for all.</param>
    /// <param name="after">Rows up to and including this place are passed over.</param>
    /// <param name="chunkSize">Rows a statement.</param>
    public PostgresSampleStream(
        NpgsqlConnection connection, PostgresSources sources, long userId, Series series,
        (Instant First, Instant Last) keys, long count, TimeSpanBounds span, int? source, bool descending,
        SampleOrder.Position? after, int chunkSize)
    {
        _connection = connection;
        _sources = sources;
        _userId = userId;
        _series = series;
        _span = span;
        _source = source;
        _descending = descending;
        _after = after;
        _chunkSize = chunkSize;
        _order = new(descending);
        _waiting = new(_order);
        (_from, _to) = KeyRange(keys);
        _width = WidthFor(keys, count, chunkSize);
    }

    public SampleRow Current { get; private set; }

    public async ValueTask<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        if (!_isStarted)
        {
            _isStarted = true;
            await ReadNextAsync(cancellationToken);
        }
        while (true)
        {
            if (_waiting.TryPeek(out _, out var first) && (!_hasNext || MustComeBefore(first, _next)))
            {
                Current = _waiting.Dequeue();
                return true;
            }
            if (!_hasNext) return false;
            var row = _next;
            if (!TryReadNext()) await ReadNextAsync(cancellationToken);
            var place = SampleOrder.Position.Of(row);
            if (_waiting.Count == 0 && (!_hasNext || MustComeBefore(place, _next)))
            {
                Current = row;
                return true;
            }
            _waiting.Enqueue(row, place);
        }
    }

    // Whether neither the row read next nor any after it can go before the place.
    bool MustComeBefore(SampleOrder.Position place, in SampleRow next)
    {
        var reach = _series.Grain >= Grain.Day ? TimeSpanBounds.OffsetReach : 0;
        var key = next.Row.StartAt.Microseconds;
        return _descending ? key + reach < place.Instant : key - reach > place.Instant;
    }

    // False at the end of the chunk.
    bool TryReadNext()
    {
        while (_at < _chunk.Count)
        {
            _next = _chunk[_at++].Row;
            if (_after is not { } after || _order.Compare(SampleOrder.Position.Of(_next), after) > 0) return true;
        }
        return false;
    }

    async ValueTask ReadNextAsync(CancellationToken cancellationToken)
    {
        while (!TryReadNext())
        {
            if (_from > _to)
            {
                _hasNext = false;
                return;
            }
            await ReadChunkAsync(cancellationToken);
        }
    }

    async ValueTask ReadChunkAsync(CancellationToken cancellationToken)
    {
        _chunk.Clear();
        _at = 0;
        var (from, to) = _descending
            ? (Math.Max(_from, _to - _width), _to)
            : (_from, Math.Min(_to, _from + _width));
        var direction = _descending ? "desc" : "asc";
        await using (var list = new NpgsqlCommand { Connection = _connection })
        {
            list.Parameters.Bind(_userId).Bind(_series.MetricId).Bind((short)_series.Grain)
                .Bind(new Instant(from)).Bind(new Instant(to));
            list.CommandText =
                $"""
                select {PostgresSampleRow.Columns}
                from samples
                where user_id = $1 and metric_id = $2 and grain = $3 and start_at between $4 and $5
                    {ListConditions(list.Parameters)}
                order by start_at {direction}, source_id {direction}
                limit {_chunkSize}
                """;
            await using var row = await list.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken)) Take(row);
        }
        if (_chunk.Count == _chunkSize)
        {
            // There may be more in this window, from the last row on.
            var last = _chunk[^1].Row.Row.StartAt;
            if (_descending) _to = last.Microseconds;
            else _from = last.Microseconds;
        }
        else
        {
            _lastRead = null;
            if (_descending) _to = from - 1;
            else _from = to + 1;
            _width = Math.Max(_width, Math.Min(WidestGrowth, _width * 4));
        }
        await NameSourcesAsync(cancellationToken);
    }

    // Half as wide again as the rows would take if they lay evenly.
    static long WidthFor((Instant First, Instant Last) keys, long count, int chunkSize)
    {
        var whole = keys.Last.Microseconds - keys.First.Microseconds;
        return count <= chunkSize ? whole : Math.Max(NarrowestWindow, (long)(whole * 1.5 * chunkSize / count));
    }

    // Beside the range of keys: what only the server can pass over without sending it. Within a reach of an end, the
    // offset decides; in a dense series that is a thousand rows.
    string ListConditions(NpgsqlParameterCollection values)
    {
        var isDated = _series.Grain >= Grain.Day;
        var local = isDated ? "start_at" : "start_at + utc_offset * interval '1 minute'";
        var instant = isDated ? "start_at - utc_offset * interval '1 minute'" : "start_at";
        List<string> conditions = [];
        if (_lastRead is var (start, source))
        {
            values.Bind(start).Bind(source);
            conditions.Add($"(start_at, source_id) {(_descending ? '<' : '>')} (${values.Count - 1}, ${values.Count})");
        }
        if (_source is { } only)
        {
            values.Bind(only);
            conditions.Add($"{(_series.KeyHasSource ? "source_id" : "reported_source_id")} = ${values.Count}");
        }
        if (_span.From is { } from) Add($"{instant} >=", from);
        if (_span.To is { } to) Add($"{instant} <", to);
        if (_span.FromDate is { } fromDate) Add($"{local} >=", Instant.From(fromDate));
        if (_span.ToDate is { } toDate) Add($"{local} <", Instant.From(toDate));
        return string.Concat(conditions.Select(condition => $"and {condition} "));

        void Add(string compared, Instant with)
        {
            values.Bind(with);
            conditions.Add($"{compared} ${values.Count}");
        }
    }

    void Take(NpgsqlDataReader row)
    {
        var start = PostgresSampleRow.GetStart(row);
        PostgresSampleRow.Read(row, start, out var sample);
        _lastRead = (start, PostgresSampleRow.GetSource(row));
        _chunk.Add((
            new(_series.Grain, sample, PostgresSampleRow.GetPush(row)), PostgresSampleRow.GetEffectiveSource(row)));
    }

    async ValueTask NameSourcesAsync(CancellationToken cancellationToken)
    {
        _sources.Trim();
        await _sources.LookUpAsync(_chunk.Select(one => one.Source), cancellationToken);
        for (var i = 0; i < _chunk.Count; i++)
        {
            var (row, source) = _chunk[i];
            var sample = row.Row;
            sample.Source = _sources.GetText(source);
            _chunk[i] = (row with { Row = sample }, source);
        }
    }

    // The keys [from, to] outside of which no row can be within the span, nor after the place to go on from. Below the
    // day, keys are instants.
    (long From, long To) KeyRange((Instant First, Instant Last) keys)
    {
        const long Reach = TimeSpanBounds.OffsetReach;
        var reach = _series.Grain >= Grain.Day ? Reach : 0;
        var (from, to) = (keys.First.Microseconds, keys.Last.Microseconds);
        if (_span.From is { } first) from = Math.Max(from, first.Microseconds - reach);
        if (_span.FromDate is { } firstDate) from = Math.Max(from, Instant.From(firstDate).Microseconds - Reach);
        if (_span.To is { } last) to = Math.Min(to, last.Microseconds - (reach == 0 ? 1 : -reach));
        if (_span.ToDate is { } lastDate) to = Math.Min(to, Instant.From(lastDate).Microseconds + Reach);
        if (_after is { } after && _descending) to = Math.Min(to, after.Instant + reach);
        else if (_after is { } before) from = Math.Max(from, before.Instant - reach);
        return (from, to);
    }
}
