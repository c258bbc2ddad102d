namespace HealthExport.Tests.Support;

/// <summary>What a server keeps everything in.</summary>
public enum Engine
{
    Sqlite,
    Postgres,
}

/// <summary>
/// A store of a test's own, by its DATABASE_URL: a new file, or a migrated database on the server that the tests of
/// this run share. Any number of servers may use it; disposing comes after them.
/// </summary>
sealed class StorePlace : IAsyncDisposable
{
    readonly Func<Task> _giveBack;

    StorePlace(string url, string folder, Func<Task> giveBack) => (Url, Folder, _giveBack) = (url, folder, giveBack);

    public string Url { get; }

    /// <summary>A folder that is there while the place is.</summary>
    public string Folder { get; }

    public static async Task<StorePlace> MakeAsync(Engine engine)
    {
        if (engine == Engine.Postgres)
        {
            PostgresServer.Require();
            var url = await PostgresServers.RentAsync();
            return InFolder(_ => url, () => PostgresServers.ReturnAsync(url));
        }
        return InFolder(folder => $"sqlite:{Path.Combine(folder, "health.db")}", () => Task.CompletedTask);
    }

    /// <summary>A database that nobody else gets after it, because the test changes its schema.</summary>
    public static async Task<StorePlace> MakeSpoiltAsync(bool isMigrated = true)
    {
        PostgresServer.Require();
        var url = await PostgresServers.CreateAsync(isMigrated);
        return InFolder(_ => url, () => PostgresServers.DropAsync(url));
    }

    /// <summary>A store of an engine that nobody else gets after it, because the test changes its schema.</summary>
    public static Task<StorePlace> MakeSpoiltAsync(Engine engine) =>
        engine == Engine.Postgres ? MakeSpoiltAsync() : MakeAsync(engine);

    /// <summary>A database that is there, and stays.</summary>
    public static StorePlace At(string url) => InFolder(_ => url, () => Task.CompletedTask);

    /// <summary>A file in a folder that is there, and stays.</summary>
    public static StorePlace AtFile(string path) =>
        new($"sqlite:{path}", Path.GetDirectoryName(path)!, () => Task.CompletedTask);

    public async ValueTask DisposeAsync() => await _giveBack();

    static StorePlace InFolder(Func<string, string> findUrl, Func<Task> giveBack)
    {
        var folder = Directory.CreateTempSubdirectory("health-export-test-");
        return new(findUrl(folder.FullName), folder.FullName, async () =>
        {
            folder.Delete(recursive: true);
            await giveBack();
        });
    }
}
