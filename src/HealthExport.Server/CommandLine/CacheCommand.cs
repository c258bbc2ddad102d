using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using HealthExport.Server.Caching;

namespace HealthExport.Server.CommandLine;

/// <summary>cache status: what the running servers of the store say of their caches.</summary>
static class CacheCommand
{
    public static Command Make(Shell shell)
    {
        var status = new Command("status", "Says how often answers were there already, and what they take")
            .Run(shell, async (call, cancellationToken) =>
            {
                var answers = await CachePipes.AskAllAsync(shell.LoadSettings().DatabaseUrl, cancellationToken);
                if (answers.Count == 0)
                    throw new CommandFailedException(
                        "No server of this store runs on this machine, or none that lets you look in.",
                        "Ask where it runs, with its DATABASE_URL and as its user: health-export config");
                if (call.IsJson) WriteJson(shell, answers);
                else WriteText(shell, answers);
                return ExitCodes.Success;
            });
        return new Command("cache", "Looks into the caches of running servers") { status };
    }

    static void WriteJson(Shell shell, IReadOnlyList<CacheStatusAnswer> answers) =>
        Answer.Write(shell.Out, new JsonObject
        {
            ["servers"] = Answer.ToArray(answers, status => new JsonObject
            {
                ["process_id"] = status.ProcessId,
                ["since"] = Answer.Format(Time.Instant.From(status.Since)),
                ["requests"] = status.Requests,
                ["hits"] = status.Hits,
                ["shared_hits"] = status.SharedHits,
                ["not_modified"] = status.NotModified,
                ["misses"] = status.Misses,
                ["hit_rate"] = status.HitRate,
                ["warmed"] = status.Warmed,
                ["evictions"] = status.Evictions,
                ["entries"] = status.Entries,
                ["size_bytes"] = status.SizeBytes,
                ["capacity_bytes"] = status.CapacityBytes,
                ["redis"] = status.Redis,
            }),
        });

    static void WriteText(Shell shell, IReadOnlyList<CacheStatusAnswer> answers)
    {
        var writer = shell.Out;
        foreach (var status in answers)
        {
            var since = Answer.Format(Time.Instant.From(status.Since));
            writer.WriteLine($"Server    process {status.ProcessId}, since {since}");
            writer.WriteLine(
                $"Reads     {Format(status.Requests)}: {Format(status.Hits)} kept here, "
                + $"{Format(status.SharedHits)} kept in Redis, {Format(status.NotModified)} not modified, "
                + $"{Format(status.Misses)} worked out");
            writer.WriteLine(
                $"Hit rate  {status.HitRate?.ToString("P1", CultureInfo.InvariantCulture) ?? "nothing read yet"}");
            writer.WriteLine($"Warmed    {Format(status.Warmed)} answers, before they were asked for again");
            writer.WriteLine(
                $"Kept      {Format(status.Entries)} answers, {Answer.FormatSize(status.SizeBytes)} of "
                + $"{Answer.FormatSize(status.CapacityBytes)}; {Format(status.Evictions)} had to make room");
            writer.WriteLine($"Redis     {status.Redis ?? "not used"}");
        }
    }

    static string Format(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
