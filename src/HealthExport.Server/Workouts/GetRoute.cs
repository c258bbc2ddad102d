using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Workouts;

namespace HealthExport.Server.Workouts;

/// <summary>GET /v1/workouts/{id}/route: where a workout went, as GeoJSON or GPX.</summary>
static class GetRoute
{
    public static readonly string[] Parameters = ["format"];

    static readonly string[] s_formats = ["geojson", "gpx"];

    public static async Task<IResult> HandleAsync(
        Guid id, HttpContext context, Caller caller, IWorkoutStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var format = query.Choice("format", s_formats);
        if (query.Problem is { } problem) return problem;
        var asGpx = format is null
            ? context.Request.PrefersOther()
            : format == "gpx";

        if (await store.FindRouteAsync(caller.UserId, id, cancellationToken) is not { } workout)
            return Problems.NotFound(
                "There is no workout of this id, or it has no route.",
                "GET /v1/workouts says which have one (has_route).");
        await (asGpx
            ? GpxRoute.WriteAsync(context.Response, workout, cancellationToken)
            : GeoJsonRoute.WriteAsync(context.Response, workout, cancellationToken));
        return TypedResults.Empty;
    }
}
