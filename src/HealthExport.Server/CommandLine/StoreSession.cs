using HealthExport.Audit;
using HealthExport.Caching;
using HealthExport.Freshness;
using HealthExport.Keys;
using HealthExport.Migrations;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Server.Ingest;
using HealthExport.Server.Settings;
using HealthExport.Server.Telemetry;
using HealthExport.Sleep;
using HealthExport.Storage;
using HealthExport.Texts;
using HealthExport.Totals;
using Microsoft.Extensions.Hosting.Internal;

namespace HealthExport.Server.CommandLine;

/// <summary>The configured store, opened by a verb beside whatever server runs on it.</summary>
sealed class StoreSession : IAsyncDisposable
{
    readonly ServiceProvider _services;

    StoreSession(ServiceProvider services, ServerSettings settings)
    {
        _services = services;
        Settings = settings;
    }

    public ServerSettings Settings { get; }
    public IUserStore Users => _services.GetRequiredService<IUserStore>();
    public IAuditStore Audit => _services.GetRequiredService<IAuditStore>();
    public IKeyStore Keys => _services.GetRequiredService<IKeyStore>();
    public IIngestionStore Ingestions => _services.GetRequiredService<IIngestionStore>();
    public IMigrationStore Migrations => _services.GetRequiredService<IMigrationStore>();
    public ISampleStore Samples => _services.GetRequiredService<ISampleStore>();
    public ITextStore Texts => _services.GetRequiredService<ITextStore>();
    public FreshnessReader Freshness => new(
        Samples, _services.GetRequiredService<IDailyTotalStore>(), new(_services.GetRequiredService<ISleepStore>()),
        Ingestions, Users);

    public KeyIssuer Issuer => new(Keys, new(), _services.GetRequiredService<TimeProvider>());

    /// <summary>Opens nothing yet; the first use does.</summary>
    public static StoreSession Open(Shell shell)
    {
        var settings = shell.LoadSettings();
        var services = new ServiceCollection().AddSingleton(shell.Clock).AddSingleton(settings).AddLogging();
        // What the server works on pushes with; nobody stops it here but the verb itself.
        services.AddSingleton<IHostApplicationLifetime, ApplicationLifetime>()
            .AddSingleton<SettledPushes>().AddSingleton<Instruments>();
        services.AddHealthExportStorage(settings.DatabaseUrl, settings.Database, settings.Ingest.Attempts);
        services.AddHealthExportSharedAnswers(settings.SharedAnswers);
        return new(services.BuildServiceProvider(), settings);
    }

    /// <summary>Lets go of what servers share of a person, as far as that place is there.</summary>
    public async ValueTask ForgetAnswersAsync(Guid person, CancellationToken cancellationToken)
    {
        if (_services.GetService<ISharedAnswers>() is not { } answers) return;
        await answers.StartAsync(cancellationToken);
        await answers.ForgetAsync(person);
    }

    /// <exception cref="CommandFailedException">There is no such user, or one being erased.</exception>
    public async ValueTask<User> GetUserAsync(string email, CancellationToken cancellationToken) =>
        await Users.FindByEmailAsync(email, cancellationToken) switch
        {
            null => throw new CommandFailedException($"There is no user {email}.", "See: health-export user list"),
            { IsBeingErased: true } => throw new CommandFailedException(
                $"{email} is being erased.", $"To finish that: health-export user erase {email}"),
            var user => user,
        };

    /// <summary>The user asked for, or the only one there is.</summary>
    /// <exception cref="CommandFailedException">There is none, or several and none was named.</exception>
    public async ValueTask<User> GetUserOrOnlyAsync(string? email, CancellationToken cancellationToken)
    {
        if (email is not null) return await GetUserAsync(email, cancellationToken);
        var users = await Users.ListAsync(cancellationToken);
        return users.Where(user => !user.IsBeingErased).ToList() switch
        {
            [var only] => only,
            [] => throw new CommandFailedException(
                "There is no user yet.", "Run: health-export serve, or health-export user add EMAIL"),
            _ => throw new CommandFailedException("There are several users.", "Say which with --user EMAIL"),
        };
    }

    /// <param name="report">Gets how far the push in hand has been applied, 0 to 1; null if nobody looks.</param>
    public QueuedPushes OpenQueue(Action<double>? report = null)
    {
        var application = new PushApplication(
            Ingestions, report: report, batchRows: Settings.Ingest.BatchRows);
        var attempt = ActivatorUtilities.CreateInstance<PushAttempt>(_services, application);
        return new(Ingestions, attempt, Settings.Ingest.Lease, _services.GetRequiredService<TimeProvider>());
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
