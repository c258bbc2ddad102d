using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace HealthExport.Tests.CommandLine;

/// <summary>What is no whole export of ours is refused with the reason, and nothing of it is kept.</summary>
public sealed class ImportExportTests : IDisposable
{
    const string Path = "ndjson/quantities.ndjson";

    static readonly byte[] s_items = Encoding.UTF8.GetBytes(
        """
        {"type":"Quantity","metric":"step_count","unit":"count","start_at":"2026-01-15T08:00:00Z","value":120}
        {"type":"Quantity","metric":"step_count","unit":"count","start_at":"2026-01-15T08:01:00Z","value":80}

        """);

    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public async Task An_export_is_imported_file_by_file_and_again_without_a_change()
    {
        Write(Zip((Path, s_items), ("manifest.json", Manifest())));
        var imported = await ImportAsync();
        Assert.True(imported.Code == 0, imported.Error);
        Assert.StartsWith(
            "Imported 1 of 1: 2 items received, 2 inserted, 0 updated, 0 unchanged, 0 rejected.", imported.Out,
            StringComparison.Ordinal);
        Assert.Contains("health.zip: an export of 2026-01-16, whole", imported.Error, StringComparison.Ordinal);
        Assert.Contains($"health.zip/{Path}: completed, 2 received", imported.Error, StringComparison.Ordinal);
        Assert.Contains("known before", (await _terminal.RunAsync("import", "health.zip")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("whole", 0, "2 inserted")]
    [InlineData("wrong hash", 1, "is not what it was: it has another hash than its manifest says")]
    [InlineData("lacking", 1, "is missing from the export that lists it")]
    [InlineData("newer version", 1, "is an export of version 2; this build reads version 1")]
    public async Task An_export_that_a_browser_has_unpacked_is_taken_by_its_manifest(string what, int code, string said)
    {
        var zip = what == "whole" ? Zip(("csv/steps.csv", s_items), (Path, s_items), ("manifest.json", Manifest())) : Make(what);
        using (var archive = new ZipArchive(new MemoryStream(zip))) archive.ExtractToDirectory(_terminal.PathOf("exports/health"));
        await _terminal.AddUserAsync();
        var imported = await _terminal.RunAsync("import", "exports");
        Assert.Equal(code, imported.Code);
        Assert.Contains(said, imported.Out, StringComparison.Ordinal);
        Assert.Contains($"Imported {1 - code} of 1", imported.Out, StringComparison.Ordinal);
        if (code != 0) return;
        Assert.Contains(
            "exports/health/csv/steps.csv belongs to an export of this server, whose items are in its ndjson",
            imported.Out, StringComparison.Ordinal);
        // Known as what it was in the zip, and the other way round.
        Write(zip);
        Assert.Contains("Imported 0 of 1, 1 known before", (await _terminal.RunAsync("import", "health.zip")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Standard_items_one_a_line_are_known_by_the_name_of_their_file()
    {
        await File.WriteAllBytesAsync(_terminal.PathOf("items.ndjson"), s_items);
        await _terminal.AddUserAsync();
        var imported = await _terminal.RunAsync("import", "items.ndjson");
        Assert.Contains("2 inserted", imported.Out, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "broken manifest", "is an export whose manifest cannot be read" },
        { "manifest of holes", "is an export whose manifest cannot be read" },
        { "deep manifest", "is an export whose manifest cannot be read" },
        { "newer version", "is an export of version 2; this build reads version 1" },
        { "wrong hash", $"is not what it was: {Path} has another hash than its manifest says" },
        { "longer", $"is not what it was: {Path} has more bytes than its manifest says" },
        { "shorter", $"is not what it was: {Path} has fewer bytes than its manifest says" },
        { "lacking", $"is an export that lacks {Path}" },
        { "unlisted", "is an export whose manifest does not know ndjson/more.ndjson" },
        { "listed twice", "is an export whose manifest names a file twice" },
        { "two of one name", "is a zip archive with two files of one name; nothing was taken of it" },
        { "climbing", "is a zip archive with names that lead elsewhere; nothing was taken of it" },
        { "rooted", "is a zip archive with names that lead elsewhere; nothing was taken of it" },
        { "backslashes", "is a zip archive with names that lead elsewhere; nothing was taken of it" },
        { "control characters", "is a zip archive with names that lead elsewhere; nothing was taken of it" },
        { "endless name", "is a zip archive with names that lead elsewhere; nothing was taken of it" },
        { "a program", $"is an export whose manifest says of {Path} what cannot be" },
        { "negative size", $"is an export whose manifest says of {Path} what cannot be" },
        { "bomb", "would unpack to more than 400 times its size, as no export does; nothing was taken of it" },
        { "cut short", "is a zip archive that is damaged or cut short" },
        { "damaged", $"is damaged: {Path} does not unpack" },
    };

    [Theory, MemberData(nameof(Hostile))]
    public async Task What_is_no_whole_export_is_refused_and_nothing_of_it_is_kept(string what, string why)
    {
        Write(Make(what));
        var imported = await ImportAsync("--json");
        Assert.Equal(1, imported.Code);
        var file = Assert.Single(imported.Json.GetProperty("files").EnumerateArray());
        Assert.Equal("health.zip", file.GetProperty("file").GetString());
        Assert.Equal(why, file.GetProperty("error").GetString());
        var ingestions = (await _terminal.RunAsync("status", "--json")).Json.GetProperty("ingestions");
        Assert.Equal(0, ingestions.GetProperty("completed").GetInt32());
        Assert.Equal(
            ["health.db", "health.zip"],
            Directory.GetFileSystemEntries(_terminal.Folder).Select(System.IO.Path.GetFileName)
                .Where(name => name is not ("health.db-wal" or "health.db-shm")).Order());
    }

    static byte[] Make(string what) => what switch
    {
        "broken manifest" => Zip((Path, s_items), ("manifest.json", "{\"format\":"u8.ToArray())),
        "manifest of holes" => Whole(manifest => manifest.Remove("files")),
        "deep manifest" => Zip((Path, s_items), ("manifest.json", Encoding.UTF8.GetBytes(new string('[', 100_000)))),
        "newer version" => Whole(manifest => manifest["version"] = 2),
        "wrong hash" => Whole(manifest => FileOf(manifest)["sha256"] = new string('0', 64)),
        "longer" => Whole(manifest => FileOf(manifest)["bytes"] = s_items.Length - 1),
        "shorter" => Whole(manifest => FileOf(manifest)["bytes"] = s_items.Length + 1),
        "lacking" => Zip(("manifest.json", Manifest())),
        "unlisted" => Zip((Path, s_items), ("ndjson/more.ndjson", s_items), ("manifest.json", Manifest())),
        "listed twice" => Whole(manifest => manifest["files"]!.AsArray().Add(FileOf(manifest).DeepClone())),
        "two of one name" => Zip((Path, s_items), (Path, s_items), ("manifest.json", Manifest())),
        "climbing" => With("../../evil.ndjson"),
        "rooted" => With("/etc/evil"),
        "backslashes" => With("..\\evil"),
        "control characters" => With("ev\nil"),
        "endless name" => With(new string('x', 10_000)),
        "a program" => Whole(manifest => FileOf(manifest)["content_type"] = "application/x-sh"),
        "negative size" => Whole(manifest => FileOf(manifest)["bytes"] = -1),
        "bomb" => Bomb(),
        "cut short" => Zip((Path, s_items), ("manifest.json", Manifest()))[..^10],
        "damaged" => Damaged(),
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
    };

    static byte[] With(string name) => Zip((Path, s_items), (name, s_items), ("manifest.json", Manifest()));

    static byte[] Whole(Action<JsonObject> change)
    {
        var manifest = JsonNode.Parse(Manifest())!.AsObject();
        change(manifest);
        return Zip((Path, s_items), ("manifest.json", Encoding.UTF8.GetBytes(manifest.ToJsonString())));
    }

    static JsonObject FileOf(JsonObject manifest) => manifest["files"]![0]!.AsObject();

    static byte[] Bomb()
    {
        var zeros = new byte[70 << 20];
        return Zip((Path, zeros), ("manifest.json", Manifest(zeros)));
    }

    static byte[] Damaged()
    {
        // Where the first file's packed bytes lie: the least that is no block of deflate.
        var zip = Zip((Path, s_items), ("manifest.json", Manifest()));
        zip[30 + Path.Length] = 0xFF;
        return zip;
    }

    static byte[] Manifest(byte[]? items = null)
    {
        items ??= s_items;
        return Encoding.UTF8.GetBytes(new JsonObject
        {
            ["format"] = "health-export",
            ["version"] = 1,
            ["server_version"] = "1.0.0",
            ["exported_at"] = "2026-01-16T08:00:00+00:00",
            ["span"] = new JsonObject { ["from"] = null, ["to"] = null },
            ["types"] = new JsonArray("quantities"),
            ["consistent"] = true,
            ["time_zone"] = null,
            ["source_ranks"] = new JsonArray(),
            ["files"] = new JsonArray(new JsonObject
            {
                ["path"] = Path,
                ["items"] = 2,
                ["bytes"] = items.Length,
                ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(items)),
                ["content_type"] = "application/x-ndjson; revisions=1",
            }),
        }.ToJsonString());
    }

    static byte[] Zip(params (string Name, byte[] Bytes)[] files)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in files)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }
        return bytes.ToArray();
    }

    void Write(byte[] zip) => File.WriteAllBytes(_terminal.PathOf("health.zip"), zip);

    async Task<Terminal.Result> ImportAsync(params string[] more)
    {
        await _terminal.AddUserAsync();
        return await _terminal.RunAsync(["import", "health.zip", .. more]);
    }
}
