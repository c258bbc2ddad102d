using System.Text;
using HealthExport.Events;
using HealthExport.Samples;
using HealthExport.Server.Http;
using HealthExport.Server.Metrics;
using HealthExport.Sleep;
using HealthExport.Workouts;

namespace HealthExport.Server.Exports;

/// <summary>The same as tables, for spreadsheets: CSV that is for reading, not for importing.</summary>
static class ExportTables
{
    public static readonly string[] Samples =
        ["metric", "unit", "start_at", "end_at", "value", "min", "max", "grain", "source", "sent_unit", "extra"];

    public static readonly string[] Stages = ["start_at", "end_at", "stage", "stage_as_sent", "source", "extra"];

    public static readonly string[] Sessions =
    [
        "sleep_start", "sleep_end", "in_bed_start", "in_bed_end", "in_bed_minutes", "duration_minutes",
        "light_sleep_minutes", "deep_sleep_minutes", "rem_sleep_minutes", "awake_minutes", "source", "extra",
    ];

    public static readonly string[] Workouts =
    [
        "id", "workout_type", "name", "start_time", "end_time", "duration_seconds", "active_energy_kcal",
        "total_energy_kcal", "distance_meters", "min_heart_rate", "avg_heart_rate", "max_heart_rate",
        "elevation_up_meters", "elevation_down_meters", "avg_speed_mps", "max_speed_mps", "step_cadence", "is_indoor",
        "location", "source", "has_route", "details",
    ];

    public static readonly string[] Series =
        ["workout_id", "start_time", "name", "unit", "time", "value", "min", "max"];

    public static readonly string[] Events =
        ["kind", "start_at", "end_at", "code", "text", "value", "source", "payload"];

    public static readonly string[] Voltages = ["ecg_start_at", "source", "frequency_hz", "seconds", "microvolts"];

    public static void Write(CsvRows rows, UserMetric metric, in SampleRow stored)
    {
        var row = stored.Row;
        rows.Text("metric", metric.Metric.Name);
        rows.Text("unit", metric.Metric.Unit);
        rows.Time("start_at", stored.StartInstant, row.OffsetMinutes);
        rows.Time("end_at", row.EndAt, row.OffsetMinutes);
        rows.Number("value", row.Value);
        rows.Number("min", row.Min);
        rows.Number("max", row.Max);
        rows.Text("grain", GrainNames.Of(stored.Grain));
        rows.Text("source", row.Source);
        rows.Text("sent_unit", row.SentUnit);
        rows.Json("extra", row.Extra);
    }

    public static void Write(CsvRows rows, SleepStage stage)
    {
        rows.Time("start_at", stage.StartAt, stage.OffsetMinutes);
        rows.Time("end_at", stage.EndAt, stage.OffsetMinutes);
        rows.Text("stage", stage.Stage);
        rows.Text("stage_as_sent", stage.StageAsSent);
        rows.Text("source", stage.Source);
        rows.Json("extra", stage.Extra);
    }

    public static void Write(CsvRows rows, SleepSession night)
    {
        rows.Time("sleep_start", night.StartAt, night.OffsetMinutes);
        rows.Time("sleep_end", night.EndAt, night.OffsetMinutes);
        rows.Time("in_bed_start", night.InBedStartAt, night.OffsetMinutes);
        rows.Time("in_bed_end", night.InBedEndAt, night.OffsetMinutes);
        Number(rows, "in_bed_minutes", night.InBedMinutes);
        Number(rows, "duration_minutes", night.AsleepMinutes);
        Number(rows, "light_sleep_minutes", night.CoreMinutes);
        Number(rows, "deep_sleep_minutes", night.DeepMinutes);
        Number(rows, "rem_sleep_minutes", night.RemMinutes);
        Number(rows, "awake_minutes", night.AwakeMinutes);
        rows.Text("source", night.Source);
        rows.Json("extra", night.Extra);
    }

    public static void Write(CsvRows rows, WorkoutRow row)
    {
        var workout = row.Workout;
        rows.Text("id", workout.Id!.Value.ToString());
        rows.Text("workout_type", workout.Activity);
        rows.Text("name", workout.NameAsSent);
        rows.Time("start_time", workout.StartAt, workout.OffsetMinutes);
        rows.Time("end_time", workout.EndAt, workout.OffsetMinutes);
        Number(rows, "duration_seconds", workout.DurationSeconds);
        Number(rows, "active_energy_kcal", workout.ActiveEnergyKcal);
        Number(rows, "total_energy_kcal", workout.TotalEnergyKcal);
        Number(rows, "distance_meters", workout.DistanceMetres);
        Number(rows, "min_heart_rate", workout.HeartRateMin);
        Number(rows, "avg_heart_rate", workout.HeartRateAvg);
        Number(rows, "max_heart_rate", workout.HeartRateMax);
        Number(rows, "elevation_up_meters", workout.ElevationUpMetres);
        Number(rows, "elevation_down_meters", workout.ElevationDownMetres);
        Number(rows, "avg_speed_mps", workout.SpeedAvgMetresPerSecond);
        Number(rows, "max_speed_mps", workout.SpeedMaxMetresPerSecond);
        Number(rows, "step_cadence", workout.StepCadencePerMinute);
        rows.Flag("is_indoor", workout.IsIndoor);
        rows.Text("location", workout.Location);
        rows.Text("source", workout.Source);
        rows.Flag("has_route", row.HasRoute);
        rows.Json("details", workout.Details);
    }

    public static void Write(CsvRows rows, Workout workout, WorkoutSeries series, int point)
    {
        rows.Text("workout_id", workout.Id!.Value.ToString());
        rows.Time("start_time", workout.StartAt, workout.OffsetMinutes);
        rows.Text("name", series.Name);
        rows.Text("unit", series.Unit);
        rows.Time("time", series.Times[point], workout.OffsetMinutes);
        rows.Number("value", series.Values[point]);
        rows.Number("min", series.Min?[point] ?? double.NaN);
        rows.Number("max", series.Max?[point] ?? double.NaN);
    }

    public static void Write(CsvRows rows, HealthEvent stored)
    {
        rows.Text("kind", stored.Kind);
        rows.Time("start_at", stored.StartAt, stored.OffsetMinutes);
        rows.Time("end_at", stored.EndAt, stored.OffsetMinutes);
        rows.Text("code", stored.Code);
        rows.Text("text", stored.Text);
        Number(rows, "value", stored.Value);
        rows.Text("value_code", stored.ValueCode);
        rows.Text("value_text", stored.ValueText);
        rows.Text("source", stored.Source);
        rows.Json("payload", Encoding.UTF8.GetString(stored.Payload.Span));
    }

    public static void Write(CsvRows rows, HealthEvent stored, EcgVoltages voltages, int point)
    {
        rows.Time("ecg_start_at", stored.StartAt, stored.OffsetMinutes);
        rows.Text("source", stored.Source);
        rows.Number("frequency_hz", voltages.FrequencyHz);
        rows.Number("seconds", point / voltages.FrequencyHz);
        rows.Number("microvolts", voltages.Microvolts[point]);
    }

    static void Number(CsvRows rows, string column, double? value) => rows.Number(column, value ?? double.NaN);
}
