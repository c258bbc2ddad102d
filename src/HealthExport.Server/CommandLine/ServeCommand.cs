using System.CommandLine;
using HealthExport.Migrations;
using HealthExport.Server.Settings;
using HealthExport.Server.Telemetry;

namespace HealthExport.Server.CommandLine;

/// <summary>serve, the default verb: migrates an embedded store, listens, and greets the first user.</summary>
static class ServeCommand
{
    const string UrlsName = "--urls";
    const string MetricsUrlsName = "--metrics-urls";

    /// <param name="Urls">Separated by semicolons; null for the settings'.</param>
    /// <param name="MetricsUrls">Likewise; or none.</param>
    public sealed record Arguments(string? Urls = null, string? MetricsUrls = null, bool IsJson = false);

    public static void AddTo(Command command, Shell shell)
    {
        var urls = new Option<string[]>(UrlsName)
        {
            Description = $"Addresses to listen on, with semicolons between [default: {SettingList.Urls.Default}]",
            HelpName = "URLS",
        };
        urls.Validators.Add(result => CheckUrls(UrlsName, Join(result.GetValueOrDefault<string[]>()), result.AddError));
        var metricsUrls = new Option<string?>(MetricsUrlsName)
        {
            Description = "Addresses to serve metrics for Prometheus on, with semicolons between, or none [default: "
                + $"{SettingList.MetricsUrls.Default}, if it is free]",
            HelpName = "URLS",
        };
        metricsUrls.Validators.Add(
            result => CheckUrls(MetricsUrlsName, result.GetValueOrDefault<string>(), result.AddError));
        command.Add(urls);
        command.Add(metricsUrls);
        command.Run(shell, (call, cancellationToken) => RunAsync(
            shell, new(Join(call.Get(urls)), call.Get(metricsUrls), call.IsJson), cancellationToken));
    }

    /// <summary>
    /// Reads the usual ways to start a server by hand, which spares every start the time that building the whole
    /// command line takes.
    /// </summary>
    /// <returns>Null when anything else is there: then the command line says what is wrong, or does it.</returns>
    public static Arguments? FindArguments(ReadOnlySpan<string> args)
    {
        if (args is ["serve", ..]) args = args[1..];
        var found = new Arguments();
        while (!args.IsEmpty)
        {
            // --urls=URLS is --urls URLS.
            if (args[0] is ['-', '-', ..] option && option.IndexOf('=') is > 0 and var end)
                args = (string[])[option[..end], option[(end + 1)..], .. args[1..]];
            switch (args)
            {
                case ["--json", ..] when !found.IsJson:
                    found = found with { IsJson = true };
                    args = args[1..];
                    break;
                case [UrlsName, var urls, ..] when found.Urls is null:
                    found = found with { Urls = urls };
                    args = args[2..];
                    break;
                case [MetricsUrlsName, var urls, ..] when found.MetricsUrls is null:
                    found = found with { MetricsUrls = urls };
                    args = args[2..];
                    break;
                default:
                    return null;
            }
        }
        var isSane = true;
        CheckUrls(UrlsName, found.Urls, _ => isSane = false);
        CheckUrls(MetricsUrlsName, found.MetricsUrls, _ => isSane = false);
        return isSane ? found : null;
    }

    public static async Task<int> RunAsync(Shell shell, Arguments arguments, CancellationToken cancellationToken)
    {
        var given = new Dictionary<string, string?>();
        if (arguments.Urls is not null) given[SettingList.Urls.Name] = arguments.Urls;
        if (arguments.MetricsUrls is not null) given[SettingList.MetricsUrls.Name] = arguments.MetricsUrls;
        var settings = shell.LoadSettings(given);
        if (arguments.MetricsUrls is not null) settings = settings with { AreMetricsUrlsChosen = true };
        await using var app = ServerHost.Build(settings, services => services.Configure<LoggerFilterOptions>(
            // A start that fails is said in one line here; the host would add a page of stack trace.
            log => log.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical)));
        var lack = await Schema.FindLackAsync(
            app.Services.GetRequiredService<IMigrationStore>(), settings, cancellationToken);
        if (lack is not null) shell.Error.WriteLine($"{lack} Serving all the same; /ready answers 503 until then.");
        await using var metrics = await StartMetricsAsync(app.Services, settings, cancellationToken);
        var firstStart = lack is null ? await FirstStart.FindAsync(app.Services, shell, cancellationToken) : null;
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException error)
        {
            // Tells what has started already that this is an end, not a fault.
            app.Lifetime.StopApplication();
            throw new CommandFailedException(error.Message, "Choose another address: --urls http://127.0.0.1:8081");
        }
        // Only now: a start that fails must not use up the one time that the first keys are shown.
        var greeting = firstStart is null
            ? null : await firstStart.GreetAsync(ReachableUrl.Find(null, settings, app.Urls), cancellationToken);
        if (arguments.IsJson) WriteJson(shell, greeting, app.Urls, metrics?.Urls ?? []);
        else greeting?.Write(shell.Out);
        shell.Out.Flush();
        if (metrics is not null) shell.Error.WriteLine($"Metrics at {string.Join(", ", metrics.Urls)}");
        shell.Error.WriteLine($"Listening on {string.Join(", ", app.Urls)}");
        await app.WaitForShutdownAsync(cancellationToken);
        return ExitCodes.Success;
    }

    static async ValueTask<MetricsEndpoint?> StartMetricsAsync(
        IServiceProvider services, ServerSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            return await MetricsEndpoint.StartAsync(services, settings, cancellationToken);
        }
        catch (IOException error)
        {
            throw new CommandFailedException(
                error.Message, $"Choose another address: {MetricsUrlsName} http://127.0.0.1:9091, or none");
        }
    }

    static void WriteJson(
        Shell shell, FirstStart.Greeting? greeting, IEnumerable<string> urls, IReadOnlyCollection<string> metricsUrls)
    {
        var document = greeting?.ToJson() ?? [];
        document["urls"] = Answer.ToArray(urls, url => url);
        if (metricsUrls.Count > 0) document["metrics_urls"] = Answer.ToArray(metricsUrls, url => url);
        Answer.Write(shell.Out, document);
    }

    static string? Join(string[]? urls) => urls is { Length: > 0 } ? string.Join(';', urls) : null;

    static void CheckUrls(string name, string? urls, Action<string> addError)
    {
        if (urls is null || (name == MetricsUrlsName && ServerSettings.FindMetricsUrls(urls) is not null)) return;
        var all = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (name == UrlsName && all.Length > 0 && all.All(ServerSettings.IsListeningAddress)) return;
        addError($"{name} must be addresses such as http://127.0.0.1:8080, with semicolons between"
            + (name == MetricsUrlsName ? ", or none." : "."));
    }
}
