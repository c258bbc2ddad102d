using System.Text.Json;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.Events;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Sleep;
using HealthExport.Workouts;
using Microsoft.Extensions.Primitives;

namespace HealthExport.Server.Exports;

/// <summary>
/// GET /v1/export: everything of a person as a zip, sent while it is read: standard items that can be pushed again,
/// tables, routes, and last a manifest, without which it is not whole.
/// </summary>
static class ExportData
{
    public static readonly string[] Parameters = ["from", "to", "types"];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, ISampleStore samples, ISleepStore sleep, IWorkoutStore workouts,
        IEventStore events, IUserStore users, RunningExports running, AuditTrail trail, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var span = query.Span();
        var types = ReadTypes(query);
        if (query.Problem is { } problem) return problem;
        using var place = await running.EnterAsync(caller.UserId, cancellationToken);
        if (place is null) return Problems.TooManyExports();

        var profile = await users.FindProfileAsync(caller.UserId, cancellationToken) ?? throw new UserGoneException();
        var asked = new ExportSpan(AsAsked("from"), AsAsked("to"));
        trail.Record(context, AuditAction.DataExported, metadata: new JsonObject
        {
            ["from"] = asked.From,
            ["to"] = asked.To,
            ["types"] = new JsonArray([.. types.Select(type => (JsonNode)type)]),
        });

        var before = await users.FindVersionsAsync(caller.UserId, cancellationToken);
        var exportedAt = clock.GetUtcNow();
        var response = context.Response;
        response.ContentType = "application/zip";
        response.Headers.ContentDisposition =
            FormattableString.Invariant($"attachment; filename=\"health-export-{exportedAt:yyyy-MM-dd}.zip\"");
        try
        {
            using var archive = new ExportArchive(response.BodyWriter, exportedAt);
            var source = new ExportSource(samples, sleep, workouts, events, caller.UserId, span);
            await new ExportFiles(archive, source, types).WriteAsync(cancellationToken);
            var after = await users.FindVersionsAsync(caller.UserId, cancellationToken);
            await WriteManifestAsync(
                archive,
                new(
                    ExportManifest.OwnFormat, ExportManifest.OwnVersion,
                    typeof(ExportData).Assembly.GetName().Version!.ToString(3), exportedAt, asked, types,
                    IsConsistent: before == after, profile.User.TimeZone, profile.SourceRanks,
                    [.. archive.Files.Select(file => file with { ContentType = TypeOf(file, source.Revisions) })]),
                cancellationToken);
            await archive.CompleteAsync(cancellationToken);
        }
        catch when (!response.HasStarted)
        {
            // What is answered instead is no zip.
            response.Headers.ContentDisposition = default;
            throw;
        }
        return TypedResults.Empty;

        string? AsAsked(string name) =>
            context.Request.Query.TryGetValue(name, out var values) && values != StringValues.Empty ? values[0] : null;
    }

    static IReadOnlyList<string> ReadTypes(QueryReader query)
    {
        if (query.Text("types") is not { } text) return ExportFiles.Types;
        var asked = text.Split(',');
        if (asked.Except(ExportFiles.Types).Any())
            query.Refuse("types", $"must be some of {string.Join(", ", ExportFiles.Types)}, parted by commas.");
        return [.. ExportFiles.Types.Intersect(asked)];
    }

    static string? TypeOf(ExportedFile file, long revisions) =>
        file.Path == ExportFiles.Quantities ? NdjsonType.WithRevisions(revisions)
        : file.Path.EndsWith(ExportFiles.Ndjson, StringComparison.Ordinal) ? NdjsonType.Name
        : null;

    static async ValueTask WriteManifestAsync(
        ExportArchive archive, ExportManifest manifest, CancellationToken cancellationToken)
    {
        using var file = archive.Begin(ExportManifest.Path);
        await file.WriteAsync(
            JsonSerializer.SerializeToUtf8Bytes(manifest, ExportJson.Default.ExportManifest), cancellationToken);
        file.End(1);
    }
}
