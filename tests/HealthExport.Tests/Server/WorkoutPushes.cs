using System.Net;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>Pushes of workouts as plain JSON.</summary>
static class WorkoutPushes
{
    /// <param name="workouts">Each what <see cref="Run"/> makes.</param>
    public static async Task PushWorkoutsAsync(this RunningServer server, TestKey key, params string[] workouts)
    {
        using var response = await server.PushAsync(
            key, $$$"""{"data":{"workouts":[{{{string.Join(",", workouts)}}}]}}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("completed", (await response.ReadJsonAsync()).Text("status"));
    }

    /// <param name="start">RFC 3339, up to the minute and with an offset: it lasts for 30 of them.</param>
    /// <param name="more">Further members.</param>
    public static string Run(Guid id, string start, string type = "Outdoor Run", string more = "")
    {
        var end = start.Replace(":00:00", ":30:00");
        var rest = more.Length > 0 ? "," + more : "";
        return $$"""
            {"id":"{{id}}","workout_type":"{{type}}","start_time":"{{start}}","end_time":"{{end}}"{{rest}}}
            """;
    }

    /// <param name="points">Latitude, longitude, altitude (NaN for none), one a second from 07:00:00 UTC.</param>
    public static string Route(params (double Latitude, double Longitude, double Altitude)[] points) =>
        FormattableString.Invariant($"\"route\":[{string.Join(",", points.Select((point, i) =>
            FormattableString.Invariant($"{{\"lat\":{point.Latitude},\"lon\":{point.Longitude}")
            + (double.IsNaN(point.Altitude) ? "" : FormattableString.Invariant($",\"altitude\":{point.Altitude}"))
            + FormattableString.Invariant($",\"time\":\"2026-01-15T07:00:{i:00}Z\"}}")))}]");
}
