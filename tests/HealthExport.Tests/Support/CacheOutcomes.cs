using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using HealthExport.Server.Caching;

namespace HealthExport.Tests.Support;

/// <summary>Listens to what the caches of one server count.</summary>
sealed class CacheOutcomes : IDisposable
{
    readonly MeterListener _listener = new();
    readonly ConcurrentDictionary<string, long> _counts = new();

    public CacheOutcomes(RunningServer server)
    {
        var meter = server.Get<CacheFigures>().Meter;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter && !instrument.IsObservable) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var outcome = "";
            foreach (var tag in tags)
                if (tag.Key == "outcome") outcome = (string)tag.Value!;
            _counts.AddOrUpdate(outcome.Length > 0 ? outcome : instrument.Name, value, (_, count) => count + value);
        });
        _listener.Start();
    }

    /// <summary>How often an outcome of a request, or what another instrument counts, has come about since.</summary>
    public long this[string name] => _counts.GetValueOrDefault(name);

    public void Dispose() => _listener.Dispose();
}
