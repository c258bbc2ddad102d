using System.Globalization;
using System.Text.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>An import that is killed wherever it happens to be, and started again.</summary>
public sealed class ImportCrashTests
{
    const int Files = 60;
    const int Kills = 3;

    // What was killed on PostgreSQL is for the next one when its lease is over.
    static readonly (string, string)[] s_settings = [("HEALTHEXPORT__INGEST__LEASESECONDS", "3")];

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task Started_again_it_goes_on_and_leaves_what_an_import_in_one_go_leaves(Engine engine)
    {
        await using var place = await StorePlace.MakeSpoiltAsync(engine);
        // Each file corrects some hours of the one before it: their order is seen in what remains.
        Directory.CreateDirectory(Path.Combine(place.Folder, "files"));
        for (var file = 1; file <= Files; file++)
            await File.WriteAllTextAsync(
                Path.Combine(place.Folder, "files", $"HealthAutoExport-{file}.json"), Hours(file));
        foreach (var name in (string[])["killed", "whole"])
            await ServerProcess.RunAsync(place, "user", "add", $"{name}@example.org");

        for (var kill = 1; kill <= Kills; kill++)
        {
            var done = Files * kill / (Kills + 2);
            // However late this process sees it: it will not have got to the end.
            await using var barrier = await ImportBarrier.SetAsync(place, afterFiles: done + 8);
            using var import = ServerProcess.StartVerb(
                place, s_settings, "import", "files", "--user", "killed@example.org");
            // It says so when a file is done, and is in the next one then.
            for (var seen = 0; seen < done;)
                if ((await import.StandardError.ReadLineAsync())!.Contains("HealthAutoExport", StringComparison.Ordinal))
                    seen++;
            import.Kill();
            await import.WaitForExitAsync();
        }
        var rest = await ImportAsync(place, "killed");
        var known = rest.GetProperty("known_before").GetInt32();
        Assert.InRange(known, Files * Kills / (Kills + 2), Files - 1);
        Assert.Equal(Files, known + rest.GetProperty("imported").GetInt32());
        Assert.Equal(Files, (await ImportAsync(place, "whole")).GetProperty("imported").GetInt32());

        using var server = await ServerProcess.StartAsync(place);
        var (killed, whole) = (await SeeAsync(place, server, "killed"), await SeeAsync(place, server, "whole"));
        Assert.Equal((Files + 1) * 4, whole.Count);
        Assert.Equal(whole, killed);
        // One ingestion a file, however often it was begun.
        var phone = await ConnectAsync(place, server, "killed");
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

    static Task<JsonElement> ImportAsync(StorePlace place, string name) =>
        ServerProcess.RunAsync(place, "import", "files", "--user", $"{name}@example.org");

    static async Task<PhoneClient> ConnectAsync(StorePlace place, ServerProcess server, string name) =>
        PhoneClient.Connect(server.Address, await ServerProcess.AddKeyAsync(place, $"{name}@example.org"));

    static async Task<List<ModelRow>> SeeAsync(StorePlace place, ServerProcess server, string name) =>
        await (await ConnectAsync(place, server, name)).ReadRowsAsync("respiratory_rate");
}
