using System.Runtime.InteropServices;
using System.Text;
using HealthExport.Catalogue;
using HealthExport.Drift;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>
/// Reads standard items: objects whose <c>type</c> says what they are, and whose fields bear their units.
/// </summary>
sealed class StandardItemReader(ReadContext context)
{
    const int MostArrays = 4096;
    const string Quantity = "quantity";
    const string Workout = "workout";

    static readonly (string Field, string Metric, string Unit)[] ActivityFields =
    [
        ("step_count", "step_count", "count"),
        ("distance_meters", "walking_running_distance", "m"),
        ("active_energy_burned_kcal", "active_energy", "kcal"),
        ("basal_energy_burned_kcal", "basal_energy_burned", "kcal"),
        ("flights_climbed", "flights_climbed", "count"),
    ];

    readonly WorkoutReader _workouts = new(context);
    readonly StandardEventReader _events = new(context);
    readonly Dictionary<(string Metric, string Unit, Grain Grain, string ItemType), MetricRows> _rows = [];
    readonly HashSet<(string Metric, string Unit)> _warned = [];
    readonly List<(MetricRows Rows, Sample Row)> _made = [];

    /// <summary>Reads one object, which has no <c>data</c> array.</summary>
    /// <param name="index">Within its array.</param>
    /// <param name="mustSayType">Whether an object that does not say what it is is a reject in any case.</param>
    /// <exception cref="System.Text.Json.JsonException">It is no JSON; nothing was read of it.</exception>
    public void Read(ReadOnlyMemory<byte> element, int index, bool mustSayType = false)
    {
        using var item = new Item(context, element, mayBeWorkout: true);
        var type = item.FindText("type");
        var plain = type?.Replace("_", "").ToLowerInvariant();
        Fault? tooMuch = type is null ? item.Fault
            : plain is not Workout && element.Length > Item.LongestBytes ? Fault.TooLong(element.Length)
            : null;
        if (tooMuch is not null)
        {
            context.Batches.Reject(SectionName.Metrics, index, tooMuch.Value, element.Span);
            return;
        }
        if (type is null)
        {
            // A metric without points says nothing; neither does an empty object.
            var saysNothing = item.Has("name") || element.Span.Trim("{} \t\r\n"u8).IsEmpty;
            if (saysNothing && !mustSayType) return;
            var fault = Fault.Unreadable(mustSayType
                ? "The item does not say its type"
                : "The item has neither name and data nor type");
            context.Batches.Reject(SectionName.Metrics, index, fault, element.Span);
            return;
        }
        context.HasStandardItems = true;
        _made.Clear();
        switch (plain)
        {
            case "heartrate": ReadHeartRate(item, element, index); break;
            case "bloodpressure": ReadBloodPressure(item, element, index); break;
            case "activity": ReadActivity(item, element, index); break;
            case Quantity: ReadQuantity(item, element, index); break;
            case "sleep": ReadSleep(item, element, index); break;
            case "sleepstage": ReadSleepStage(item, element, index); break;
            case "event":
                _events.Read(item, element, index);
                context.Drift.NoteFields(StandardEventReader.ItemType, item, KnownFields.OfStandard(plain));
                break;
            case Workout: _workouts.ReadStandard(item, element, index); break;
            default:
                context.Drift.NoteSection(type);
                context.Batches.Reject(SectionName.Metrics, index, Fault.Unreadable($"There is no type '{type}'") with
                {
                    Hint = "Types are HeartRate, BloodPressure, Sleep, SleepStage, Activity, Quantity, Event, Workout.",
                    Field = "type",
                }, element.Span);
                break;
        }
    }

    void ReadHeartRate(Item item, ReadOnlyMemory<byte> element, int index)
    {
        var rows = RowsOf("heart_rate", "/min", Grain.Sample, "heart_rate");
        var row = Start(item, rows, item.GetStamp("recorded_at"), null, index);
        Set(item, rows, "avg_bpm", ref row.Value);
        Set(item, rows, "min_bpm", ref row.Min);
        Set(item, rows, "max_bpm", ref row.Max);
        Make(item, rows, row);
        Finish(item, "heartrate", "heart_rate", element, index);
    }

    void ReadBloodPressure(Item item, ReadOnlyMemory<byte> element, int index)
    {
        const string itemType = "blood_pressure";
        var at = item.GetStamp("recorded_at");
        foreach (var (field, metric, unit) in (ReadOnlySpan<(string, string, string)>)
            [("systolic", "blood_pressure_systolic", "mmHg"), ("diastolic", "blood_pressure_diastolic", "mmHg"),
                ("pulse", "heart_rate", "/min")])
        {
            if (!item.Has(field))
            {
                if (field != "pulse") item.Fail(Fault.Missing($"{field} is missing", field));
                continue;
            }
            var rows = RowsOf(metric, unit, Grain.Sample, itemType, isComposite: true);
            var row = Start(item, rows, at, null, index);
            Set(item, rows, field, ref row.Value);
            Make(item, rows, row);
        }
        Finish(item, "bloodpressure", itemType, element, index);
    }

    void ReadActivity(Item item, ReadOnlyMemory<byte> element, int index)
    {
        const string itemType = "activity";
        var at = item.GetStamp("recorded_at");
        foreach (var (field, metric, unit) in ActivityFields)
        {
            if (!item.Has(field)) continue;
            var rows = RowsOf(metric, unit, Grain.Sample, itemType, isComposite: true);
            var row = Start(item, rows, at, null, index);
            Set(item, rows, field, ref row.Value);
            Make(item, rows, row);
        }
        Finish(item, "activity", itemType, element, index);
    }

    void ReadQuantity(Item item, ReadOnlyMemory<byte> element, int index)
    {
        var name = item.FindText("metric") ?? "";
        var unit = item.FindText("unit") ?? "";
        var grain = FindGrain(item);
        if (string.IsNullOrWhiteSpace(name))
            item.Fail(Fault.Unreadable("The item does not name its metric") with { Field = "metric" });
        else if (MetricCatalogue.Find(name) is { Shape: MetricShape.Sleep or MetricShape.BloodPressure })
        {
            const string hint = "Use the types Sleep, SleepStage and BloodPressure.";
            item.Fail(Fault.Unreadable($"{name} is no single quantity") with { Field = "metric", Hint = hint });
        }
        if (item.Fault is not null)
        {
            Finish(item, Quantity, SectionName.Metrics, element, index);
            return;
        }

        var rows = RowsOf(name, unit, grain, null, numbersBefore: FindNumbersBefore(item));
        var startField = item.Has("start_at") || !item.Has("recorded_at") ? "start_at" : "recorded_at";
        var (start, end) = EventReader.GetSpan(item, startField, "end_at");
        var row = Start(item, rows, start, end, index);
        Set(item, rows, "value", ref row.Value);
        Set(item, rows, "min", ref row.Min);
        Set(item, rows, "max", ref row.Max);
        row.SentUnit = item.FindText("sent_unit") ?? row.SentUnit;
        row.MayNotShrink = item.FindFlag("partial") == true;
        row.Extra = FindExtra(item);
        Make(item, rows, row);
        NoteMetric(rows, name, unit);
        Finish(item, Quantity, rows.Array.ItemType, element, index);
    }

    /// <summary>Notes a name or a unit that the catalogue lacks.</summary>
    void NoteMetric(MetricRows rows, string name, string unit)
    {
        if (rows.Array.Metric.IsKnown) return;
        if (MetricCatalogue.Find(name) is { } known) context.Drift.Note(DriftKind.Unit, known.Name, unit);
        else context.Drift.Note(DriftKind.Metric, SectionName.Metrics, MetricCatalogue.Normalise(name));
    }

    /// <summary>Of an item that says when it was received: see <see cref="MetricArray.NumbersBefore"/>.</summary>
    long? FindNumbersBefore(Item item)
    {
        if (item.FindNumber("revision") is not { } revision || context.Revisions == 1) return null;
        if (revision >= 1 && revision <= context.Revisions && revision == Math.Floor(revision))
            return context.Revisions - (long)revision;
        item.Fail(Fault.OutOfRange("revision", revision, "", new(1, context.Revisions, BoundsBasis.Sample)));
        return null;
    }

    static Grain FindGrain(Item item)
    {
        if (item.FindText("grain") is not { } text) return Grain.Sample;
        if (Array.Find(Enum.GetNames<Grain>(), g => g.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name)
            return Enum.Parse<Grain>(name);
        const string hint = "Grains are sample, minute, hour, day, week, month and year.";
        item.Fail(Fault.Unreadable($"There is no grain '{text}'") with { Field = "grain", Hint = hint });
        return Grain.Sample;
    }

    void ReadSleep(Item item, ReadOnlyMemory<byte> element, int index)
    {
        var start = item.GetStamp("sleep_start");
        var end = item.GetStamp("sleep_end");
        var inBedStart = item.FindStamp("in_bed_start");
        var inBedEnd = item.FindStamp("in_bed_end");
        SleepReader.CheckSpan(item, start, end, "sleep_end");
        var session = new Sleep.SleepSession
        {
            StartAt = start?.At ?? default,
            EndAt = end?.At ?? default,
            OffsetMinutes = start?.OffsetMinutes ?? 0,
            InBedStartAt = inBedStart?.At ?? Instant.None,
            InBedEndAt = inBedEnd?.At ?? Instant.None,
            InBedMinutes = Minutes(item, "in_bed_minutes"),
            AsleepMinutes = Minutes(item, "duration_minutes"),
            DeepMinutes = Minutes(item, "deep_sleep_minutes"),
            RemMinutes = Minutes(item, "rem_sleep_minutes"),
            CoreMinutes = Minutes(item, "light_sleep_minutes"),
            AwakeMinutes = Minutes(item, "awake_minutes"),
            Source = item.FindSource("source"),
            ItemIndex = index,
        };
        var extra = FindExtra(item);
        context.Drift.NoteFields(ItemTypes.Sleep, item, KnownFields.OfStandard("sleep"));
        if (item.Fault is { } fault) context.Batches.Reject(ItemTypes.Sleep, index, fault, element.Span);
        else SleepReader.AddSession(context, session with { Extra = Join(extra, item.Rest()) }, element.Length);
    }

    void ReadSleepStage(Item item, ReadOnlyMemory<byte> element, int index)
    {
        var start = item.GetStamp("start_at");
        var end = item.GetStamp("end_at");
        var stage = item.FindText("stage");
        SleepReader.CheckStage(item, stage, "stage");
        var asSent = item.FindText("stage_as_sent");
        var source = item.FindSource("source");
        var extra = FindExtra(item);
        SleepReader.CheckSpan(item, start, end, "end_at");
        context.Drift.NoteFields(ItemTypes.Sleep, item, KnownFields.OfStandard("sleepstage"));
        if (item.Fault is { } fault) context.Batches.Reject(ItemTypes.Sleep, index, fault, element.Span);
        else
            SleepReader.AddStage(
                context, index, start!.Value, end!.Value, stage!, source, Join(extra, item.Rest()), element.Length,
                asSent);
    }

    static string? FindExtra(Item item)
    {
        if (!item.IsObject("extra")) return null;
        var extra = new StringBuilder();
        JsonText.AppendCompact(extra, JsonMarshal.GetRawUtf8Value(item.Find("extra")!.Value));
        return extra.ToString();
    }

    static double? Minutes(Item item, string field)
    {
        if (item.FindNumber(field) is not { } minutes) return null;
        var bounds = new Bounds(0, 2 * HealthBounds.LongestSleep.TotalMinutes, BoundsBasis.Session);
        if (!bounds.Allows(minutes, Grain.Sample))
            item.Fail(Fault.OutOfRange(field, minutes, "min", bounds));
        return minutes;
    }

    static Sample Start(Item item, MetricRows rows, Timestamp? start, Timestamp? end, int index) => new()
    {
        StartAt = start is { } at ? rows.KeyOf(at) : default,
        EndAt = end?.At ?? Instant.None,
        OffsetMinutes = start?.OffsetMinutes ?? 0,
        Value = double.NaN,
        Min = double.NaN,
        Max = double.NaN,
        Source = item.FindSource("source"),
        SentUnit = rows.SentUnit,
        ItemIndex = index,
    };

    static void Set(Item item, MetricRows rows, string field, ref double value)
    {
        if (item.FindNumber(field) is not { } number) return;
        value = number;
        if (!rows.TryConvert(ref value)) item.Fail(rows.Refuse(field, value));
    }

    void Make(Item item, MetricRows rows, in Sample row)
    {
        if (double.IsNaN(row.Value) && double.IsNaN(row.Min) && double.IsNaN(row.Max))
            item.Fail(Fault.Missing("No value was sent"));
        _made.Add((rows, row));
    }

    void Finish(Item item, string type, string itemType, ReadOnlyMemory<byte> element, int index)
    {
        context.Drift.NoteFields(itemType, item, KnownFields.OfStandard(type));
        if (_made.Count == 0) item.Fail(Fault.Missing("No value was sent"));
        if (item.Fault is { } fault)
        {
            context.Batches.Reject(itemType, index, fault, element.Span);
            return;
        }
        var rest = item.Rest();
        for (var i = 0; i < _made.Count; i++)
        {
            var (rows, row) = _made[i];
            if (i == 0) row.Extra = Join(row.Extra, rest);
            rows.WarnIfSuspicious(row);
            rows.Add(row);
        }
        if (rest is null) context.Batches.Count();
        else context.Batches.Count(2 * rest.Length);
    }

    static string? Join(string? extra, string? rest) =>
        extra is null or "{}" ? rest
        : rest is null ? extra
        : $"{extra.AsSpan(0, extra.Length - 1)},{rest.AsSpan(1)}";

    /// <param name="itemType">Null for the metric's own name.</param>
    /// <param name="numbersBefore">See <see cref="MetricArray.NumbersBefore"/>.</param>
    MetricRows RowsOf(
        string metric, string unit, Grain grain, string? itemType, bool isComposite = false, long? numbersBefore = null)
    {
        var known = MetricCatalogue.Find(metric);
        var name = known?.Name ?? MetricCatalogue.Normalise(metric);
        itemType ??= known is null ? MetricReader.ItemTypeOf(name) : name;
        var key = (name, unit, grain, itemType);
        if (_rows.TryGetValue(key, out var rows) && rows.Array.NumbersBefore == numbersBefore) return rows;

        var conversion = UnitConversion.Identity;
        var isConverted = known?.TryGetConversion(unit, out conversion) == true;
        var target = isConverted ? known! : Metric.Unknown(name, unit, known?.Kind ?? MetricKind.Discrete);
        if (target.FindFault() is null && !isConverted && (_warned.Count >= MostArrays || _warned.Add((name, unit))))
            context.Batches.Warn(
                name, -1, known is null ? WarningCodes.UnknownMetric : WarningCodes.UnknownUnit,
                known is null
                    ? $"The metric '{name}' is not in the catalogue; its values are stored as sent"
                    : $"The unit '{unit}' cannot be converted to {known.Unit}; the values are stored apart, as sent");
        rows = new(context.Batches, new()
        {
            Metric = target,
            Grain = grain,
            ItemType = itemType,
            IsComposite = isComposite,
            NumbersBefore = numbersBefore,
        }, conversion, unit);
        if (_rows.Count < MostArrays || _rows.ContainsKey(key)) _rows[key] = rows;
        return rows;
    }
}
