using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Workouts;

namespace HealthExport.Server.Workouts;

/// <summary>GET /v1/workouts/{id}: one workout, with what was recorded along it.</summary>
static class GetWorkout
{
    public static async Task<IResult> HandleAsync(
        Guid id, HttpContext context, Caller caller, IWorkoutStore store, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(caller.UserId, id, cancellationToken) is not { } found)
            return Problems.NotFound("There is no workout of this id.", "GET /v1/workouts lists yours.");

        using var row = JsonRows.ForOne(context.Response);
        row.BeginRow();
        WorkoutColumns.Write(row, found);
        row.BeginList("series");
        foreach (var series in found.Workout.Series)
        {
            row.BeginRow();
            row.Text("name", series.Name);
            row.Text("unit", series.Unit);
            row.Times("times", series.Times, found.Workout.OffsetMinutes);
            row.Numbers("values", series.Values);
            row.Numbers("min", series.Min);
            row.Numbers("max", series.Max);
            await row.EndRowAsync(cancellationToken);
        }
        row.EndList();
        await row.EndRowAsync(cancellationToken);
        await row.EndAsync(null, cancellationToken);
        return TypedResults.Empty;
    }
}
