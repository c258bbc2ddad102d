using System.Globalization;
using System.Text;
using HealthExport.Drift;
using HealthExport.Events;
using HealthExport.Pushes;
using HealthExport.Reading;
using HealthExport.Samples;
using HealthExport.Sleep;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Tests.Reading;

/// <summary>Everything that a payload was read to, in lists that a test can look into and compare.</summary>
sealed class Outcome
{
    public sealed record Row(MetricArray Array, Sample Sample)
    {
        public string Metric => Array.Metric.Name;
        public DateTimeOffset At => Sample.StartAt.At(Sample.OffsetMinutes);
    }

    public static readonly Instant Now = Instant.From(new DateTimeOffset(2026, 1, 16, 12, 0, 0, TimeSpan.Zero));

    public List<Row> Rows { get; } = [];
    public List<SleepStage> Stages { get; } = [];
    public List<SleepSession> Sessions { get; } = [];
    public List<Workout> Workouts { get; } = [];
    public List<WorkoutPart> Parts { get; } = [];
    public List<HealthEvent> Events { get; } = [];
    public List<Reject> Rejects { get; } = [];
    public List<ReadWarning> Warnings { get; } = [];
    public List<MetricArray> Ended { get; } = [];
    public List<int> BatchRows { get; } = [];
    public IReadOnlyList<DriftNote> Drift { get; private set; } = [];
    public long? TruncatedAt { get; private set; }
    public PayloadFormat Format { get; private set; }
    public long BytesTokenised { get; private set; }

    public static PushContext Context(
        string? aggregation = null, string? period = null, string? zone = null, Instant? receivedAt = null) => new()
    {
        ReceivedAt = receivedAt ?? Now,
        Aggregation = aggregation,
        Period = period,
        Zone = zone is null ? null : TimeZoneInfo.FindSystemTimeZoneById(zone),
    };

    public static string FixturePath(string name) =>
        Path.Combine(AppContext.BaseDirectory, "Fixtures", "Payloads", name);

    public static byte[] Fixture(string name) => File.ReadAllBytes(FixturePath(name));

    public static Outcome OfFixture(string name, PushContext? context = null, bool thorough = false) =>
        Of(Fixture(name), context, thorough);

    public static Outcome Of(string json, PushContext? context = null, bool thorough = false) =>
        Of(Encoding.UTF8.GetBytes(json), context, thorough);

    public static Outcome Of(byte[] json, PushContext? context = null, bool thorough = false, int? window = null) =>
        Of(new MemoryStream(json), context, thorough, window);

    public static Outcome Of(Stream payload, PushContext? context = null, bool thorough = false, int? window = null)
    {
        var reader = new PayloadReader(payload, context ?? Context(), thorough)
        {
            WindowBytes = window ?? JsonCursor.WindowBytes,
        };
        var outcome = new Outcome();
        foreach (var batch in reader.Read()) outcome.Take(batch);
        outcome.Drift = reader.Drift;
        outcome.TruncatedAt = reader.TruncatedAt;
        outcome.Format = reader.Format;
        outcome.BytesTokenised = reader.BytesTokenised;
        return outcome;
    }

    /// <summary>As a push is read: thoroughly, if the first reading does not hold.</summary>
    public static Outcome OfEither(byte[] json, PushContext? context = null, int? window = null)
    {
        try
        {
            return Of(json, context, false, window);
        }
        catch (RepeatedKeyException)
        {
            return Of(json, context, true, window);
        }
    }

    /// <summary>Each item as a line of text, in the order read, to compare two readings.</summary>
    public List<string> Lines()
    {
        List<string> lines = [];
        foreach (var (array, s) in Rows)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture,
                $"row {array.ItemType} {s.ItemIndex} {array.Metric.Name} [{array.Metric.Unit}] {array.Grain} {s.StartAt.Microseconds} {s.EndAt.Microseconds} {s.OffsetMinutes} {s.Value:R} {s.Min:R} {s.Max:R} {s.MayNotShrink} '{s.Source}' '{s.SentUnit}' {s.Extra}"));
        }
        lines.AddRange(Stages.Select(s => $"stage {s}"));
        lines.AddRange(Sessions.Select(s => $"session {s}"));
        lines.AddRange(
            Workouts.Select(
                w => $"workout {w with { Series = [], Route = null }} {string.Join(';', w.Series.Select(s => $"{s.Name} {s.Unit} {s.Times.Length} {s.Values.Sum():R}"))} {w.Route?.Count}"));
        lines.AddRange(
            Parts.Select(
                p => $"part {p.ItemIndex} {p.Activity} {p.Series?.Name} {p.Points} {p.StartAt.Microseconds} {p.EndAt.Microseconds}"));
        lines.AddRange(
            Events.Select(
                e => $"event {e with { Payload = default, Voltages = null }} {Encoding.UTF8.GetString(e.Payload.Span)} {e.Voltages?.Microvolts.Length}"));
        lines.AddRange(
            Rejects.Select(
                r => $"reject {r.ItemType} {r.ItemIndex} {r.Code} {r.Error} {Encoding.UTF8.GetString(r.Item.Span)}"));
        return lines;
    }

    /// <summary>What was not known, a line a name, to compare two readings.</summary>
    public List<string> Told() =>
        [.. Drift.Select(note => $"{note.Kind} {note.ItemType} {note.Name} {note.Items}").Order(StringComparer.Ordinal)];

    public string[] Codes => [.. Rejects.Select(r => $"{r.ItemIndex} {r.Code}")];

    public string[] WarningCodes => [.. Warnings.Select(w => w.Code)];

    void Take(ReadBatch batch)
    {
        BatchRows.Add(batch.Runs.Sum(r => r.Count));
        foreach (var run in batch.Runs)
        {
            foreach (var sample in run.Samples) Rows.Add(new(run.Array, sample));
            run.Release();
        }
        Stages.AddRange(batch.SleepStages);
        Sessions.AddRange(batch.SleepSessions);
        Workouts.AddRange(batch.Workouts);
        Parts.AddRange(batch.WorkoutParts);
        Events.AddRange(batch.Events);
        Rejects.AddRange(batch.Rejects);
        Warnings.AddRange(batch.Warnings);
        Ended.AddRange(batch.EndedArrays);
    }
}
