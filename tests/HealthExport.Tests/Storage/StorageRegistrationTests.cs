using HealthExport.Keys;
using HealthExport.Migrations;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Storage;
using HealthExport.Storage.Sqlite;
using HealthExport.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Storage;

public sealed class StorageRegistrationTests
{
    [Fact]
    public async Task Every_store_comes_from_one_file_whose_folder_is_made_at_the_first_use()
    {
        var folder = Directory.CreateTempSubdirectory("health-export-");
        var file = Path.Combine(folder.FullName, "data", "health.db");
        await using (var services = new ServiceCollection()
            .AddHealthExportStorage($"sqlite:{file}")
            .BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true }))
        {
            var migrations = services.GetRequiredService<IMigrationStore>();
            Assert.False(File.Exists(file));
            await migrations.MigrateAsync(null, dryRun: false, default);
            Assert.NotNull(await services.GetRequiredService<IUserStore>().AddAsync(
            "a@b.org", null, null, Entries.UserCreated, default));
            Assert.NotEqual(0, await services.GetRequiredService<IKeyStore>().GetVersionAsync(default));
            var ingestions = services.GetRequiredService<IIngestionStore>();
            Assert.Null(await ingestions.ClaimAsync(TimeSpan.FromMinutes(1), default));
            Assert.True(File.Exists(file));
        }
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("sqlite:data/health.db", "data/health.db")]
    [InlineData("SQLite:health.db", "health.db")]
    [InlineData("sqlite:/var/lib/health.db", "/var/lib/health.db")]
    [InlineData("sqlite:///var/lib/health.db", "/var/lib/health.db")]
    public async Task A_path_is_relative_to_the_working_directory(string databaseUrl, string path)
    {
        await using var services = new ServiceCollection().AddHealthExportStorage(databaseUrl).BuildServiceProvider();

        Assert.Equal(Path.GetFullPath(path), services.GetRequiredService<SqliteDatabase>().Path);
    }

    [Fact]
    public async Task Every_store_comes_from_one_server()
    {
        await using var stores = await PostgresFixture.OpenAsync();
        await using var services = new ServiceCollection()
            .AddHealthExportStorage(stores.Url, new() { MaxSize = 2 })
            .BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true });

        await services.GetRequiredService<IMigrationStore>().PingAsync(default);
        Assert.NotNull(await services.GetRequiredService<IUserStore>().AddAsync(
            "a@b.org", null, null, Entries.UserCreated, default));
        Assert.NotEqual(0, await services.GetRequiredService<IKeyStore>().GetVersionAsync(default));
        Assert.Null(await services.GetRequiredService<IIngestionStore>().ClaimAsync(TimeSpan.FromMinutes(1), default));
    }

    [Theory]
    [InlineData("postgresql://me:hunter2@db")]
    [InlineData("")]
    [InlineData("health.db")]
    [InlineData("sqlite")]
    [InlineData("sqlite:")]
    [InlineData("sqlite::memory:")]
    [InlineData("mysql://me:hunter2@db/health")]
    [InlineData("hunter2@db:5432")]
    public void What_names_no_database_is_refused_without_being_repeated(string databaseUrl)
    {
        var refusal = Assert.Throws<ArgumentException>(
            () => new ServiceCollection().AddHealthExportStorage(databaseUrl));

        Assert.Contains(
            databaseUrl.StartsWith("postgresql:", StringComparison.Ordinal) ? "names no database" : "sqlite:data/health.db",
            refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_registration_is_the_assemblys_only_public_type() =>
        Assert.Equal([typeof(StorageRegistration)], typeof(StorageRegistration).Assembly.GetExportedTypes());
}
