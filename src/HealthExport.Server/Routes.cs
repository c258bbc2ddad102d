using HealthExport.Keys;
using HealthExport.Limits;
using HealthExport.Server.Health;
using HealthExport.Server.Ingest;
using HealthExport.Server.Limits;
using HealthExport.Server.Metrics;
using HealthExport.Server.Security;
using HealthExport.Server.Workouts;
using static HealthExport.Server.Http.KnownParametersRouting;

namespace HealthExport.Server;

/// <summary>Every path the server answers, with what a key must hold and which of its limits counts.</summary>
static class Routes
{
    const KeyScopes Ingest = KeyScopes.Ingest;
    const KeyScopes Read = KeyScopes.Read;
    const KeyScopes Admin = KeyScopes.Admin;

    const LimitClass Pushes = LimitClass.Ingest;
    const LimitClass Reads = LimitClass.Read;

    public static void MapRoutes(this IEndpointRouteBuilder app)
    {
        app.MapGet("/health", GetHealth.HandleAsync).NeedsNoKey();
        app.MapGet("/ready", GetReady.HandleAsync).NeedsNoKey();

        // The vendor's server's path: an automation made for it needs another host, and nothing else.
        app.MapPost("/api/data", IngestPush.HandleAsync).Needs(Ingest).CountsAs(Pushes);

        foreach (var prefix in (string[])["/v1", "/api/v1"])
        {
            var v1 = app.MapGroup(prefix);
            v1.MapPost("/ingest", IngestPush.HandleAsync).Needs(Ingest).CountsAs(Pushes);
            v1.MapGet("/auth/rate-limit", GetRateLimit.HandleAsync).Needs(KeyScopes.All).IsFreeAs(Reads);

            v1.MapGet("/ingestions", ListIngestions.HandleAsync)
                .Needs(Ingest | Read).CountsAs(Reads).TakesQuery(ListIngestions.Parameters);
            v1.MapGet("/ingestions/{id:guid}", GetIngestion.HandleAsync).Needs(Ingest | Read).CountsAs(Reads);
            v1.MapGet("/ingestions/{id:guid}/rejects", ListRejects.HandleAsync)
                .Needs(Read).CountsAs(Reads).TakesQuery(ListRejects.Parameters);
            v1.MapGet("/ingestions/{id:guid}/payload", GetPayload.HandleAsync).Needs(Read).CountsAs(Reads);
            v1.MapPost("/ingestions/{id:guid}/replay", ReplayIngestion.HandleAsync).Needs(Admin).CountsAs(Pushes);

            v1.MapGet("/metrics", ListMetrics.HandleAsync)
                .Needs(Read).CountsAs(Reads).TakesQuery(ListMetrics.Parameters);
            v1.MapGet("/metrics/{name}/samples", ListSamples.HandleAsync)
                .Needs(Read).CountsAs(Reads).TakesQuery(ListSamples.Parameters);
            v1.MapGet("/metrics/{name}/series", ReadSeries.HandleAsync)
                .Needs(Read).CountsAs(Reads).TakesQuery(ReadSeries.Parameters);

            v1.MapGet("/workouts", ListWorkouts.HandleAsync)
                .Needs(Read).CountsAs(Reads).TakesQuery(ListWorkouts.Parameters);
            v1.MapGet("/workouts/{id:guid}", GetWorkout.HandleAsync).Needs(Read).CountsAs(Reads);
            v1.MapGet("/workouts/{id:guid}/route", GetRoute.HandleAsync)
                .Needs(Read).CountsAs(Reads).TakesQuery(GetRoute.Parameters);
        }
    }
}
