using HealthExport.Catalogue;
using HealthExport.Samples;

namespace HealthExport.Pushes;

sealed partial class PushMerge
{
    // Only those that there are: a hostile payload may name a million that are not taken.
    readonly Dictionary<Metric, int> _metricIds = [];

    // Why the metric of the run at hand is not taken: the store refused it, and not what there is of names.
    bool _isMetricRefused;

    /// <returns>Null for one that values cannot be kept under: <see cref="RejectAll"/> says why.</returns>
    async ValueTask<int?> FindOrAddAsync(Metric metric)
    {
        _isMetricRefused = false;
        if (_metricIds.TryGetValue(metric, out var known)) return known;
        var found = metric.IsKnown ? await transaction.FindOrAddMetricAsync(metric, cancellationToken)
            : metric.FindFault() is null ? await TryAddAsync(metric) : null;
        if (found is { } id) _metricIds.Add(metric, id);
        return found;
    }

    async ValueTask<int?> TryAddAsync(Metric metric)
    {
        await transaction.SetSavepointAsync(cancellationToken);
        try
        {
            return await transaction.FindOrAddMetricAsync(metric, cancellationToken);
        }
        catch (StoreRefusedException)
        {
            await transaction.RollBackToSavepointAsync(cancellationToken);
            _isMetricRefused = true;
            return null;
        }
    }

    void RejectAll(SampleRun run)
    {
        var array = run.Array;
        var fault = array.Metric.FindFault();
        foreach (ref readonly var row in run.Samples)
        {
            // An item of several rows is one.
            if (array.IsComposite && IsRejected(array, row)) continue;
            var item = AsItem(array, row);
            for (var one = 0; one <= row.FurtherItems; one++)
                _rejects.Add(fault is not null
                    ? new(
                        array.ItemType, row.ItemIndex, RejectCodes.UnreadableItem, fault,
                        "Shorten it, or send it without such characters.", null, null, item)
                    : _isMetricRefused ? Refused(array.ItemType, row.ItemIndex, item)
                    : TooManyNames(row.ItemIndex, item));
        }
    }

    /// <summary>Whether an item of several rows is rejected already; afterwards it is.</summary>
    bool IsRejected(MetricArray array, in Sample row)
    {
        var key = (array.ItemType, array.Ordinal, row.ItemIndex);
        if (_composites.GetValueOrDefault(key) is Outcome.Rejected) return true;
        _composites[key] = Outcome.Rejected;
        return false;
    }

    static Reject TooManyNames(int itemIndex, ReadOnlyMemory<byte> item) => new(
        "metrics", itemIndex, RejectCodes.TooManyNames,
        "This user has sent as many unknown metric names as are kept.",
        "Correct the name, or ask for it to be added to the catalogue; the payload can be replayed then.",
        "name", null, item);
}
