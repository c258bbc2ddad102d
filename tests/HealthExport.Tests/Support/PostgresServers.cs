using System.Globalization;
using HealthExport.Storage.Postgres;
using HealthExport.Tests.Support;

[assembly: AssemblyFixture(typeof(PostgresServers))]

namespace HealthExport.Tests.Support;

/// <summary>
/// The server that the tests of this run share, started at the first use, and a migrated database to make others from.
/// </summary>
public sealed class PostgresServers : IAsyncDisposable
{
    const string Prefix = "healthexport_test_";

    static readonly SemaphoreSlim s_gate = new(1, 1);

    // Both under s_gate.
    static PostgresServer? s_server;
    static string? s_template;

    /// <summary>Makes a database with the whole schema, or an empty one.</summary>
    /// <returns>Its URL; <see cref="DropAsync"/> takes it away.</returns>
    public static async Task<string> CreateAsync(bool isMigrated = true)
    {
        await s_gate.WaitAsync();
        try
        {
            var server = s_server ??= await FindServerAsync();
            if (isMigrated) s_template ??= await CreateTemplateAsync(server);
            var name = NewName();
            await server.RunAsync(
                $"create database {name} template {(isMigrated ? s_template : "template0")}");
            return server.UrlOf(name);
        }
        finally
        {
            s_gate.Release();
        }
    }

    /// <summary>Drops a database that <see cref="CreateAsync"/> made, whoever is still in it.</summary>
    public static Task DropAsync(string url) =>
        s_server!.RunAsync($"drop database if exists {new Uri(url).AbsolutePath[1..]} with (force)");

    public async ValueTask DisposeAsync()
    {
        if (s_server is not { } server) return;
        if (s_template is { } template) await DropAsync(server.UrlOf(template));
        await server.DisposeAsync();
    }

    static async Task<PostgresServer> FindServerAsync()
    {
        if (PostgresServer.Given is not { } url) return await PostgresServer.StartAsync();
        var server = PostgresServer.At(url);
        await DropLeftoversAsync(server);
        return server;
    }

    static async Task<string> CreateTemplateAsync(PostgresServer server)
    {
        var name = NewName();
        await server.RunAsync($"create database {name} template template0");
        await using var database = new PostgresDatabase(server.UrlOf(name));
        await new PostgresMigrations(database).MigrateAsync(null, dryRun: false, CancellationToken.None);
        return name;
    }

    // A run that was killed could not drop what it made; one that takes six hours is none of ours.
    static async Task DropLeftoversAsync(PostgresServer server)
    {
        var oldest = TimeProvider.System.GetUtcNow().AddHours(-6).ToUnixTimeSeconds();
        List<string> leftovers = [];
        await using (var source = server.Open())
        await using (var list = source.CreateCommand($"select datname from pg_database where datname like '{Prefix}%'"))
        await using (var row = await list.ExecuteReaderAsync())
            while (await row.ReadAsync())
            {
                var name = row.GetString(0);
                if (name[Prefix.Length..].Split('_') is [var stamp, _]
                    && long.TryParse(stamp, CultureInfo.InvariantCulture, out var made) && made < oldest)
                    leftovers.Add(name);
            }
        foreach (var name in leftovers) await server.RunAsync($"drop database if exists {name} with (force)");
    }

    static string NewName() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Prefix}{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}_{Guid.NewGuid():n}");
}
