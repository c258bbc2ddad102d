using System.Collections.Concurrent;
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

    const string Empty = """
        do $$
        declare
            name text;
        begin
            for name in
                select c.relname
                from pg_class c
                where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace
                    and c.relname not in ('schema_migrations', 'keys_version')
                    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
                order by c.relname in ('users', 'metrics')
            loop
                execute format('delete from %I', name);
            end loop;
            update keys_version set version = 1;
            alter sequence users_id_seq restart;
            alter sequence metrics_id_seq restart;
        end $$
        """;

    static readonly SemaphoreSlim s_gate = new(1, 1);

    // All under s_gate.
    static PostgresServer? s_server;
    static string? s_template;

    // Migrated databases without a row, which nobody uses: making one takes a hundred times as long as emptying it.
    static readonly ConcurrentBag<string> s_free = [];

    /// <summary>A database with the whole schema and no row in it.</summary>
    /// <returns>Its URL; <see cref="ReturnAsync"/> takes it back.</returns>
    public static async Task<string> RentAsync() => s_free.TryTake(out var url) ? url : await CreateAsync();

    /// <summary>Empties a database that <see cref="RentAsync"/> gave, for the next. Partitions stay.</summary>
    public static async Task ReturnAsync(string url)
    {
        await s_server!.RunAsync(Empty, new Uri(url).AbsolutePath[1..]);
        s_free.Add(url);
    }

    /// <summary>Makes a database with the whole schema, or an empty one, for a test that changes it.</summary>
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
        while (s_free.TryTake(out var url)) await DropAsync(url);
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
