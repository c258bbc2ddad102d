using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace HealthExport.Tests.CommandLine;

/// <summary>Where files to import may lie, and in which order they are taken.</summary>
public sealed class ImportSourcesTests : IDisposable
{
    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    static string Steps(double value) => FormattableString.Invariant($$$"""
        {"data":{"metrics":[{"name":"step_count","units":"count","data":[
            {"date":"2026-03-01 08:15:30 +0100","qty":{{{value}}},"source":"Watch"}]}]}}
        """);

    async Task<JsonElement> ImportAsync(params string[] args)
    {
        if (!File.Exists(_terminal.PathOf("health.db"))) await _terminal.AddUserAsync();
        var imported = await _terminal.RunAsync(["import", "--json", .. args]);
        return imported.Json;
    }

    static string[] Names(JsonElement imported, string list) =>
        [.. imported.GetProperty(list).EnumerateArray().Select(file => file.GetProperty("file").GetString()!)];

    void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_terminal.PathOf(name))!);
        _terminal.Write(name, text);
    }

    [Fact]
    public async Task A_folder_is_taken_with_all_below_it_in_the_natural_order_of_paths_so_that_the_later_file_holds()
    {
        Write("exports/part 10/a.json", Steps(12));
        Write("exports/part 9/B.json", Steps(11));
        Write("exports/part 9/a2.json", Steps(10));
        Write("exports/part 9/a10.json", Steps(10.5));
        Write("exports/items.ndjson", "\r\n\n{\"type\":\"Quantity\",\"metric\":\"step_count\",\"unit\":\"count\","
            + "\"start_at\":\"2026-03-01T07:15:30Z\",\"value\":1,\"source\":\"Watch\"}\r\n");
        Write("exports/__MACOSX/._a.json", "nothing");
        Write("exports/.DS_Store", "nothing");
        Write("exports/.hidden/b.json", Steps(99));
        Write("exports/read me.txt", "nothing");
        Write("exports/photo.heic", "nothing");

        var imported = await ImportAsync("exports");

        Assert.Equal(
            ["exports/items.ndjson", "exports/part 9/a2.json", "exports/part 9/a10.json", "exports/part 9/B.json",
                "exports/part 10/a.json"],
            Names(imported, "files"));
        Assert.Equal(["exports/photo.heic", "exports/read me.txt"], Names(imported, "not_taken"));
        Assert.Equal(1, imported.GetProperty("counts").GetProperty("inserted").GetInt32());
        Assert.Equal(4, imported.GetProperty("counts").GetProperty("updated").GetInt32());
    }

    [Fact]
    public async Task What_brings_workouts_comes_before_what_belongs_to_them()
    {
        Write("all/A-Heart Rate-20260115_073000.csv", "nothing");
        Write("all/B-Route-20260115_073000.gpx", "nothing");
        Write("all/Workouts-2026.csv", "Workout Type,Start,End\n");
        Write("all/z.json", Steps(1));

        Assert.Equal(
            ["all/Workouts-2026.csv", "all/z.json", "all/A-Heart Rate-20260115_073000.csv",
                "all/B-Route-20260115_073000.gpx"],
            Names(await ImportAsync("all", "--time-zone", "Europe/Berlin"), "files"));
    }

    [Fact]
    public async Task A_route_finds_its_workout_also_where_that_comes_in_a_later_import()
    {
        Write("all/Run-Route-20260115_073000.gpx",
            """
            <gpx><trk><trkseg><trkpt lat="52.5" lon="13.4"><time>2026-01-15T06:31:00Z</time></trkpt></trkseg></trk></gpx>
            """);
        var alone = await ImportAsync("all");
        Write("all/workouts.json",
            """
            {"data":{"workouts":[{"id":"6F1B6A52-0000-4000-8000-000000000001","name":"Outdoor Run",
            "start":"2026-01-15 07:30:00 +0100","end":"2026-01-15 08:00:00 +0100","duration":1800}]}}
            """);
        var both = await ImportAsync("all");
        var again = await ImportAsync("all");

        Assert.Equal((1, 0, 0), (Count(alone, "rejected"), Count(alone, "inserted"), Count(alone, "updated")));
        Assert.Equal((0, 1, 1), (Count(both, "rejected"), Count(both, "inserted"), Count(both, "updated")));
        Assert.Equal((2, 0), (again.GetProperty("known_before").GetInt32(), Count(again, "received")));

        static int Count(JsonElement imported, string what) =>
            imported.GetProperty("counts").GetProperty(what).GetInt32();
    }

    [Fact]
    public async Task A_store_that_goes_away_ends_the_import_and_what_is_left_is_told()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs a folder that takes no file, whoever asks");
        var random = new Random(1);
        Write("all/1.json", Steps(1));
        // Too much to be held in memory, and nowhere else to put it.
        Write("all/2.json", $"[{string.Join(',', Enumerable.Range(0, 600_000).Select(_ => random.Next()))}]");
        Write("all/3.json", Steps(3));
        Write("all/4.json", Steps(4));
        _terminal.Environment["HEALTHEXPORT__INGEST__TEMPFOLDER"] = "/proc";
        await _terminal.AddUserAsync();
        var broken = await ImportAsync("all");
        Assert.Equal((1, 1, 2), (
            broken.GetProperty("imported").GetInt32(), broken.GetProperty("failed").GetInt32(),
            broken.GetProperty("left").GetInt32()));
        var text = await _terminal.RunAsync("import", "all");
        Assert.Equal(1, text.Code);
        Assert.Contains("Imported 0 of 4, 1 known before, 1 failed, 2 left", text.Out, StringComparison.Ordinal);
        Assert.Contains("The temporary folder does not take the payload", text.Error, StringComparison.Ordinal);
        Assert.Contains("Import the same again to go on", text.Out, StringComparison.Ordinal);

        _terminal.Environment.Remove("HEALTHEXPORT__INGEST__TEMPFOLDER");
        var whole = await ImportAsync("all");
        Assert.Equal((3, 1, 0), (
            whole.GetProperty("imported").GetInt32(), whole.GetProperty("known_before").GetInt32(),
            whole.GetProperty("left").GetInt32()));
    }

    [Fact]
    public async Task Files_of_workouts_join_them_whatever_they_are_called_and_wherever_they_lie()
    {
        Write("all/a/Outdoor Run-Heart Rate-20260115_073000.csv", """
            Date/Time,Min (bpm),Max (bpm),Avg (bpm),Context,Source
            2026-01-15 07:30:05,120,122,121,,Watch
            2026-01-15 07:31:05,130,132,131,,Watch
            """);
        Write("all/a/Outdoor Run-Route-20260115_073000.gpx", """
            <gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
            <trkpt lat="52.5" lon="13.4"><ele>34</ele><time>2026-01-15T06:30:05Z</time></trkpt>
            <trkpt lat="52.501" lon="13.401"><ele>35</ele><time>2026-01-15T06:40:05Z</time></trkpt>
            </trkseg></trk></gpx>
            """);
        Write("all/z/Workouts-2026.csv", """
            Workout Type,Start,End,Duration
            Outdoor Run,2026-01-15 07:30,2026-01-15 08:00,00:29:30
            """);

        var imported = await ImportAsync("all", "--time-zone", "Europe/Berlin");

        Assert.True(imported.GetProperty("counts").GetProperty("rejected").GetInt32() == 0, imported.GetRawText());
        Assert.Equal(1, imported.GetProperty("counts").GetProperty("inserted").GetInt32());
        Assert.Equal(2, imported.GetProperty("counts").GetProperty("updated").GetInt32());
        var again = await ImportAsync("all", "--time-zone", "Europe/Berlin");
        Assert.Equal(3, again.GetProperty("known_before").GetInt32());
    }

    [Fact]
    public async Task A_zip_is_taken_as_a_folder_with_packed_files_in_it_and_zips_within_folders_too()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(Steps(2)));
        Directory.CreateDirectory(_terminal.PathOf("folder"));
        using (var zip = ZipFile.Open(_terminal.PathOf("folder/phone.zip"), ZipArchiveMode.Create))
        {
            Add(zip, "HealthAutoExport_20260301/HealthAutoExport-2.json", Encoding.UTF8.GetBytes(Steps(1)));
            Add(zip, "HealthAutoExport_20260301\\HealthAutoExport-10.json.gz", packed.ToArray());
            Add(zip, "HealthAutoExport_20260301/", []);
            Add(zip, "__MACOSX/x.json", [1]);
            Add(zip, "older.zip", [1]);
        }
        Write("folder/z.json", Steps(3));

        var imported = await ImportAsync("folder");
        const string Inside = "folder/phone.zip/HealthAutoExport_20260301";
        Assert.Equal(
            [$"{Inside}/HealthAutoExport-2.json", $"{Inside}\\HealthAutoExport-10.json.gz", "folder/z.json"],
            Names(imported, "files"));
        var passedOver = Assert.Single(imported.GetProperty("not_taken").EnumerateArray());
        Assert.Equal("is a zip within a zip; unpack it and import that", passedOver.GetProperty("why").GetString());
        Assert.Equal(0, imported.GetProperty("failed").GetInt32());
        Assert.Equal(2, imported.GetProperty("counts").GetProperty("updated").GetInt32());
    }

    static void Add(ZipArchive zip, string name, byte[] bytes)
    {
        using var entry = zip.CreateEntry(name).Open();
        entry.Write(bytes);
    }
}
