using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace HealthExport.Server.Telemetry;

/// <summary>
/// Listens to <see cref="Instruments"/> and writes what they measured in the text format of Prometheus, version 0.0.4.
/// Counters and gauges of whole numbers only. Safe from any thread.
/// </summary>
sealed class MetricsText : IDisposable
{
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    readonly MeterListener _listener = new();

    readonly Lock _lock = new();
    readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);    // under _lock

    public MetricsText(Instruments instruments)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // By the object: other servers in this process have meters of the same name.
            if (!ReferenceEquals(instrument.Meter, instruments.Meter)) return;
            var family = Family.Of(instrument);
            lock (_lock) _families.Add(family.Name, family);
            listener.EnableMeasurementEvents(instrument, family);
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) =>
        {
            var family = (Family)state!;
            var labels = WriteLabels(tags);
            lock (_lock) family.Take(labels, value);
        });
        _listener.Start();
        instruments.Show();
    }

    /// <summary>All there is, as of now: counters since this began to listen.</summary>
    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        lock (_lock)
            foreach (var family in _families.Values) family.Write(text);
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    static string WriteLabels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty) return "";
        var text = new StringBuilder("{");
        foreach (var (name, value) in tags)
        {
            if (text.Length > 1) text.Append(',');
            text.Append(name.Replace('.', '_')).Append("=\"")
                .Append(Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "").Replace("\"", "\\\""))
                .Append('"');
        }
        return text.Append('}').ToString();
    }

    static string Escape(string text) => text.Replace("\\", "\\\\").Replace("\n", "\\n");

    /// <summary>One name with its series, by labels.</summary>
    sealed class Family(string name, bool isCounter, string help)
    {
        readonly SortedDictionary<string, long> _values = new(StringComparer.Ordinal);

        public string Name => name;

        public static Family Of(Instrument instrument)
        {
            var isCounter = instrument is Counter<long> or ObservableCounter<long>;
            return new(
                instrument.Name.Replace('.', '_') + (isCounter ? "_total" : ""), isCounter,
                instrument.Description ?? "");
        }

        public void Take(string labels, long value) =>
            _values[labels] = isCounter ? _values.GetValueOrDefault(labels) + value : value;

        public void Write(StringBuilder text)
        {
            text.Append("# HELP ").Append(name).Append(' ').Append(Escape(help)).Append('\n');
            text.Append("# TYPE ").Append(name).Append(isCounter ? " counter" : " gauge").Append('\n');
            foreach (var (labels, value) in _values)
                text.Append(name).Append(labels).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture))
                    .Append('\n');
        }
    }
}
