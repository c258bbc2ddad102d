namespace HealthExport.Tests.Isolation;

/// <summary>A push of something of everything, with the person's name in every text that can hold one.</summary>
static class PushedLife
{
    /// <param name="name">No part of any other word in an answer.</param>
    /// <param name="day">Of January 2026.</param>
    /// <param name="hour">When most of it was, UTC: two people's have no times in common.</param>
    public static string Of(string name, Guid workout, int day = 10, int hour = 8)
    {
        var at = $"2026-01-{day:00}T{hour:00}:00:00Z";
        var end = $"2026-01-{day:00}T{hour:00}:30:00Z";
        return $$$"""
            { "{{{name}}}_tool": 1, "data": { "metrics": [
              { "type": "Quantity", "metric": "step_count", "unit": "count", "start_at": "{{{at}}}", "value": 100,
                "source": "{{{name}}} watch" },
              { "type": "Quantity", "metric": "step_count", "unit": "count", "start_at": "{{{at}}}", "value": 90,
                "source": "{{{name}}} phone" },
              { "type": "Quantity", "metric": "step_count", "unit": "count", "start_at": "{{{at}}}", "value": 120,
                "grain": "hour", "source": "{{{name}}} watch" },
              { "type": "Quantity", "metric": "oxygen_saturation", "unit": "%", "start_at": "{{{at}}}", "value": 97 },
              { "type": "Quantity", "metric": "{{{name}}}_hue", "unit": "deg", "start_at": "{{{at}}}", "value": 7 },
              { "type": "BloodPressure", "recorded_at": "{{{at}}}", "systolic": 120, "diastolic": 80,
                "source": "{{{name}}} cuff" },
              { "type": "HeartRate", "recorded_at": "{{{at}}}", "avg_bpm": 412, "source": "{{{name}}} watch" },
              { "type": "Sleep", "sleep_start": "{{{at}}}", "sleep_end": "{{{end}}}", "duration_minutes": 25,
                "deep_sleep_minutes": 5, "source": "{{{name}}} watch" },
              { "type": "SleepStage", "start_at": "{{{at}}}", "end_at": "{{{end}}}", "stage": "deep",
                "source": "{{{name}}} watch" },
              { "type": "Event", "kind": "symptoms", "start_at": "{{{at}}}", "code": "headache",
                "payload": { "of": "{{{name}}}" } } ],
            "workouts": [
              { "id": "{{{workout}}}", "workout_type": "{{{name}}} run", "start_time": "{{{at}}}",
                "end_time": "{{{end}}}", "distance_meters": 2000, "details": { "of": "{{{name}}}" },
                "series": [{ "name": "heart_rate", "unit": "/min", "times": ["{{{at}}}"], "values": [99] }],
                "route": [
                  { "lat": 52.5, "lon": 13.4, "time": "{{{at}}}" },
                  { "lat": 52.501, "lon": 13.4, "time": "{{{end}}}" } ] } ] } }
            """;
    }
}
