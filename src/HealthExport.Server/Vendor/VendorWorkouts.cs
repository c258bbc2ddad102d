using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Workouts;

namespace HealthExport.Server.Vendor;

/// <summary>
/// GET /api/workouts and /api/workouts/{id}, as the app vendor's own server answers them, for dashboards made for that
/// one. docs/api.md says where they differ.
/// </summary>
static class VendorWorkouts
{
    public static readonly string[] Parameters = ["startDate", "endDate", "from", "to", "include", "exclude"];
    public static readonly string[] ParametersOfOne = ["include", "exclude"];

    const int WorkoutsAtOnce = 1_000;

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, IWorkoutStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        // The vendor's own dashboard sends the span under both names.
        var span = query.VendorSpan("startDate", "endDate");
        if (span == default) span = query.VendorSpan("from", "to");
        var (include, exclude) = (query.TextOrEmpty("include"), query.TextOrEmpty("exclude"));
        if (query.Problem is { } problem) return problem;

        using var rows = JsonRows.ForArray(context.Response);
        var fields = new VendorFields(rows, NullIfEmpty(include), NullIfEmpty(exclude));
        string? cursor = null;
        do
        {
            var page = await store.ListAsync(
                new(caller.UserId, span, null, null, null, null, cursor, WorkoutsAtOnce), cancellationToken);
            foreach (var (workout, _) in page.Items)
            {
                rows.BeginRow();
                fields.Text("id", workout.Id!.Value.ToString().ToUpperInvariant());
                fields.Text("workout_type", workout.NameAsSent);
                fields.Time("start_time", workout.StartAt);
                fields.Time("end_time", workout.EndAt);
                fields.Number(
                    "duration_minutes",
                    (workout.DurationSeconds ?? (workout.EndAt - workout.StartAt).TotalSeconds) / 60);
                fields.Number(
                    "calories_burned", workout.ActiveEnergyKcal ?? workout.TotalEnergyKcal ?? double.NaN);
                await rows.EndRowAsync(cancellationToken);
            }
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        await rows.EndAsync(null, cancellationToken);
        return TypedResults.Empty;
    }

    public static async Task<IResult> HandleOneAsync(
        Guid id, HttpContext context, Caller caller, IWorkoutStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var (include, exclude) = (query.TextOrEmpty("include"), query.TextOrEmpty("exclude"));
        if (query.Problem is { } problem) return problem;
        if (await store.FindAsync(caller.UserId, id, cancellationToken) is not { } found)
            return Problems.NotFound("There is no workout of this id.", "GET /api/workouts lists yours.");

        using var rows = JsonRows.ForOne(context.Response);
        var fields = new VendorFields(rows, NullIfEmpty(include), NullIfEmpty(exclude));
        rows.BeginRow();
        await WriteSeriesAsync("heartRateData", "heart_rate", "Heart Rate");
        await WriteSeriesAsync("heartRateRecovery", "heart_rate_recovery", "Heart Rate Recovery");
        if (fields.Has("route"))
        {
            rows.BeginList("route");
            var route = found.HasRoute
                ? (await store.FindRouteAsync(caller.UserId, id, cancellationToken))?.Route
                : null;
            for (var i = 0; i < route?.Count; i++)
            {
                rows.BeginRow();
                rows.Number("latitude", route.Latitudes[i]);
                rows.Number("longitude", route.Longitudes[i]);
                rows.Text("time", VendorFields.Format(route.Times[i]));
                await rows.EndRowAsync(cancellationToken);
            }
            rows.EndList();
        }
        await rows.EndRowAsync(cancellationToken);
        await rows.EndAsync(null, cancellationToken);
        return TypedResults.Empty;

        async ValueTask WriteSeriesAsync(string name, string series, string type)
        {
            if (!fields.Has(name)) return;
            rows.BeginList(name);
            var own = found.Workout.Series.FirstOrDefault(candidate => candidate.Name == series);
            for (var i = 0; i < own?.Times.Length; i++)
            {
                rows.BeginRow();
                rows.Text("type", type);
                rows.Text("timestamp", VendorFields.Format(own.Times[i]));
                rows.Number(
                    "value",
                    double.IsNaN(own.Values[i]) && own is { Min: { } min, Max: { } max }
                        ? (min[i] + max[i]) / 2
                        : own.Values[i]);
                await rows.EndRowAsync(cancellationToken);
            }
            rows.EndList();
        }
    }

    static string? NullIfEmpty(string? text) => text is "" ? null : text;
}
