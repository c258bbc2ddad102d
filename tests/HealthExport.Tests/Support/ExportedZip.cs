using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace HealthExport.Tests.Support;

/// <summary>An export, unpacked, whose manifest is true.</summary>
sealed class ExportedZip
{
    readonly Dictionary<string, byte[]> _files = [];

    ExportedZip(byte[] bytes) => Bytes = bytes;

    public byte[] Bytes { get; }

    public JsonElement Manifest { get; private set; }

    /// <summary>Paths in the order of the zip.</summary>
    public IReadOnlyList<string> Paths { get; private set; } = [];

    /// <summary>What can be pushed again: path, media type and bytes, in the order in which to push it.</summary>
    public IEnumerable<(string Path, string ContentType, byte[] Bytes)> Pushes =>
        from file in Manifest.GetProperty("files").EnumerateArray()
        let type = file.GetProperty("content_type").GetString()
        where type is not null
        let path = file.NeededText("path")
        select (path, type, _files[path]);

    /// <summary>All of its files, one after the other.</summary>
    public string AllText => string.Concat(Paths.Select(Text));

    public static async Task<ExportedZip> ReadAsync(
        RunningServer server, TestKey key, string query = "", string prefix = "")
    {
        using var response = await server.GetAsync(key, $"{prefix}/v1/export{query}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/zip", response.Content.Headers.ContentType?.ToString());
        return Unpack(await response.Content.ReadAsByteArrayAsync());
    }

    public static ExportedZip Unpack(byte[] bytes)
    {
        var zip = new ExportedZip(bytes);
        using var archive = new ZipArchive(new MemoryStream(bytes), ZipArchiveMode.Read);
        foreach (var entry in archive.Entries)
        {
            using var content = entry.Open();
            using var unpacked = new MemoryStream();
            content.CopyTo(unpacked);
            zip._files.Add(entry.FullName, unpacked.ToArray());
        }
        zip.Paths = [.. archive.Entries.Select(entry => entry.FullName)];
        Assert.Equal("manifest.json", zip.Paths[^1]);
        zip.Manifest = JsonDocument.Parse(zip._files["manifest.json"]).RootElement;
        Assert.Equal("health-export", zip.Manifest.NeededText("format"));
        var listed = zip.Manifest.GetProperty("files").EnumerateArray().ToList();
        Assert.Equal(zip.Paths.SkipLast(1), listed.Select(file => file.NeededText("path")));
        foreach (var file in listed)
        {
            var content = zip._files[file.NeededText("path")];
            Assert.Equal(content.Length, file.GetProperty("bytes").GetInt64());
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), file.NeededText("sha256"));
            if (file.NeededText("path").EndsWith(".ndjson", StringComparison.Ordinal))
                Assert.Equal(content.Count(b => b == '\n'), file.GetProperty("items").GetInt64());
        }
        return zip;
    }

    public byte[] File(string path) => _files[path];

    public string Text(string path) => Encoding.UTF8.GetString(_files[path]);

    /// <summary>The items of a type.</summary>
    public List<JsonElement> Items(string type) =>
        [.. Lines($"ndjson/{type}.ndjson").Select(line => JsonDocument.Parse(line).RootElement)];

    public string[] Lines(string path) => Text(path).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Holds the standard items of both to be the same, byte by byte.</summary>
    public void AssertSameItems(ExportedZip other)
    {
        var paths = Paths.Where(path => path.EndsWith(".ndjson", StringComparison.Ordinal)).ToList();
        Assert.Equal(paths, other.Paths.Where(path => path.EndsWith(".ndjson", StringComparison.Ordinal)));
        foreach (var path in paths)
        {
            // Line by line first: what differs is then told.
            Assert.Equal(Lines(path), other.Lines(path));
            Assert.Equal(File(path), other.File(path));
        }
    }

    /// <summary>Pushes everything, as somebody with another key; every item must be stored.</summary>
    public async Task PushAsync(RunningServer server, TestKey key)
    {
        foreach (var (path, type, bytes) in Pushes)
        {
            if (bytes.Length == 0) continue;
            using var response = await server.PushAsync(key, bytes, type);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var receipt = await response.ReadJsonAsync();
            Assert.True(receipt.NeededText("status") == "completed", $"{path}: {receipt}");
            Assert.Equal("ndjson", receipt.NeededText("format"));
        }
    }
}
