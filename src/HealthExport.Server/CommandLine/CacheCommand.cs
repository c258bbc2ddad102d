using System.CommandLine;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using HealthExport.Server.Caching;
using HealthExport.Server.Http;

namespace HealthExport.Server.CommandLine;

/// <summary>cache status: what running servers say of their caches.</summary>
static class CacheCommand
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    public static Command Make(Shell shell)
    {
        var urls = new Option<string[]>("--url")
        {
            Description = "A server on this machine; several times for several [default: where the settings listen]",
            HelpName = "URL",
        };
        var status = new Command("status", "Says how often answers were there already, and what they take") { urls }
            .Run(shell, async (call, cancellationToken) =>
            {
                var asked = call.Get(urls) is { Length: > 0 } given
                    ? given
                    : [ReachableUrl.FindHere(shell.LoadSettings())];
                var answers = new List<(string Url, CacheStatusAnswer Status)>();
                foreach (var url in asked) answers.Add((url, await AskAsync(url, cancellationToken)));
                if (call.IsJson) WriteJson(shell, answers);
                else WriteText(shell, answers);
                return ExitCodes.Success;
            });
        return new Command("cache", "Looks into the caches of running servers") { status };
    }

    static async Task<CacheStatusAnswer> AskAsync(string url, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var server) || server.Scheme is not ("http" or "https"))
            throw new UsageException($"{url} is no URL of a server.", "Such as http://127.0.0.1:8080");
        // Nothing is sent that anybody could want, and a certificate is for the name that others know.
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
            UseProxy = false,
        };
        using var http = new HttpClient(handler) { Timeout = s_patience };
        try
        {
            using var response = await http.GetAsync(new Uri(server, GetCacheStatus.Path), cancellationToken);
            if (response.IsSuccessStatusCode
                && await response.Content.ReadFromJsonAsync(
                    ServerJson.Default.CacheStatusAnswer, cancellationToken) is { } status) return status;
            throw new CommandFailedException(
                $"{url} answers {(int)response.StatusCode}.",
                "Ask on the machine that the server runs on, by its address and not by a name or through a proxy.");
        }
        catch (Exception e) when (
            e is HttpRequestException or SocketException or System.Text.Json.JsonException
            || e is TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new CommandFailedException(
                $"No server answers at {url}.", "Where it listens is said when it starts. Ask it there with --url URL");
        }
    }

    static void WriteJson(Shell shell, List<(string Url, CacheStatusAnswer Status)> answers) =>
        Answer.Write(shell.Out, new JsonObject
        {
            ["servers"] = Answer.ToArray(answers, answer => new JsonObject
            {
                ["url"] = answer.Url,
                ["since"] = Answer.Format(Time.Instant.From(answer.Status.Since)),
                ["requests"] = answer.Status.Requests,
                ["hits"] = answer.Status.Hits,
                ["shared_hits"] = answer.Status.SharedHits,
                ["not_modified"] = answer.Status.NotModified,
                ["misses"] = answer.Status.Misses,
                ["hit_rate"] = answer.Status.HitRate,
                ["warmed"] = answer.Status.Warmed,
                ["evictions"] = answer.Status.Evictions,
                ["entries"] = answer.Status.Entries,
                ["size_bytes"] = answer.Status.SizeBytes,
                ["capacity_bytes"] = answer.Status.CapacityBytes,
                ["redis"] = answer.Status.Redis,
            }),
        });

    static void WriteText(Shell shell, List<(string Url, CacheStatusAnswer Status)> answers)
    {
        var writer = shell.Out;
        foreach (var (url, status) in answers)
        {
            writer.WriteLine($"Server    {url}, since {Answer.Format(Time.Instant.From(status.Since))}");
            writer.WriteLine(
                $"Reads     {Format(status.Requests)}: {Format(status.Hits)} kept here, "
                + $"{Format(status.SharedHits)} kept in Redis, {Format(status.NotModified)} not modified, "
                + $"{Format(status.Misses)} worked out");
            writer.WriteLine($"Hit rate  {status.HitRate?.ToString("P1", CultureInfo.InvariantCulture) ?? "nothing read yet"}");
            writer.WriteLine($"Warmed    {Format(status.Warmed)} answers, before they were asked for again");
            writer.WriteLine(
                $"Kept      {Format(status.Entries)} answers, {Answer.FormatSize(status.SizeBytes)} of "
                + $"{Answer.FormatSize(status.CapacityBytes)}; {Format(status.Evictions)} had to make room");
            writer.WriteLine($"Redis     {status.Redis ?? "not used"}");
        }
    }

    static string Format(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
