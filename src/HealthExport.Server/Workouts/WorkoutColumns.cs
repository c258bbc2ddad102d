using HealthExport.Server.Http;
using HealthExport.Workouts;

namespace HealthExport.Server.Workouts;

/// <summary>What the world sees of a workout, in lists and alone.</summary>
static class WorkoutColumns
{
    public static readonly string[] OfCsv =
    [
        "id", "activity", "name", "start_at", "end_at", "duration_s", "active_energy_kcal", "total_energy_kcal",
        "distance_m", "heart_rate_min", "heart_rate_avg", "heart_rate_max", "elevation_up_m", "elevation_down_m",
        "speed_avg_mps", "speed_max_mps", "step_cadence", "is_indoor", "location", "source", "has_route", "details",
    ];

    public static void Write(IRowWriter rows, WorkoutRow row)
    {
        var workout = row.Workout;
        rows.Text("id", workout.Id.ToString());
        rows.Text("activity", workout.Activity);
        rows.Text("name", workout.NameAsSent);
        rows.Time("start_at", workout.StartAt, workout.OffsetMinutes);
        rows.Time("end_at", workout.EndAt, workout.OffsetMinutes);
        Number("duration_s", workout.DurationSeconds);
        Number("active_energy_kcal", workout.ActiveEnergyKcal);
        Number("total_energy_kcal", workout.TotalEnergyKcal);
        Number("distance_m", workout.DistanceMetres);
        rows.BeginGroup("heart_rate");
        Number("min", workout.HeartRateMin);
        Number("avg", workout.HeartRateAvg);
        Number("max", workout.HeartRateMax);
        rows.EndGroup();
        Number("elevation_up_m", workout.ElevationUpMetres);
        Number("elevation_down_m", workout.ElevationDownMetres);
        Number("speed_avg_mps", workout.SpeedAvgMetresPerSecond);
        Number("speed_max_mps", workout.SpeedMaxMetresPerSecond);
        Number("step_cadence", workout.StepCadencePerMinute);
        rows.Flag("is_indoor", workout.IsIndoor);
        rows.Text("location", workout.Location);
        rows.Text("source", workout.Source);
        rows.Flag("has_route", row.HasRoute);
        rows.Json("details", workout.Details);

        void Number(string column, double? value) => rows.Number(column, value ?? double.NaN);
    }
}
