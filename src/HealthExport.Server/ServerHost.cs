using System.Diagnostics;
using System.Text;
using HealthExport.Deletions;
using HealthExport.Freshness;
using HealthExport.Keys;
using HealthExport.Pushes;
using HealthExport.Server.Audit;
using HealthExport.Server.Caching;
using HealthExport.Server.Connections;
using HealthExport.Server.Deletions;
using HealthExport.Server.Exports;
using HealthExport.Server.Health;
using HealthExport.Server.Http;
using HealthExport.Server.Ingest;
using HealthExport.Server.Limits;
using HealthExport.Server.OpenApi;
using HealthExport.Server.People;
using HealthExport.Server.Security;
using HealthExport.Server.Settings;
using HealthExport.Server.Telemetry;
using HealthExport.Server.Upkeep;
using HealthExport.Sleep;
using HealthExport.Summaries;
using HealthExport.Storage;
using HealthExport.Totals;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace HealthExport.Server;

/// <summary>The server, put together.</summary>
static class ServerHost
{
    /// <summary>
    /// Builds a server that is ready to start; nothing is opened before. The store must have been migrated when the
    /// first request comes: without that, <c>/ready</c> says what is missing.
    /// </summary>
    /// <param name="overrides">Changes to the container, last of all.</param>
    public static WebApplication Build(ServerSettings settings, Action<IServiceCollection>? overrides = null)
    {
        // Empty: no files and variables are read but those that the settings name.
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, settings));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.Shutdown);
        builder.Services.AddRouting();
        builder.Services.AddCors();
        AddLogging(builder.Logging, settings.LogLevel);
        AddServer(builder.Services, settings);
        overrides?.Invoke(builder.Services);

        var app = builder.Build();
        // Now, not when it listens: a certificate that cannot be used stops a start before anything else has begun.
        if (settings.Tls.CertificatePath is not null) app.Services.GetRequiredService<TlsCertificate>();
        app.Services.GetRequiredService<BareAnswers>().Watch(app.Services.GetRequiredService<DiagnosticListener>());
        app.UseClientAddress(settings.Http);
        app.UseRequestIds();
        app.Use(app.Services.GetRequiredService<AnswerHeaders>().SetAsync);
        app.UseMiddleware<RequestLog>();
        app.UseMiddleware<Failures>();
        app.UseCrossOrigin(settings.Http);
        app.UseOtherMethods();
        app.UseMiddleware<Compression>();
        app.UseRouting();
        app.UseSchemaGate(app.Services.GetRequiredService<SchemaWatch>());
        app.UseMiddleware<Authentication>();
        app.UseMiddleware<RateLimit>();
        app.UseMiddleware<Authorization>();
        app.UseAuditedReads();
        app.UseKnownParameters();
        app.UseMiddleware<AnswerCache>();
        app.MapRoutes();
        app.CheckScopes();
        app.CheckAudits();
        app.CheckCaching();
        return app;
    }

    static void AddServer(IServiceCollection services, ServerSettings settings)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddHealthExportStorage(settings.DatabaseUrl, settings.Database, settings.Ingest.Attempts);
        services.AddHealthExportUsage(settings.Redis);
        services.AddSingleton(settings);
        services.AddListening(settings);
        services.AddSingleton<GetOpenApi>();
        services.AddSingleton<SchemaWatch>();
        services.AddSingleton<Argon2Slots>();
        services.AddSingleton(provider => new VerifiedKeys(
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<Argon2Slots>()));
        services.AddSingleton<FailedAuthentications>().AddSingleton<KnownKeys>().AddSingleton<KeyCheck>();
        services.AddSingleton<KeyIssuer>();
        // The first to start and the last to stop, so that what the others do at their end is recorded too.
        services.AddSingleton<AuditTrail>().AddHostedService(provider => provider.GetRequiredService<AuditTrail>());
        services.AddSingleton<KeyPlaces>();
        if (settings.Redis is not null) services.AddHostedService<SharedLimits>();
        services.AddSingleton<KeyUses>().AddHostedService(provider => provider.GetRequiredService<KeyUses>());
        services.AddSingleton(provider => new PushApplication(
            provider.GetRequiredService<IIngestionStore>(), batchRows: settings.Ingest.BatchRows));
        Compression.AddTo(services);
        services.AddHealthExportSharedAnswers(settings.SharedAnswers);
        if (settings.SharedAnswers is not null) services.AddHostedService<SharedAnswering>();
        services.AddSingleton<LocalAnswers>().AddSingleton<CacheFigures>().AddSingleton<Answers>();
        services.AddSingleton<RecentReads>().AddSingleton<Warming>().AddHostedService<CacheWindow>();
        services.AddSingleton<Instruments>();
        services.AddSingleton<SettledPushes>();
        services.AddSingleton<PushAttempt>();
        services.AddSingleton<LargeBodies>().AddSingleton<RunningExports>();
        services.AddSingleton<MetricSeries>();
        services.AddSingleton<DailyTotals>();
        services.AddSingleton<SleepDiary>();
        services.AddSingleton<SummaryReader>();
        services.AddSingleton<FinestRows>();
        services.AddSingleton<FreshnessReader>();
        services.AddHostedService<StoreUpkeep>();
        services.AddSingleton<Erasures>().AddHostedService(provider => provider.GetRequiredService<Erasures>());
        services.AddSingleton<PayloadDeletion>();
        services.AddSingleton<DataDeletions>()
            .AddHostedService(provider => provider.GetRequiredService<DataDeletions>());
        services.AddSingleton<TotalsUpkeep>().AddHostedService(provider => provider.GetRequiredService<TotalsUpkeep>());
        services.AddSingleton<PushWorker>().AddHostedService(provider => provider.GetRequiredService<PushWorker>());
    }

    static void Configure(KestrelServerOptions kestrel, ServerSettings settings)
    {
        kestrel.AddServerHeader = false;
        // An automation's name in another encoding is no reason to refuse what it pushes: replacement characters.
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.UTF8;
        // Bodies are counted by whoever reads them, after decompression; a cap here would cut the connection before the
        // client could read why.
        kestrel.Limits.MaxRequestBodySize = null;
        var limits = kestrel.Limits;
        // A silent body is broken off by its reader. This stops one that drips a byte now and then for hours, and a
        // client that asks for much and does not take it.
        var least = settings.Http.LeastBytesPerSecond;
        limits.MinRequestBodyDataRate = limits.MinResponseDataRate =
            least == 0 ? null : new(least, gracePeriod: 2 * settings.Ingest.Stall);
        limits.RequestHeadersTimeout = settings.Http.Headers;
        limits.KeepAliveTimeout = settings.Http.KeepAlive;
        limits.MaxRequestHeadersTotalSize = 32 << 10;
        limits.MaxRequestHeaderCount = 100;
        limits.MaxRequestLineSize = 8 << 10;
        limits.Http2.MaxStreamsPerConnection = 100;
        limits.Http2.MaxRequestHeaderFieldSize = 16 << 10;
        // A peer that has vanished is found out, and its streams with it.
        limits.Http2.KeepAlivePingDelay = settings.Http.KeepAlive;
        limits.Http2.KeepAlivePingTimeout = settings.Http.Headers;
        kestrel.Listen(settings);
    }

    /// <summary>One line each, to standard error: standard output is for what a command prints.</summary>
    static void AddLogging(ILoggingBuilder logging, LogLevel level)
    {
        logging.SetMinimumLevel(level);
        // The framework tells of trouble only: finer, it would print headers and bodies.
        logging.AddFilter("Microsoft", level > LogLevel.Warning ? level : LogLevel.Warning);
        logging.AddFilter("System", level > LogLevel.Warning ? level : LogLevel.Warning);
        logging.AddSimpleConsole(line =>
        {
            line.SingleLine = true;
            line.ColorBehavior = LoggerColorBehavior.Disabled;
            line.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            line.UseUtcTimestamp = true;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
