using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using HealthExport.Events;
using HealthExport.Json;
using HealthExport.Samples;
using HealthExport.Server.Http;
using HealthExport.Server.Metrics;
using HealthExport.Sleep;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Server.Exports;

/// <summary>
/// Writes what is stored as standard items, one a line, so that reading them makes the same rows again: nothing is left
/// out, and what is not known is not mentioned. Equal rows make equal bytes; −0 is written as 0. Lines gather until
/// they are taken.
/// </summary>
sealed class StandardItemWriter : IDisposable
{
    readonly ArrayBufferWriter<byte> _lines = new(64 << 10);
    readonly Utf8JsonWriter _json;

    public StandardItemWriter() => _json = new(_lines, new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    });

    /// <summary>What was written since the last <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> Lines => _lines.WrittenMemory;

    public void Clear() => _lines.ResetWrittenCount();

    /// <param name="revision">Null where it does not matter which row was received first.</param>
    public void Write(UserMetric metric, in SampleRow stored, long? revision)
    {
        var row = stored.Row;
        Begin("Quantity"u8);
        _json.WriteString("metric"u8, metric.Metric.Name);
        _json.WriteString("unit"u8, metric.Metric.Unit);
        Time("start_at"u8, stored.StartInstant, row.OffsetMinutes);
        Time("end_at"u8, row.EndAt, row.OffsetMinutes);
        Number("value"u8, row.Value);
        Number("min"u8, row.Min);
        Number("max"u8, row.Max);
        if (stored.Grain != Grain.Sample) _json.WriteString("grain"u8, GrainNames.Of(stored.Grain));
        Text("source"u8, row.Source);
        Text("sent_unit"u8, row.SentUnit);
        if (row.MayNotShrink) _json.WriteBoolean("partial"u8, true);
        if (revision is { } number) _json.WriteNumber("revision"u8, number);
        Object("extra"u8, row.Extra);
        End();
    }

    public void Write(SleepStage stage)
    {
        Begin("SleepStage"u8);
        Time("start_at"u8, stage.StartAt, stage.OffsetMinutes);
        Time("end_at"u8, stage.EndAt, stage.OffsetMinutes);
        _json.WriteString("stage"u8, stage.Stage);
        Text("stage_as_sent"u8, stage.StageAsSent);
        Text("source"u8, stage.Source);
        Object("extra"u8, stage.Extra);
        End();
    }

    public void Write(SleepSession night)
    {
        Begin("Sleep"u8);
        Time("sleep_start"u8, night.StartAt, night.OffsetMinutes);
        Time("sleep_end"u8, night.EndAt, night.OffsetMinutes);
        Time("in_bed_start"u8, night.InBedStartAt, night.OffsetMinutes);
        Time("in_bed_end"u8, night.InBedEndAt, night.OffsetMinutes);
        Number("in_bed_minutes"u8, night.InBedMinutes);
        Number("duration_minutes"u8, night.AsleepMinutes);
        Number("light_sleep_minutes"u8, night.CoreMinutes);
        Number("deep_sleep_minutes"u8, night.DeepMinutes);
        Number("rem_sleep_minutes"u8, night.RemMinutes);
        Number("awake_minutes"u8, night.AwakeMinutes);
        Text("source"u8, night.Source);
        Object("extra"u8, night.Extra);
        End();
    }

    /// <param name="workout">With its series and its route.</param>
    public void Write(Workout workout)
    {
        Begin("Workout"u8);
        _json.WriteString("id"u8, workout.Id!.Value);
        if (workout.IdIsMade) _json.WriteBoolean("id_is_made"u8, true);
        _json.WriteString("workout_type"u8, workout.Activity ?? workout.NameAsSent);
        _json.WriteString("name"u8, workout.NameAsSent);
        Time("start_time"u8, workout.StartAt, workout.OffsetMinutes);
        Time("end_time"u8, workout.EndAt, workout.OffsetMinutes);
        if (workout.StampPrecision != Instant.PerSecond || !IsWholeSecond(workout.StartAt)
            || !IsWholeSecond(workout.EndAt))
            _json.WriteNumber("stamp_precision_us"u8, workout.StampPrecision);
        Number("duration_seconds"u8, workout.DurationSeconds);
        Number("active_energy_kcal"u8, workout.ActiveEnergyKcal);
        Number("total_energy_kcal"u8, workout.TotalEnergyKcal);
        Number("distance_meters"u8, workout.DistanceMetres);
        Number("min_heart_rate"u8, workout.HeartRateMin);
        Number("avg_heart_rate"u8, workout.HeartRateAvg);
        Number("max_heart_rate"u8, workout.HeartRateMax);
        Number("elevation_up_meters"u8, workout.ElevationUpMetres);
        Number("elevation_down_meters"u8, workout.ElevationDownMetres);
        Number("avg_speed_mps"u8, workout.SpeedAvgMetresPerSecond);
        Number("max_speed_mps"u8, workout.SpeedMaxMetresPerSecond);
        Number("step_cadence"u8, workout.StepCadencePerMinute);
        if (workout.IsIndoor is { } isIndoor) _json.WriteBoolean("is_indoor"u8, isIndoor);
        Text("location"u8, workout.Location);
        Text("source"u8, workout.Source);
        Write(workout.Series, workout.OffsetMinutes);
        if (workout.Route is { } route) Write(route, workout.OffsetMinutes);
        Object("details"u8, workout.Details);
        End();
    }

    /// <param name="stored">With its voltages.</param>
    public void Write(HealthEvent stored)
    {
        Begin("Event"u8);
        _json.WriteString("kind"u8, stored.Kind);
        _json.WriteString("identity"u8, stored.Identity);
        Time("start_at"u8, stored.StartAt, stored.OffsetMinutes);
        Time("end_at"u8, stored.EndAt, stored.OffsetMinutes);
        Text("code"u8, stored.Code);
        Text("text"u8, stored.Text);
        Number("value"u8, stored.Value);
        Text("value_code"u8, stored.ValueCode);
        Text("value_text"u8, stored.ValueText);
        Text("source"u8, stored.Source);
        _json.WriteString("item_type"u8, stored.ItemType);
        if (stored.Voltages is { } voltages)
        {
            _json.WriteStartObject("voltages"u8);
            _json.WriteNumber("frequency_hz"u8, voltages.FrequencyHz);
            Time("start_at"u8, voltages.StartAt, stored.OffsetMinutes);
            Numbers("microvolts"u8, voltages.Microvolts);
            _json.WriteEndObject();
        }
        _json.WritePropertyName("payload"u8);
        // As sent it may be spread over lines.
        _json.WriteRawValue(CompactJson.Of(stored.Payload).Span, skipInputValidation: true);
        End();
    }

    public void Dispose() => _json.Dispose();

    void Write(IReadOnlyList<WorkoutSeries> all, int offsetMinutes)
    {
        if (all.Count == 0) return;
        _json.WriteStartArray("series"u8);
        foreach (var series in all)
        {
            _json.WriteStartObject();
            _json.WriteString("name"u8, series.Name);
            _json.WriteString("unit"u8, series.Unit);
            _json.WriteStartArray("times"u8);
            foreach (var time in series.Times) Time(time, offsetMinutes);
            _json.WriteEndArray();
            Numbers("values"u8, series.Values);
            if (series.Min is { } min) Numbers("min"u8, min);
            if (series.Max is { } max) Numbers("max"u8, max);
            _json.WriteEndObject();
        }
        _json.WriteEndArray();
    }

    void Write(WorkoutRoute route, int offsetMinutes)
    {
        _json.WriteStartArray("route"u8);
        for (var i = 0; i < route.Count; i++)
        {
            _json.WriteStartObject();
            Number("lat"u8, route.Latitudes[i]);
            Number("lon"u8, route.Longitudes[i]);
            Number("altitude"u8, route.Altitudes[i]);
            Time("time"u8, route.Times[i], offsetMinutes);
            At("speed"u8, route.Speeds);
            At("course"u8, route.Courses);
            At("horizontal_accuracy"u8, route.HorizontalAccuracies);
            At("vertical_accuracy"u8, route.VerticalAccuracies);
            At("speed_accuracy"u8, route.SpeedAccuracies);
            At("course_accuracy"u8, route.CourseAccuracies);
            _json.WriteEndObject();

            void At(ReadOnlySpan<byte> name, double[]? values)
            {
                if (values is not null) Number(name, values[i]);
            }
        }
        _json.WriteEndArray();
    }

    void Begin(ReadOnlySpan<byte> type)
    {
        _json.WriteStartObject();
        _json.WriteString("type"u8, type);
    }

    void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        _lines.Write("\n"u8);
    }

    void Text(ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null) _json.WriteString(name, value);
    }

    void Number(ReadOnlySpan<byte> name, double? value)
    {
        if (value is { } number && double.IsFinite(number)) _json.WriteNumber(name, WithoutSign(number));
    }

    void Numbers(ReadOnlySpan<byte> name, double[] values)
    {
        _json.WriteStartArray(name);
        foreach (var value in values)
            if (double.IsFinite(value)) _json.WriteNumberValue(WithoutSign(value));
            else _json.WriteNullValue();
        _json.WriteEndArray();
    }

    void Object(ReadOnlySpan<byte> name, string? json)
    {
        if (json is null) return;
        _json.WritePropertyName(name);
        _json.WriteRawValue(json, skipInputValidation: true);
    }

    void Time(ReadOnlySpan<byte> name, Instant at, int offsetMinutes)
    {
        if (at.IsNone) return;
        _json.WritePropertyName(name);
        Time(at, offsetMinutes);
    }

    void Time(Instant at, int offsetMinutes)
    {
        Span<byte> utf8 = stackalloc byte[Rfc3339.MaxLength];
        _json.WriteStringValue(utf8[..Rfc3339.Write(utf8, at, offsetMinutes)]);
    }

    // One engine keeps the sign of nothing, the other does not.
    static double WithoutSign(double value) => value == 0 ? 0 : value;

    static bool IsWholeSecond(Instant at) => at.Microseconds % Instant.PerSecond == 0;
}
