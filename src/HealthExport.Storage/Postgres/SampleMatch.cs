using HealthExport.Samples;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// Puts stored rows, ascending by start, into the places of the wanted keys. Sources are compared by number: the table
/// has the rows of one start in another order than their texts have.
/// </summary>
sealed class SampleMatch(
    Series series, ReadOnlyMemory<Sample> wanted, Memory<StoredSample> found, PostgresSources sources)
{
    // The first wanted row that starts at or after the stored row before.
    int _at;
    Instant _last = Instant.None;

    // Rows of a source that is not remembered: their places.
    List<(int At, int Source)>? _unnamed;

    public Series Series => series;

    public ReadOnlyMemory<Sample> Wanted => wanted;

    /// <summary>Nothing else is stored between the first key and the last.</summary>
    public bool IsAtEnd { get; private set; }

    public void TakeEnd() => IsAtEnd = true;

    public void Take(NpgsqlDataReader row)
    {
        var start = PostgresSampleRow.GetStart(row);
        _last = start;
        var keys = wanted.Span;
        while (_at < keys.Length && keys[_at].StartAt < start) _at++;
        if (_at == keys.Length || keys[_at].StartAt != start) return;
        var keySource = PostgresSampleRow.GetSource(row);
        for (var i = _at; i < keys.Length && keys[i].StartAt == start; i++)
        {
            if ((series.KeyHasSource ? sources.Find(keys[i].Source) : 0) != keySource) continue;
            ref var one = ref found.Span[i];
            PostgresSampleRow.Read(row, start, out one.Row);
            one.Push = PostgresSampleRow.GetPush(row);
            one.Exists = true;
            if (series.KeyHasSource) one.Row.Source = keys[i].Source;
            else NameSource(PostgresSampleRow.GetEffectiveSource(row), i, ref one);
            return;
        }
    }

    /// <summary>The keys that start where the last stored row taken did, or later, and are not found.</summary>
    public (List<Instant> Starts, List<int> Sources) ListRest()
    {
        List<Instant> starts = [];
        List<int> ids = [];
        var keys = wanted.Span;
        for (var i = _at; i < keys.Length; i++)
        {
            if (keys[i].StartAt < _last || found.Span[i].Exists) continue;
            if ((series.KeyHasSource ? sources.Find(keys[i].Source) : 0) is not { } source) continue;
            starts.Add(keys[i].StartAt);
            ids.Add(source);
        }
        return (starts, ids);
    }

    /// <summary>Looks up the sources that were not remembered.</summary>
    public async ValueTask NameSourcesAsync(CancellationToken cancellationToken)
    {
        if (_unnamed is null) return;
        await sources.LookUpAsync(_unnamed.Select(one => one.Source), cancellationToken);
        foreach (var (at, source) in _unnamed) found.Span[at].Row.Source = sources.GetText(source);
    }

    void NameSource(int source, int at, ref StoredSample one)
    {
        if (sources.IsKnown(source)) one.Row.Source = sources.GetText(source);
        else (_unnamed ??= []).Add((at, source));
    }
}
