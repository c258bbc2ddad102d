using HealthExport.Storage.Postgres;

namespace HealthExport.Tests.Support;

/// <summary>
/// A migrated database for one class of tests. Where there is no server, it says so to each test that calls
/// <see cref="Require"/>.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    PostgresDatabase? _database;
    string? _url;

    /// <summary>Skips the test where there is no server.</summary>
    internal PostgresDatabase Require()
    {
        PostgresServer.Require();
        return _database!;
    }

    /// <summary>The database's URL, once required.</summary>
    public string Url => _url!;

    public async ValueTask InitializeAsync()
    {
        if (PostgresServer.Missing is not null) return;
        _url = await PostgresServers.CreateAsync();
        _database = new(_url);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        if (_url is not null) await PostgresServers.DropAsync(_url);
    }
}
