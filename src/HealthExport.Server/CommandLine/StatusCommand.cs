using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using HealthExport.Migrations;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Server.Ingest;

namespace HealthExport.Server.CommandLine;

/// <summary>status: what is stored and when it last came.</summary>
static class StatusCommand
{
    sealed record UserStatus(User User, int Metrics, long Samples, Ingestion? Last);

    public static Command Make(Shell shell) =>
        new Command("status", "Says what is stored and when it last came").Run(shell, async (call, cancellationToken) =>
        {
            await using var store = await call.OpenStoreAsync(cancellationToken);
            var facts = await store.Migrations.DescribeAsync(cancellationToken);
            var users = new List<UserStatus>();
            foreach (var user in (await store.Users.ListAsync(cancellationToken)).Where(user => !user.IsBeingErased))
            {
                var metrics = await store.Samples.ListMetricsAsync(user.Id, cancellationToken);
                var last = await store.Ingestions.ListAsync(
                    user.Id, new IngestionFilter(), cursor: null, limit: 1, cancellationToken);
                users.Add(new(user, metrics.Count, metrics.Sum(metric => metric.Count), last.Items.FirstOrDefault()));
            }
            var counts = await store.Ingestions.CountByStatusAsync(cancellationToken);
            List<(string Status, long Count)> ingestions =
                [.. counts.OrderBy(count => count.Key).Select(count => (IngestionNames.Of(count.Key), count.Value))];
            if (call.IsJson) WriteJson(shell, facts, users, ingestions);
            else WriteText(shell, facts, users, ingestions);
            return ExitCodes.Success;
        });

    static void WriteJson(
        Shell shell, StoreFacts facts, List<UserStatus> users, List<(string Status, long Count)> ingestions) =>
        Answer.Write(shell.Out, new JsonObject
        {
            ["store"] = new JsonObject
            {
                ["engine"] = facts.Engine,
                ["version"] = facts.Version,
                ["place"] = facts.Place,
                ["size_bytes"] = facts.SizeBytes,
                ["rows"] = new JsonObject(facts.Rows.Select(
                    table => KeyValuePair.Create(table.Key, (JsonNode?)table.Value))),
            },
            ["ingestions"] = new JsonObject(ingestions.Select(
                ingestion => KeyValuePair.Create(ingestion.Status, (JsonNode?)ingestion.Count))),
            ["users"] = Answer.ToArray(users, user => new JsonObject
            {
                ["id"] = user.User.PublicId.ToString(),
                ["email"] = user.User.Email,
                ["metrics"] = user.Metrics,
                ["samples"] = user.Samples,
                ["last_push"] = user.Last is { } last
                    ? new JsonObject
                    {
                        ["ingestion_id"] = last.Id.ToString(),
                        ["received_at"] = Answer.Format(last.ReceivedAt),
                        ["status"] = IngestionNames.Of(last.Status),
                    }
                    : null,
            }),
        });

    static void WriteText(
        Shell shell, StoreFacts facts, List<UserStatus> users, List<(string Status, long Count)> ingestions)
    {
        var writer = shell.Out;
        var size = Answer.FormatSize(facts.SizeBytes);
        writer.WriteLine($"Store       {facts.Engine} {facts.Version}, {facts.Place}, {size}");
        writer.WriteLine($"Ingestions  {string.Join(", ", ingestions.Select(i => $"{Format(i.Count)} {i.Status}"))}");
        writer.WriteLine("Rows        " + string.Join(
            ", ", facts.Rows.Where(table => table.Value > 0).Select(table => $"{table.Key} {Format(table.Value)}")));
        Answer.WriteTable(
            shell, ["User", "Metrics", "Samples", "Last push", "Which was"],
            users.Select(user => (string?[])
            [
                user.User.Email, Format(user.Metrics), Format(user.Samples),
                Answer.Format(user.Last?.ReceivedAt) ?? "never",
                user.Last is { } last ? IngestionNames.Of(last.Status) : "",
            ]));
        if (ingestions.Any(i => i is { Status: "failed", Count: > 0 }))
            writer.WriteLine("Pushes were given up; their bytes are kept. Try: health-export replay --failed");
    }

    static string Format(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
