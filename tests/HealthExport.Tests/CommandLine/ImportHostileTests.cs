using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace HealthExport.Tests.CommandLine;

/// <summary>
/// What attacks an importer: it harms nobody, is told of, and costs what lies beside it nothing. Every archive has one good
/// file in it.
/// </summary>
public sealed class ImportHostileTests : IDisposable
{
    const string Good = """
        {"data":{"metrics":[{"name":"step_count","units":"count","data":[{"date":"2026-03-01 08:15:30 +0100","qty":7}]}]}}
        """;

    static readonly byte[] s_good = Encoding.UTF8.GetBytes(Good);

    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    public static TheoryData<string, string> NotTaken => new()
    {
        { "../../../tmp/evil.json", "has a name that leads out of the archive" },
        { "a/../../evil.json", "has a name that leads out of the archive" },
        { "..\\..\\evil.json", "has a name that leads out of the archive" },
        { "/etc/evil.json", "has a name that leads out of the archive" },
        { "\\\\server\\share\\evil.json", "has a name that leads out of the archive" },
        { "C:\\evil.json", "has a name that leads out of the archive" },
        { "evil.sh", "is none of .json, .ndjson, .jsonl, .csv, .gpx, or one of them as .gz" },
        { "export.xml", "is none of .json, .ndjson, .jsonl, .csv, .gpx, or one of them as .gz" },
        { "nested.zip", "is a zip within a zip; unpack it and import that" },
    };

    [Theory, MemberData(nameof(NotTaken))]
    public async Task Names_are_never_used_as_paths_and_what_is_no_file_of_health_data_is_passed_over(
        string name, string why)
    {
        var imported = await ImportAsync(Zip((name, s_good)));
        Assert.Equal(0, imported.Code);
        var passedOver = Assert.Single(imported.Json.GetProperty("not_taken").EnumerateArray());
        Assert.Equal($"hostile.zip/{name}", passedOver.GetProperty("file").GetString());
        Assert.Equal(why, passedOver.GetProperty("why").GetString());
        AssertOnlyTheGoodOne(imported);
    }

    public static TheoryData<string, string> Failing => new()
    {
        { "bomb", "would unpack to more than 400 times its size, as no export does" },
        { "bomb in gzip", "would unpack to more than 400 times its size, as no export does" },
        { "longer than it says", "is damaged: it does not unpack to what it was" },
        { "shorter than it says", "is damaged: it does not unpack to what it was" },
        { "another checksum", "is damaged: it does not unpack to what it was" },
        { "broken deflate", "is damaged: it does not unpack to what it was" },
        { "encrypted", "is encrypted; unpack it with its password and import what comes out" },
        { "empty", "is empty" },
        { "unknown method", "is damaged: it does not unpack to what it was" },
    };

    [Theory, MemberData(nameof(Failing))]
    public async Task A_file_that_is_not_what_it_says_fails_and_the_others_go_on(string what, string why)
    {
        var imported = await ImportAsync(Make(what));
        Assert.Equal(1, imported.Code);
        Assert.Equal($"hostile.zip/evil.json {why}", Assert.Single(Errors(imported)));
        AssertOnlyTheGoodOne(imported);
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "overlapping", "is a zip archive whose files lie over one another, as in no honest one" },
        { "too many", "is a zip archive of more than 100,000 files; unpack it and import the folder" },
        { "too many, in a longer count", "is a zip archive of more than 100,000 files; unpack it and import the folder" },
        { "more said", "is a zip archive that is damaged or cut short" },
        { "fewer said", "is a zip archive that is damaged or cut short" },
        { "cut short", "is a zip archive that is damaged or cut short" },
        { "nothing but a head", "is a zip archive that is damaged or cut short" },
        { "none at all", "holds nothing to import" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task An_archive_that_cannot_be_trusted_is_refused_whole(string what, string why)
    {
        var imported = await ImportAsync(what switch
        {
            "overlapping" => Overlapping(),
            "too many" => Many(100_001),
            "too many, in a longer count" => LongerCount(9_000_000),
            "more said" => Patched(Zip(("a.json", s_good)), EndOf, 8, 9, 0, 9, 0),
            "fewer said" => Patched(Zip(("a.json", s_good)), EndOf, 8, 1, 0, 1, 0),
            "cut short" => Zip(("a.json", s_good))[..^30],
            "nothing but a head" => [(byte)'P', (byte)'K', 3, 4, 0, 0],
            "none at all" => Whole(zip => { }),
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
        });
        Assert.Equal(1, imported.Code);
        Assert.Equal($"hostile.zip {why}", Assert.Single(Errors(imported)));
        Assert.Equal(0, imported.Json.GetProperty("imported").GetInt32());
    }

    [Fact]
    public async Task Names_move_no_cursor_turn_no_line_and_fill_no_screen()
    {
        var imported = await ImportAsync(Zip(
            ("red\u001b[31m\u0007\r\nroot# \0.json", s_good), ("nosj.\u202Elive.json", s_good), (new string('x', 65_000), s_good)));
        Assert.Equal(0, imported.Code);
        var text = await _terminal.RunAsync("import", "hostile.zip");
        foreach (var shown in (string[])[text.Out, text.Error])
        {
            Assert.DoesNotContain(shown, c => char.IsControl(c) && c != '\n');
            Assert.DoesNotContain('\u202E', shown);
            Assert.All(shown.Split('\n'), line => Assert.True(line.Length < 600));
        }
        Assert.Contains("hostile.zip/red\uFFFD[31m", text.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_files_of_one_name_are_both_taken()
    {
        var other = Encoding.UTF8.GetBytes(Good.Replace("08:15", "09:15", StringComparison.Ordinal));
        var imported = await ImportAsync(Zip(("good.json", other)));
        Assert.Equal(0, imported.Code);
        Assert.Equal(2, imported.Json.GetProperty("counts").GetProperty("inserted").GetInt32());
    }

    [Fact]
    public async Task A_link_in_an_archive_is_not_followed()
    {
        var imported = await ImportAsync(Whole(zip =>
        {
            Add(zip, "good.json", s_good);
            var link = zip.CreateEntry("evil.json");
            link.ExternalAttributes = unchecked((int)0xA1FF0000);
            using var target = link.Open();
            target.Write("/etc/passwd"u8);
        }));
        Assert.Equal(0, imported.Code);
        Assert.Equal(
            "is a link; links are not followed",
            Assert.Single(imported.Json.GetProperty("not_taken").EnumerateArray()).GetProperty("why").GetString());
        AssertOnlyTheGoodOne(imported);
    }

    [Fact]
    public async Task A_folder_with_loops_pipes_and_devices_ends()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "has no pipes among its files");
        var folder = Directory.CreateDirectory(_terminal.PathOf("folder"));
        _terminal.Write("folder/good.json", Good);
        File.CreateSymbolicLink(_terminal.PathOf("folder/loop"), folder.FullName);
        File.CreateSymbolicLink(_terminal.PathOf("folder/passwd.json"), "/etc/passwd");
        File.CreateSymbolicLink(_terminal.PathOf("folder/gone.json"), "nowhere");
        using (var made = System.Diagnostics.Process.Start("mkfifo", _terminal.PathOf("folder/pipe.json")))
            await made.WaitForExitAsync();

        var imported = await RunAsync("folder");
        Assert.Equal(1, imported.Code);
        Assert.Equal("folder/pipe.json is empty, or no file but a pipe or a device", Assert.Single(Errors(imported)));
        Assert.Equal(
            ["folder/gone.json", "folder/loop", "folder/passwd.json"],
            imported.Json.GetProperty("not_taken").EnumerateArray().Select(file => file.GetProperty("file").GetString()));
        AssertOnlyTheGoodOne(imported);

        var device = await _terminal.RunAsync("import", "/dev/zero", "--json");
        Assert.Equal("/dev/zero is empty, or no file but a pipe or a device", Assert.Single(Errors(device)));
    }

    static IEnumerable<string> Errors(Terminal.Result imported) =>
        imported.Json.GetProperty("files").EnumerateArray().Where(file => file.TryGetProperty("error", out _))
            .Select(file => $"{file.GetProperty("file").GetString()} {file.GetProperty("error").GetString()}");

    void AssertOnlyTheGoodOne(Terminal.Result imported)
    {
        Assert.Equal(1, imported.Json.GetProperty("imported").GetInt32());
        Assert.Equal(1, imported.Json.GetProperty("counts").GetProperty("inserted").GetInt32());
        Assert.Equal(
            ["folder", "health.db", "hostile.zip"],
            Directory.GetFileSystemEntries(_terminal.Folder).Select(Path.GetFileName).Append("folder").Append("hostile.zip")
                .Where(name => name is not ("health.db-wal" or "health.db-shm")).Distinct().Order());
    }

    byte[] Make(string what) => what switch
    {
        "bomb" => Zip(("evil.json", new byte[70 << 20])),
        "bomb in gzip" => Zip(("evil.json", Gzip(Blanks()))),
        "longer than it says" => Sized(Good.Length - 1),
        "shorter than it says" => Sized(Good.Length + 1),
        "another checksum" => Patched(Zip(("evil.json", s_good)), CentralOf, 16, 1, 2, 3, 4),
        "broken deflate" => Patched(Zip(("evil.json", s_good)), LocalOf, 30 + "evil.json".Length, 0xFF),
        "encrypted" => Patched(Zip(("evil.json", s_good)), CentralOf, 8, 1),
        "empty" => Zip(("evil.json", [])),
        "unknown method" => Patched(
            Patched(Zip(("evil.json", s_good)), CentralOf, 10, 99), LocalOf, 8, 99),
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
    };

    static byte[] Blanks()
    {
        var blanks = new byte[70 << 20];
        blanks.AsSpan().Fill((byte)' ');
        return blanks;
    }

    static byte[] Sized(int bytes)
    {
        var size = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, bytes);
        return Patched(Zip(("evil.json", s_good)), CentralOf, 24, size);
    }

    /// <summary>Many files whose packed bytes are the same ones.</summary>
    static byte[] Overlapping()
    {
        var zip = Zip(("evil.json", Encoding.UTF8.GetBytes(Good + new string(' ', 100_000))));
        var first = BinaryPrimitives.ReadInt32LittleEndian(zip.AsSpan(CentralOf(zip) + 42));
        using var all = new MemoryStream();
        var start = zip.AsSpan().IndexOf("PK\u0001\u0002"u8);
        var length = 46 + "evil.json".Length;
        var header = zip.AsSpan(CentralOf(zip), length).ToArray();
        all.Write(zip, 0, start);
        for (var i = 0; i < 1000; i++)
        {
            header[46] = (byte)('a' + i % 26);
            all.Write(header);
        }
        var end = zip.AsSpan(EndOf(zip)).ToArray();
        BinaryPrimitives.WriteInt16LittleEndian(end.AsSpan(8), 1000);
        BinaryPrimitives.WriteInt16LittleEndian(end.AsSpan(10), 1000);
        BinaryPrimitives.WriteInt32LittleEndian(end.AsSpan(12), 1000 * length);
        BinaryPrimitives.WriteInt32LittleEndian(end.AsSpan(16), start);
        all.Write(end);
        Assert.NotEqual(0, first);
        return all.ToArray();
    }

    static byte[] Many(int count) => Whole(zip =>
    {
        for (var i = 0; i < count; i++) zip.CreateEntry($"{i}");
    });

    /// <summary>The count that readers take stands in a longer record, as the number of the disk alone says.</summary>
    static byte[] LongerCount(long count)
    {
        var zip = Zip(("a.json", s_good));
        var end = EndOf(zip);
        var record = new byte[56];
        "PK\u0006\u0006"u8.CopyTo(record);
        record[4] = 44;
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(24), count);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(32), count);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(48), zip.AsSpan().IndexOf("PK\u0001\u0002"u8));
        var locator = new byte[20];
        "PK\u0006\u0007"u8.CopyTo(locator);
        BinaryPrimitives.WriteInt64LittleEndian(locator.AsSpan(8), end);
        locator[16] = 1;
        var last = zip.AsSpan(end).ToArray();
        last.AsSpan(4, 4).Fill(0xFF);
        last.AsSpan(8, 4).Clear();
        BinaryPrimitives.WriteInt32LittleEndian(last.AsSpan(16), end);
        return [.. zip.AsSpan(0, end), .. record, .. locator, .. last];
    }

    /// <summary>Where the head of the last file's entry in the list of contents is.</summary>
    static int CentralOf(byte[] zip) => zip.AsSpan().LastIndexOf("PK\u0001\u0002"u8);

    static int LocalOf(byte[] zip) => zip.AsSpan().LastIndexOf("PK\u0003\u0004"u8);
    static int EndOf(byte[] zip) => zip.AsSpan().LastIndexOf("PK\u0005\u0006"u8);

    static byte[] Patched(byte[] zip, Func<byte[], int> find, int offset, params byte[] bytes)
    {
        bytes.CopyTo(zip, find(zip) + offset);
        return zip;
    }

    static byte[] Zip(params (string Name, byte[] Bytes)[] files) => Whole(zip =>
    {
        Add(zip, "good.json", s_good);
        foreach (var (name, bytes) in files) Add(zip, name, bytes);
    });

    static byte[] Whole(Action<ZipArchive> fill)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true)) fill(zip);
        return bytes.ToArray();
    }

    static void Add(ZipArchive zip, string name, byte[] bytes)
    {
        using var entry = zip.CreateEntry(name).Open();
        entry.Write(bytes);
    }

    static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true)) gzip.Write(bytes);
        return packed.ToArray();
    }

    Task<Terminal.Result> ImportAsync(byte[] zip)
    {
        File.WriteAllBytes(_terminal.PathOf("hostile.zip"), zip);
        return RunAsync("hostile.zip");
    }

    async Task<Terminal.Result> RunAsync(string what)
    {
        await _terminal.AddUserAsync();
        return await _terminal.RunAsync("import", what, "--json");
    }
}
