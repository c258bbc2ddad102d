using HealthExport.Catalogue;
using HealthExport.Storage.Sqlite;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Storage;

public sealed class SqliteMetricsTests
{
    static readonly Metric HeartRate = MetricCatalogue.Find("heart_rate")!;

    [Fact]
    public async Task Every_metric_that_is_stored_by_its_own_name_is_in_the_table()
    {
        await using var stores = await SqliteFixture.OpenAsync();
        using var writer = await stores.Database.RentWriterAsync(default);
        stores.Database.Metrics.Load(writer.Session);

        foreach (var metric in MetricCatalogue.All)
        {
            var isStored = metric.Shape is MetricShape.Plain or MetricShape.MinAvgMax;
            Assert.Equal(isStored, stores.Database.Metrics.FindId(metric) is not null);
        }
    }

    [Fact]
    public async Task Loading_again_changes_nothing()
    {
        await using var stores = await SqliteFixture.OpenAsync();
        using var writer = await stores.Database.RentWriterAsync(default);
        stores.Database.Metrics.Load(writer.Session);
        var id = stores.Database.Metrics.FindId(HeartRate);
        new SqliteMetrics().Load(writer.Session);

        using var read = writer.Session.Prepare("select count(*), max(id) from metrics");
        Assert.True(read.Step());
        Assert.Equal(read.GetInt64(0), read.GetInt64(1));
        Assert.Equal(id, stores.Database.Metrics.FindId(HeartRate));
    }

    [Fact]
    public async Task A_name_that_came_before_the_catalogue_knew_it_keeps_its_number()
    {
        await using var stores = await SqliteFixture.OpenAsync();
        using var writer = await stores.Database.RentWriterAsync(default);
        writer.Session.Execute("""
            insert into metrics (id, name, unit, kind, category, is_known)
            values (4711, 'heart_rate', '/min', 'discrete', 'other', 0)
            """);
        stores.Database.Metrics.Load(writer.Session);

        Assert.Equal(4711, stores.Database.Metrics.FindId(HeartRate));
        Assert.Same(HeartRate, stores.Database.Metrics.Get(writer.Session, 4711));
        using var read = writer.Session.Prepare("select is_known, category, lower_bound from metrics where id = 4711");
        Assert.True(read.Step());
        Assert.True(read.GetBoolean(0));
        Assert.Equal(HeartRate.Category, read.GetString(1));
        Assert.Equal(HeartRate.Bounds.Lower, read.GetDouble(2));
    }

    [Fact]
    public async Task A_schema_made_anew_is_filled_anew()
    {
        await using var stores = await SqliteFixture.OpenAsync();
        using (var writer = await stores.Database.RentWriterAsync(default))
            stores.Database.Metrics.Load(writer.Session);
        await stores.Migrations.MigrateAsync(downTo: 0, dryRun: false, default);
        await stores.Migrations.MigrateAsync(null, dryRun: false, default);
        using (var writer = await stores.Database.RentWriterAsync(default))
            stores.Database.Metrics.Load(writer.Session);

        Assert.Equal(1, await stores.ReadAsync("select count(*) from metrics where name = 'heart_rate'"));
    }
}
