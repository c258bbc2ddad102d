using System.Diagnostics.Metrics;
using HealthExport.Drift;
using HealthExport.Pushes;
using HealthExport.Server.Drift;
using HealthExport.Server.Ingest;

namespace HealthExport.Server.Telemetry;

/// <summary>
/// What the server counts of its work, as the meter <c>HealthExport</c>. No tag names a person, a metric or a field.
/// Costs next to nothing as long as nobody listens. Safe from any thread.
/// </summary>
sealed class Instruments : IDisposable
{
    public const string MeterName = "HealthExport";

    const string Status = "status";
    const string Result = "result";
    const string Kind = "kind";

    static readonly string[] s_results = ["inserted", "updated", "unchanged", "rejected"];

    static readonly IngestionStatus[] s_settled =
        [IngestionStatus.Completed, IngestionStatus.Partial, IngestionStatus.Duplicate, IngestionStatus.Failed];

    readonly Counter<long> _ingestions;
    readonly Counter<long> _items;
    readonly Counter<long> _drift;

    public Instruments()
    {
        _ingestions = Meter.CreateCounter<long>(
            "healthexport.ingestions", "{ingestion}", "Pushes that were settled here, by status; replays again");
        _items = Meter.CreateCounter<long>(
            "healthexport.items", "{item}", "Items of pushes that were applied here, by what became of them");
        _drift = Meter.CreateCounter<long>(
            "healthexport.drift.items", "{item}", "Items that bore a name that the reader did not know, by kind of name");
        var version = typeof(Instruments).Assembly.GetName().Version!.ToString(3);
        Meter.CreateObservableGauge(
            "healthexport.build.info", () => new Measurement<long>(1, new KeyValuePair<string, object?>("version", version)),
            description: "Always 1; the version that runs is a label");
    }

    public Meter Meter { get; } = new(MeterName);

    /// <summary>Counts a push that was applied.</summary>
    public void CountApplied(Receipt receipt)
    {
        CountSettled(receipt.IsPartial ? IngestionStatus.Partial : IngestionStatus.Completed);
        var counts = receipt.Counts;
        CountItems(0, counts.Inserted);
        CountItems(1, counts.Updated);
        CountItems(2, counts.Unchanged);
        CountItems(3, counts.Rejected);
        foreach (var note in receipt.Drift) CountDrift(note.Kind, note.Items);
    }

    /// <summary>Counts a push that was settled without being applied.</summary>
    public void CountSettled(IngestionStatus status) => CountSettled(status, 1);

    /// <summary>Adds nothing to every counter, so that whoever has just begun to listen sees each of them.</summary>
    public void Show()
    {
        foreach (var status in s_settled) CountSettled(status, 0);
        for (var result = 0; result < s_results.Length; result++) CountItems(result, 0);
        foreach (var kind in Enum.GetValues<DriftKind>()) CountDrift(kind, 0);
    }

    public void Dispose() => Meter.Dispose();

    void CountSettled(IngestionStatus status, long pushes) =>
        _ingestions.Add(pushes, new KeyValuePair<string, object?>(Status, IngestionNames.Of(status)));

    void CountItems(int result, long items) =>
        _items.Add(items, new KeyValuePair<string, object?>(Result, s_results[result]));

    void CountDrift(DriftKind kind, long items) =>
        _drift.Add(items, new KeyValuePair<string, object?>(Kind, ListDrift.Kinds[(int)kind]));
}
