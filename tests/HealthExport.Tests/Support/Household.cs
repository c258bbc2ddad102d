using HealthExport.Keys;
using HealthExport.Migrations;
using HealthExport.People;
using HealthExport.Samples;
using HealthExport.Server;
using HealthExport.Server.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Support;

/// <summary>A whole server in this process, on a file and a port of its own, for as many people as a test wants.</summary>
public sealed class Household : IAsyncLifetime
{
    readonly string _folder = Directory.CreateTempSubdirectory("household-").FullName;
    WebApplication? _app;
    int _people;

    public string DatabasePath => Path.Combine(_folder, "health.db");

    public Uri Address => new(_app!.Urls.First());

    /// <summary>The store beneath, for what no route does yet.</summary>
    public ISampleStore Samples => _app!.Services.GetRequiredService<ISampleStore>();

    public async ValueTask InitializeAsync()
    {
        _app = ServerHost.Build(new ServerSettings
        {
            DatabaseUrl = $"sqlite:{DatabasePath}",
            Urls = ["http://127.0.0.1:0"],
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
            Ingest = new() { Stall = TimeSpan.FromSeconds(2) },
        });
        await _app.Services.GetRequiredService<IMigrationStore>().MigrateAsync(null, dryRun: false, default);
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Adds a person with one key for everything.</summary>
    /// <param name="timeZone">For stamps without an offset.</param>
    internal async Task<Person> AddPersonAsync(string? timeZone = null)
    {
        var number = Interlocked.Increment(ref _people);
        var user = await _app!.Services.GetRequiredService<IUserStore>()
            .AddAsync($"person{number}@example.org", null, timeZone, default);
        var issuer = new KeyIssuer(_app.Services.GetRequiredService<IKeyStore>(), TimeProvider.System);
        var key = await issuer.IssueAsync(
            new KeyOrder(user!.Id, "test", KeyScopes.Ingest | KeyScopes.Read | KeyScopes.Admin), default);
        return new(user.Id, PhoneClient.Connect(Address, key.Key.Reveal()));
    }
}

/// <param name="UserId">Inside the store.</param>
/// <param name="Phone">Bears a key of all scopes.</param>
sealed record Person(long UserId, PhoneClient Phone);
