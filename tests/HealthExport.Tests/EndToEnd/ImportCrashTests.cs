using System.Globalization;
using System.Text.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>An import that is killed wherever it happens to be, and started again.</summary>
public sealed class ImportCrashTests : IDisposable
{
    const int Files = 60;
    const int Kills = 3;

    readonly string _folder = Directory.CreateTempSubdirectory("import-").FullName;

    StorePlace Place => StorePlace.AtFile(Path.Combine(_folder, "health.db"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Started_again_it_goes_on_and_leaves_what_an_import_in_one_go_leaves()
    {
        // Each file corrects some hours of the one before it: their order is seen in what remains.
        Directory.CreateDirectory(Path.Combine(_folder, "files"));
        for (var file = 1; file <= Files; file++)
            await File.WriteAllTextAsync(Path.Combine(_folder, "files", $"HealthAutoExport-{file}.json"), Hours(file));
        foreach (var name in (string[])["killed", "whole"])
            await ServerProcess.RunAsync(Place, "user", "add", $"{name}@example.org");

        for (var kill = 1; kill <= Kills; kill++)
        {
            using var import = ServerProcess.StartVerb(
                Place, "import", "files", "--user", "killed@example.org");
            // It says so when a file is done, and is in the next one then.
            for (var done = 0; done < Files * kill / (Kills + 2);)
                if ((await import.StandardError.ReadLineAsync())!.Contains("HealthAutoExport", StringComparison.Ordinal))
                    done++;
            import.Kill();
            await import.WaitForExitAsync();
        }
        var rest = await ImportAsync("killed");
        var known = rest.GetProperty("known_before").GetInt32();
        Assert.InRange(known, Files * Kills / (Kills + 2), Files - 1);
        Assert.Equal(Files, known + rest.GetProperty("imported").GetInt32());
        Assert.Equal(Files, (await ImportAsync("whole")).GetProperty("imported").GetInt32());

        using var server = await ServerProcess.StartAsync(Place);
        var (killed, whole) = (await SeeAsync(server, "killed"), await SeeAsync(server, "whole"));
        Assert.Equal((Files + 1) * 4, whole.Count);
        Assert.Equal(whole, killed);
        // One ingestion a file, however often it was begun.
        var phone = await ConnectAsync(server, "killed");
        Assert.Equal(Files, (await phone.ListAsync("/v1/ingestions", 100)).Count);
    }

    /// <summary>Eight hours, the first four of which the file before has too.</summary>
    static string Hours(int file)
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 30, 7, TimeSpan.Zero).AddHours(file * 4);
        var points = Enumerable.Range(0, 8).Select(hour => string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"date":"{{start.AddHours(hour):yyyy-MM-dd HH:mm:ss}} +0000","qty":{{10 + file / 4.0 + hour / 10.0}},"source":"W"}"""));
        return $$$"""
            {"data":{"metrics":[{"name":"respiratory_rate","units":"count/min","data":[{{{string.Join(',', points)}}}]}]}}
            """;
    }

    Task<JsonElement> ImportAsync(string name) =>
        ServerProcess.RunAsync(Place, "import", "files", "--user", $"{name}@example.org");

    async Task<PhoneClient> ConnectAsync(ServerProcess server, string name) =>
        PhoneClient.Connect(server.Address, await ServerProcess.AddKeyAsync(Place, $"{name}@example.org"));

    async Task<List<ModelRow>> SeeAsync(ServerProcess server, string name) =>
        await (await ConnectAsync(server, name)).ReadRowsAsync("respiratory_rate");
}
