using HealthExport.Deletions;
using System.Globalization;
using System.Net;
using System.Text;
using HealthExport.Pushes;
using HealthExport.Storage;
using HealthExport.Tests.Support;
using HealthExport.Time;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Moving;

/// <summary>
/// A stopped embedded store of three people, one of them erased, filled through a server: every section, grains,
/// routes, rejects, deletions, a failed push, and one in the queue whose worker died. Tests only read it.
/// </summary>
public sealed class FilledHouse : IAsyncLifetime
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("health-export-house-");

    public string File => Path.Combine(_folder.FullName, "health.db");

    public string Url => $"sqlite:{File}";

    /// <summary>Keys of all scopes of the two people who are there.</summary>
    internal List<TestKey> Keys { get; } = [];

    public async ValueTask InitializeAsync()
    {
        await using (var server = await RunningServer.StartAsync(settings => settings with { DatabaseUrl = Url }))
        {
            for (var person = 0; person < 2; person++)
            {
                var key = await server.AddKeyAsync();
                Keys.Add(key);
                await FillAsync(server, key);
            }
            var gone = await server.AddUserAsync();
            Assert.True(await server.Get<People.IUserStore>().EraseAsync(gone.Id, Entries.UserErased, default));
            await server.StopAsync();
        }
        await using var stores = new ServiceCollection().AddHealthExportStorage(Url).BuildServiceProvider();
        var ingestions = stores.GetRequiredService<IIngestionStore>();
        await ingestions.KeepAsync(ReceivedPushes.Create(TimeProvider.System, Keys[0].User.Id, "[1]"));
        await ingestions.FailAsync(await ingestions.GetClaimAsync(), default);
        await ingestions.KeepAsync(ReceivedPushes.Create(TimeProvider.System, Keys[1].User.Id, "[2]"));
        Assert.NotNull(await ingestions.ClaimAsync(TimeSpan.FromMicroseconds(1), default));
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>A copy to change or to serve from.</summary>
    public string CopyTo(string file)
    {
        System.IO.File.Copy(File, file);
        return $"sqlite:{file}";
    }

    /// <summary>Every row of every table of a store as text, by table, read by another driver. Without what is not
    /// moved: leases, the version of the keys, when the schema was made, and numbers of rows that nobody sees.</summary>
    public static SortedDictionary<string, List<string>> Dump(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        SortedDictionary<string, List<string>> tables = new(StringComparer.Ordinal);
        foreach (var name in Query(connection, """
            select name
            from sqlite_master
            where type = 'table' and name not like 'sqlite_%' and name not like 'workout_route_boxes_%'
                and name not in ('schema_migrations', 'keys_version')
            """).Select(row => row.Split('=')[1]))
            tables.Add(name, [.. Query(connection, $"select * from {name}").Order(StringComparer.Ordinal)]);
        tables.Add("sqlite_sequence", [.. Query(connection, "select * from sqlite_sequence order by name")]);
        return tables;
    }

    static List<string> Query(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        List<string> rows = [];
        while (reader.Read())
            rows.Add(string.Join(';', Enumerable.Range(0, reader.FieldCount)
                .Where(i => reader.GetName(i) is not ("rowid" or "id" or "lease" or "leased_by" or "leased_until")
                    || reader.GetName(i) == "id" && !sql.Contains("boxes", StringComparison.Ordinal))
                .Select(i => $"{reader.GetName(i)}={Describe(reader.GetValue(i))}")));
        return rows;
    }

    static string Describe(object value) => value switch
    {
        byte[] bytes => Convert.ToHexString(bytes),
        double number => BitConverter.DoubleToInt64Bits(number).ToString("x16", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    static async Task FillAsync(RunningServer server, TestKey key)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "Payloads");
        foreach (var file in Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order())
        {
            if (new FileInfo(file).Length == 0) continue;
            using var pushed = await server.PushAsync(key, await System.IO.File.ReadAllBytesAsync(file));
            Assert.True(pushed.IsSuccessStatusCode || pushed.StatusCode == HttpStatusCode.BadRequest, file);
        }
        foreach (var aggregation in new[] { "Minutes", "Hours", "Days", "Weeks", "Months", "Years" })
            for (var days = 1; days <= 2; days++)
                using (var pushed = await server.PushAsync(
                    key, Steps(12, 7 * days), ("automation-aggregation", aggregation)))
                    Assert.Equal(HttpStatusCode.OK, pushed.StatusCode);
        // Rows between the first and the last that are not there any more.
        using (var pushed = await server.PushAsync(
            key, Steps(2, 11 * 7), ("automation-aggregation", "Days"), ("Idempotency-Key", "once")))
            Assert.Equal(HttpStatusCode.OK, pushed.StatusCode);
        await server.Get<IDeletionStore>().DeleteAsync(
            key.User.Id, Deleting.Of("heart_rate", null, null, Instant.From(new DateOnly(2020, 1, 1))));
    }

    static string Steps(int count, int daysApart)
    {
        var text = new StringBuilder("""{"data":{"metrics":[{"name":"step_count","units":"count","data":[""");
        for (var i = 0; i < count; i++)
            text.Append(i == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $$"""
                {"date":"{{new DateOnly(2024, 1, 1).AddDays(i * daysApart):yyyy-MM-dd}} 00:00:00 +0100",
                "qty":{{i + 0.1}},"source":"Watch"}
                """);
        return text.Append("]}]}}").ToString();
    }
}
