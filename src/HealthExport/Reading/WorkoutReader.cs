using System.Text.Json;
using HealthExport.Catalogue;
using HealthExport.Drift;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Workouts;

namespace HealthExport.Reading;

/// <summary>
/// Reads the app's workouts, version 1 and 2, told apart one by one: version 2 has an id, a duration, or series under
/// names that version 1 gives to totals. Version 1 writes 0 for what was not measured, so its zeros are left out; a
/// heart rate of 0 is left out in both.
/// </summary>
sealed class WorkoutReader(ReadContext context)
{
    const string ItemType = SectionName.Workouts;

    readonly WorkoutParts _parts = new(context);

    /// <param name="isOnWallClock">As <see cref="Workout.IsOnWallClock"/>.</param>
    public void Read(ReadOnlyMemory<byte> element, int index, bool isOnWallClock = false)
    {
        using var item = new Item(context, element, mayBeWorkout: true);
        if (item.Has("workout_type")) ReadStandard(item, element, index);
        else
        {
            ReadApps(item, element, index, isOnWallClock);
            context.Drift.NoteFields(ItemType, item, KnownFields.Workout);
        }
    }

    /// <summary>Reads a workout whose fields bear their unit in their name.</summary>
    public void ReadStandard(Item item, ReadOnlyMemory<byte> element, int index)
    {
        context.HasStandardItems = true;
        item.Take("type");
        var activity = item.FindText("workout_type") ?? "";
        var workout = Start(item, index, item.FindText("name") ?? activity, activity, "start_time", "end_time") with
        {
            DurationSeconds = item.FindNumber("duration_seconds"),
            ActiveEnergyKcal = Find(item, "active_energy_kcal", "kcal", HealthBounds.WorkoutEnergyKcal),
            TotalEnergyKcal = Find(item, "total_energy_kcal", "kcal", HealthBounds.WorkoutEnergyKcal),
            DistanceMetres = Find(item, "distance_meters", "m", HealthBounds.WorkoutDistanceM),
            HeartRateMin = CheckHeartRate(item, "min_heart_rate", item.FindNumber("min_heart_rate")),
            HeartRateAvg = CheckHeartRate(item, "avg_heart_rate", item.FindNumber("avg_heart_rate")),
            HeartRateMax = CheckHeartRate(item, "max_heart_rate", item.FindNumber("max_heart_rate")),
            ElevationUpMetres = item.FindNumber("elevation_up_meters"),
            ElevationDownMetres = item.FindNumber("elevation_down_meters"),
            SpeedAvgMetresPerSecond = item.FindNumber("avg_speed_mps"),
            SpeedMaxMetresPerSecond = item.FindNumber("max_speed_mps"),
            StepCadencePerMinute = item.FindNumber("step_cadence"),
            IdIsMade = item.FindFlag("id_is_made") ?? !item.Has("id"),
            Series = _parts.ReadStandardSeries(item),
            Route = _parts.ReadRoute(item),
        };
        if (item.FindNumber("stamp_precision_us") is >= 1 and <= Time.Instant.PerDay and var precision)
            workout = workout with { StampPrecision = (long)precision };
        if (item.IsObject("details"))
        {
            using var details = new Item(context, item.Find("details")!.Value);
            workout = workout with { Details = details.Rest() };
        }
        Finish(item, workout with { Details = workout.Details ?? item.Rest() }, element, index);
        context.Drift.NoteFields(ItemType, item, KnownFields.OfStandard("workout"));
    }

    void ReadApps(Item item, ReadOnlyMemory<byte> element, int index, bool isOnWallClock)
    {
        var isFirstVersion = !item.Has("id") && !item.Has("duration") && !item.IsArray("stepCount")
            && !item.IsArray("activeEnergy");
        var name = item.FindText("name") ?? "";
        var workout = Start(item, index, name, name, "start", "end");
        var reading = new Quantities(this, item, isFirstVersion);
        var (min, avg, max) = reading.HeartRates();
        var (up, down) = reading.Elevation();
        workout = workout with
        {
            IsOnWallClock = isOnWallClock,
            DurationSeconds = reading.Find("duration", "s", double.PositiveInfinity, isPlain: true),
            ActiveEnergyKcal = reading.Find("activeEnergyBurned", "kcal", HealthBounds.WorkoutEnergyKcal)
                ?? (item.IsObject("activeEnergy")
                    ? reading.Find("activeEnergy", "kcal", HealthBounds.WorkoutEnergyKcal) : null),
            TotalEnergyKcal = reading.Find("totalEnergy", "kcal", HealthBounds.WorkoutEnergyKcal),
            DistanceMetres = reading.Find("distance", "m", HealthBounds.WorkoutDistanceM),
            HeartRateMin = min,
            HeartRateAvg = avg,
            HeartRateMax = max,
            ElevationUpMetres = up,
            ElevationDownMetres = down,
            SpeedAvgMetresPerSecond = reading.Find("avgSpeed", "m/s", 1e5) ?? reading.Find("speed", "m/s", 1e5),
            SpeedMaxMetresPerSecond = reading.Find("maxSpeed", "m/s", 1e5),
            StepCadencePerMinute = reading.Find("stepCadence", "/min", 1e5, isPlain: true),
            Series = _parts.ReadSeries(item),
            Route = _parts.ReadRoute(item),
        };
        Finish(item, workout with { Details = item.Rest(isFirstVersion ? IsUnmeasured : null) }, element, index);
    }

    Workout Start(Item item, int index, string name, string activity, string startField, string endField)
    {
        var start = item.GetStamp(startField);
        var end = item.GetStamp(endField);
        if (start is { } from && end is { } to)
        {
            var span = to.At - from.At;
            if (span <= TimeSpan.Zero) item.Fail(Fault.EndBeforeStart(endField));
            else if (!HealthBounds.AllowsWorkout(span))
                item.Fail(
                    Fault.OutOfRange(
                        endField, span.TotalHours, "h",
                            new(0, HealthBounds.LongestWorkout.TotalHours, BoundsBasis.Session)));
        }
        var id = item.FindText("id") is { } sent && !string.IsNullOrWhiteSpace(sent) ? MadeId.ParseOrMake(sent)
            : (Guid?)null;
        return new()
        {
            Id = id,
            IdIsMade = id is null,
            NameAsSent = name,
            Activity = TextCodes.Activities.Find(activity),
            StartAt = start?.At ?? default,
            EndAt = end?.At ?? default,
            OffsetMinutes = start?.OffsetMinutes ?? 0,
            StampPrecision = Math.Max(start?.Precision ?? 1, end?.Precision ?? 1),
            IsIndoor = item.FindFlag("isIndoor") ?? item.FindFlag("is_indoor"),
            Location = item.FindText("location"),
            Source = item.FindSource("source"),
            ItemIndex = index,
        };
    }

    void Finish(Item item, Workout workout, ReadOnlyMemory<byte> element, int index)
    {
        if (item.Fault is { } fault)
        {
            context.Batches.Reject(ItemType, index, fault, element.Span);
            return;
        }
        _parts.WarnOfDropped(index);
        if (workout.Activity is null && workout.NameAsSent.Length > 0)
            context.Batches.Warn(
                ItemType, index, WarningCodes.UnmappedText, $"The workout '{workout.NameAsSent}' has no mapping yet",
                    "name");
        context.Batches.Batch.Workouts.Add(workout);
        context.Batches.Count(element.Length);
    }

    void WarnOfUnit(string field, string unit)
    {
        context.Drift.Note(DriftKind.Unit, $"{ItemType}.{field}", unit);
        context.Batches.Warn(
            ItemType, -1, WarningCodes.UnknownUnit,
            $"The unit '{unit}' of {field} cannot be converted; the field is kept as sent", field);
    }

    static double? Find(Item item, string field, string unit, Bounds bounds) =>
        Check(item, field, item.FindNumber(field), unit, bounds);

    static double? CheckHeartRate(Item item, string field, double? value) =>
        value == 0 ? null : Check(item, field, value, "/min", HealthBounds.WorkoutHeartRate);

    static double? Check(Item item, string field, double? value, string unit, Bounds bounds)
    {
        if (value is { } number && !bounds.Allows(number, Grain.Sample))
            item.Fail(Fault.OutOfRange(field, number, unit, bounds));
        return value;
    }

    /// <summary>A quantity of 0, which version 1 writes for what was not measured.</summary>
    static bool IsUnmeasured(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && Item.FieldOf(value, "qty") is { } qty && Item.NumberOf(qty) == 0;

    /// <summary>The totals of one workout.</summary>
    readonly struct Quantities(WorkoutReader reader, Item item, bool zeroIsAbsent)
    {
        /// <summary>
        /// A quantity in our unit. What cannot be read or converted stays in the workout's details.
        /// </summary>
        /// <param name="isPlain">The field may be a bare number, in our unit.</param>
        public double? Find(string field, string unit, Bounds bounds, bool isPlain = false)
        {
            if (item.Find(field) is not { } value) return null;
            var found = Convert(field, value, unit, null, isPlain);
            if (found is null) item.Untake(field);
            return Check(item, field, found, unit, bounds);
        }

        public double? Find(string field, string unit, double most, bool isPlain = false)
        {
            if (item.Find(field) is not { } value) return null;
            var found = Convert(field, value, unit, null, isPlain);
            if (found is null || found < 0 || found > most)
            {
                item.Untake(field);
                return null;
            }
            return found;
        }

        public (double? Min, double? Avg, double? Max) HeartRates()
        {
            double? min = null, avg = null, max = null;
            if (item.IsObject("heartRate"))
            {
                var value = item.Find("heartRate")!.Value;
                using var rates = new Item(reader.Context, value);
                var unit = rates.FindText("units");
                min = HeartRate(rates, unit, "min", "Min");
                avg = HeartRate(rates, unit, "avg", "Avg");
                max = HeartRate(rates, unit, "max", "Max");
                if (min is null && avg is null && max is null) item.Untake("heartRate");
            }
            return (min, Rate("avgHeartRate") ?? avg, Rate("maxHeartRate") ?? max);
        }

        public (double? Up, double? Down) Elevation()
        {
            double? up = Find("elevationUp", "m", 1e5), down = Find("elevationDown", "m", 1e5);
            if (!item.IsObject("elevation")) return (up, down);
            using var elevation = new Item(reader.Context, item.Find("elevation")!.Value);
            var unit = elevation.FindText("units") ?? "m";
            if (elevation.Find("ascent") is { } ascent) up ??= Convert("elevation", ascent, "m", unit, true);
            if (elevation.Find("descent") is { } descent) down ??= Convert("elevation", descent, "m", unit, true);
            return (up, down);
        }

        double? Rate(string field)
        {
            if (item.Find(field) is not { } value) return null;
            var found = Convert(field, value, "/min", null, true);
            if (found is null && !IsUnmeasured(value)) item.Untake(field);
            return CheckHeartRate(item, field, found);
        }

        double? HeartRate(Item rates, string? unit, string lower, string upper)
        {
            var value = rates.Find(lower) ?? rates.Find(upper);
            return value is { } rate
                ? CheckHeartRate(item, "heartRate", Convert("heartRate", rate, "/min", unit, true)) : null;
        }

        double? Convert(string field, JsonElement value, string unit, string? sentUnit, bool isPlain)
        {
            double? number;
            if (value.ValueKind == JsonValueKind.Object)
            {
                using var quantity = new Item(reader.Context, value);
                number = quantity.Find("qty") is { } qty ? Item.NumberOf(qty) : null;
                sentUnit = quantity.FindText("units") ?? sentUnit;
            }
            else number = isPlain ? Item.NumberOf(value) : null;
            if (number is null || (zeroIsAbsent && number == 0)) return null;
            if (sentUnit is null && isPlain) return number;
            if (Units.TryGetConversion(sentUnit, unit, out var conversion))
            {
                number = conversion.Apply(number.Value);
                return double.IsFinite(number.Value) ? number : null;
            }
            reader.WarnOfUnit(field, sentUnit ?? "");
            return null;
        }
    }

    ReadContext Context => context;
}
