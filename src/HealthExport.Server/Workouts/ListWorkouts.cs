using HealthExport.Catalogue;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Stores;
using HealthExport.Workouts;

namespace HealthExport.Server.Workouts;

/// <summary>GET /v1/workouts: newest first, by time, activity and place.</summary>
static class ListWorkouts
{
    public static readonly string[] Parameters =
        ["activity", "from", "to", "near", "radius_m", "box", "cursor", "limit"];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, IWorkoutStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var activity = query.Text("activity");
        var span = query.Span();
        var near = query.Circle();
        var box = query.Box();
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;

        // Any known name of an activity means the activity; another, the workouts that bear it.
        var known = activity is null ? null : TextCodes.Activities.Find(activity);
        var page = await store.ListAsync(
            new(caller.UserId, span, known, known is null ? activity : null, near, box, cursor, limit),
            cancellationToken);

        if (context.Request.PrefersCsv())
        {
            context.LinkNext(page.NextCursor);
            await WriteAsync(new CsvRows(context.Response, WorkoutColumns.OfCsv), page, cancellationToken);
            return TypedResults.Empty;
        }
        using var rows = new JsonRows(context.Response);
        await WriteAsync(rows, page, cancellationToken);
        return TypedResults.Empty;
    }

    static async ValueTask WriteAsync(IRowWriter rows, Page<WorkoutRow> page, CancellationToken cancellationToken)
    {
        foreach (var workout in page.Items)
        {
            rows.BeginRow();
            WorkoutColumns.Write(rows, workout);
            await rows.EndRowAsync(cancellationToken);
        }
        await rows.EndAsync(page.NextCursor, cancellationToken);
    }
}
