using HealthExport.Keys;
using HealthExport.Limits;
using HealthExport.Server.Audit;
using HealthExport.Server.Auth;
using HealthExport.Server.Caching;
using HealthExport.Server.Deletions;
using HealthExport.Server.Drift;
using HealthExport.Server.Events;
using HealthExport.Server.Exports;
using HealthExport.Server.Freshness;
using HealthExport.Server.Health;
using HealthExport.Server.Http;
using HealthExport.Server.Ingest;
using HealthExport.Server.Limits;
using HealthExport.Server.Metrics;
using HealthExport.Server.OpenApi;
using HealthExport.Server.People;
using HealthExport.Server.Security;
using HealthExport.Server.Sleep;
using HealthExport.Server.Summaries;
using HealthExport.Server.Texts;
using HealthExport.Server.Vendor;
using HealthExport.Server.Workouts;
using static HealthExport.Audit.AuditAction;
using static HealthExport.Server.Http.KnownParametersRouting;

namespace HealthExport.Server;

/// <summary>Every path the server answers: what a key must hold, which of its limits counts, what the audit trail
/// says, how long an answer holds.</summary>
static class Routes
{
    const KeyScopes Ingest = KeyScopes.Ingest;
    const KeyScopes Read = KeyScopes.Read;
    const KeyScopes Admin = KeyScopes.Admin;

    const string NoHealthData = "It shows no health data.";
    const string OfPushes = "It tells of pushes, and those that change nothing raise no version.";
    const string OfKeys = "It tells of keys and what they did, which raises no version of the person's data.";
    const string Csv = CsvRows.MediaType;

    const LimitClass Pushes = LimitClass.Ingest;
    const LimitClass Reads = LimitClass.Read;

    public static void MapRoutes(this IEndpointRouteBuilder app)
    {
        app.MapGet("/health", GetHealth.HandleAsync).NeedsNoKey();
        app.MapGet("/ready", GetReady.HandleAsync).NeedsNoKey();
        app.MapGet(GetOpenApi.Path, GetOpenApi.Handle).NeedsNoKey();
        app.MapApiPages().NeedsNoKey();

        // The vendor's server's path: an automation made for it needs another host, and nothing else.
        app.MapPost("/api/data", IngestPush.HandleAsync).Needs(Ingest).CountsAs(Pushes).Audits(DataIngested);

        // And what its dashboards read.
        app.MapGet("/api/metrics/{name}", ListVendorMetric.HandleAsync)
            .ReadsData().TakesAnyQuery(ListVendorMetric.Parameters)
            .Caches(CacheLife.InProcess);
        app.MapGet("/api/workouts", VendorWorkouts.HandleAsync)
            .ReadsData().TakesAnyQuery(VendorWorkouts.Parameters)
            .Caches(CacheLife.InProcess);
        app.MapGet("/api/workouts/{id:guid}", VendorWorkouts.HandleOneAsync)
            .ReadsData().TakesAnyQuery(VendorWorkouts.ParametersOfOne)
            .Caches(CacheLife.InProcess);

        foreach (var prefix in (string[])["/v1", "/api/v1"])
        {
            var v1 = app.MapGroup(prefix);
            v1.MapPost("/ingest", IngestPush.HandleAsync).Needs(Ingest).CountsAs(Pushes).Audits(DataIngested);
            v1.MapGet("/ingestions", ListIngestions.HandleAsync)
                .Needs(Ingest | Read).CountsAs(Reads).Audits(DataRead).TakesQuery(ListIngestions.Parameters)
                .CachesNothing(OfPushes);
            v1.MapGet("/ingestions/{id:guid}", GetIngestion.HandleAsync)
                .Needs(Ingest | Read).CountsAs(Reads).Audits(DataRead)
                .CachesNothing(OfPushes);
            v1.MapGet("/ingestions/{id:guid}/rejects", ListRejects.HandleAsync)
                .ReadsData().TakesQuery(ListRejects.Parameters)
                .CachesNothing(OfPushes);
            v1.MapGet("/ingestions/{id:guid}/payload", GetPayload.HandleAsync)
                .Needs(Read).CountsAs(Reads).Audits(PayloadRead)
                .CachesNothing(OfPushes);
            v1.MapPost("/ingestions/{id:guid}/replay", ReplayIngestion.HandleAsync)
                .Needs(Admin).CountsAs(Pushes).Audits(IngestionReplayed);

            v1.MapGet("/metrics", ListMetrics.HandleAsync)
                .ReadsData().TakesQuery(ListMetrics.Parameters)
                .Caches(CacheLife.InProcess);
            v1.MapGet("/metrics/{name}/samples", ListSamples.HandleAsync)
                .ReadsData().TakesQuery(ListSamples.Parameters)
                .AnswersIn(Csv).Caches(CacheLife.InProcess);
            v1.MapGet("/metrics/{name}/series", ReadSeries.HandleAsync)
                .ReadsData().TakesQuery(ReadSeries.Parameters)
                .AnswersIn(Csv).CachesLastDays(30, CacheLife.Minutes(10));

            v1.MapGet("/metrics/latest", ListLatest.HandleAsync)
                .ReadsData().TakesQuery(ListLatest.Parameters)
                .Caches(CacheLife.Minutes(10));
            v1.MapGet("/series", ReadSeries.HandleManyAsync)
                .ReadsData().TakesQuery(ReadSeries.ParametersOfMany)
                .AnswersIn(Csv).CachesLastDays(30, CacheLife.Minutes(10));

            v1.MapGet("/summary", GetSummary.HandleAsync)
                .ReadsData().TakesQuery(GetSummary.Parameters)
                .Caches(CacheLife.Minutes(5), GetSummary.EffectiveSpan);

            v1.MapGet("/freshness", GetFreshness.HandleAsync)
                .ReadsData().CachesNothing(OfPushes);

            v1.MapGet("/drift", ListDrift.HandleAsync)
                .ReadsData().TakesQuery(ListDrift.Parameters).CachesNothing(OfPushes);

            v1.MapGet("/blood-pressure", ListBloodPressure.HandleAsync)
                .ReadsData().TakesQuery(ListBloodPressure.Parameters)
                .AnswersIn(Csv).Caches(CacheLife.InProcess);
            v1.MapGet("/sleep", ListNights.HandleAsync)
                .ReadsData().TakesQuery(ListNights.Parameters)
                .AnswersIn(Csv).Caches(CacheLife.InProcess);

            v1.MapGet("/events", ListEvents.HandleAsync)
                .ReadsData().TakesQuery(ListEvents.Parameters)
                .Caches(CacheLife.InProcess);
            v1.MapGet("/events/{id}", ListEvents.HandleOneAsync)
                .ReadsData()
                .Caches(CacheLife.InProcess);

            v1.MapGet("/unmapped", ListUnmapped.HandleAsync)
                .ReadsData().TakesQuery(ListUnmapped.Parameters)
                .Caches(CacheLife.InProcess);

            v1.MapGet("/export", ExportData.HandleAsync)
                .Needs(Read).CountsAs(Reads).Audits(DataExported).TakesQuery(ExportData.Parameters)
                .CachesNothing("It is too large to keep, and dated.");

            v1.MapGet("/users/me", GetMe.HandleAsync)
                .Needs(Read).CountsAs(Reads).AuditsNothing(NoHealthData)
                .CachesNothing("It is no health data, and as cheap to read as its versions.");
            v1.MapPatch("/users/me", UpdateMe.HandleAsync)
                .Needs(Admin).CountsAs(Reads).Audits(UserChanged);
            v1.MapDelete("/users/me", EraseMe.HandleAsync)
                .Needs(Admin).CountsAs(Reads).Audits(UserErased).TakesQuery(EraseMe.Parameters);

            v1.MapGet("/workouts", ListWorkouts.HandleAsync)
                .ReadsData().TakesQuery(ListWorkouts.Parameters)
                .AnswersIn(Csv).Caches(CacheLife.InProcess);
            v1.MapGet("/workouts/{id:guid}", GetWorkout.HandleAsync)
                .ReadsData()
                .Caches(CacheLife.InProcess);
            v1.MapGet("/workouts/{id:guid}/route", GetRoute.HandleAsync)
                .ReadsData().TakesQuery(GetRoute.Parameters)
                .AnswersIn(GpxRoute.MediaType, usual: GeoJsonRoute.MediaType).Caches(CacheLife.InProcess);

            v1.MapDelete("/data", DeleteData.HandleAsync)
                .Needs(Admin).CountsAs(Reads).Audits(DataDeleted).TakesQuery(DeleteData.Parameters);

            v1.MapPost("/auth/keys", CreateKey.HandleAsync)
                .Needs(Admin).CountsAs(Reads).Audits(KeyCreated);
            v1.MapGet("/auth/keys", ListKeys.HandleAsync)
                .Needs(Admin).CountsAs(Reads).AuditsNothing(NoHealthData).TakesQuery(ListKeys.Parameters)
                .CachesNothing(OfKeys);
            v1.MapDelete("/auth/keys", RevokeKey.HandleBodyAsync)
                .Needs(Admin).CountsAs(Reads).Audits(KeyRevoked);
            v1.MapDelete("/auth/keys/{id}", RevokeKey.HandleAsync)
                .Needs(Admin).CountsAs(Reads).Audits(KeyRevoked);
            v1.MapPost("/auth/keys/{id}/rotate", RotateKey.HandleAsync)
                .Needs(Admin).CountsAs(Reads).Audits(KeyRotated);

            v1.MapGet("/auth/rate-limit", GetRateLimit.HandleAsync)
                .Needs(KeyScopes.All).IsFreeAs(Reads).AuditsNothing(NoHealthData)
                .CachesNothing(OfKeys);

            v1.MapGet("/audit", ListAudit.HandleAsync)
                .Needs(Admin).CountsAs(Reads).Audits(AuditRead).TakesQuery(ListAudit.Parameters)
                .CachesNothing(OfKeys);
        }
    }

    /// <summary>What every read of a person's health data has in common.</summary>
    static RouteHandlerBuilder ReadsData(this RouteHandlerBuilder route) =>
        route.Needs(Read).CountsAs(Reads).Audits(DataRead);
}
