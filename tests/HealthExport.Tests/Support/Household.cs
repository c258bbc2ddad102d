using HealthExport.Deletions;
using HealthExport.People;
using HealthExport.Samples;
using HealthExport.Storage.Sqlite;
using HealthExport.Totals;

namespace HealthExport.Tests.Support;

/// <summary>
/// A whole server in this process, on a store and a port of its own, for as many people as a test wants.
/// </summary>
public abstract class Household(Engine engine) : IAsyncLifetime
{
    /// <summary>The store beneath, for what no route does yet.</summary>
    public ISampleStore Samples => Server.Get<ISampleStore>();
    public IDeletionStore Deletions => Server.Get<IDeletionStore>();

    public IDailyTotalStore DailyTotals => Server.Get<IDailyTotalStore>();

    public IUserStore Users => Server.Get<IUserStore>();

    internal RunningServer Server { get; set; } = null!;

    public virtual async ValueTask InitializeAsync() => Server = await RunningServer.StartAsync(
        settings => settings with { Ingest = settings.Ingest with { Stall = TimeSpan.FromSeconds(2) } },
        engine: engine);

    public virtual ValueTask DisposeAsync() => Server?.DisposeAsync() ?? ValueTask.CompletedTask;

    internal virtual PhoneClient Connect(TestKey key) => PhoneClient.Connect(Server.Url, key.Text);

    /// <summary>Adds a person with one key for everything.</summary>
    /// <param name="timeZone">For stamps without an offset.</param>
    internal async Task<Person> AddPersonAsync(string? timeZone = null)
    {
        var user = await Server.AddUserAsync(timeZone);
        var key = await Server.AddKeyAsync(user);
        return new(user.Id, Connect(key));
    }
}

/// <summary>On the embedded engine.</summary>
public sealed class SqliteHousehold() : Household(Engine.Sqlite)
{
    /// <summary>The file that it keeps everything in.</summary>
    public string DatabasePath => Server.Get<SqliteDatabase>().Path;
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresHousehold() : Household(Engine.Postgres);

/// <param name="UserId">Inside the store.</param>
/// <param name="Phone">Bears a key of all scopes.</param>
sealed record Person(long UserId, PhoneClient Phone);
