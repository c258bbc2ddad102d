using System.IO.Pipes;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HealthExport.Server.Http;

namespace HealthExport.Server.Caching;

/// <summary>The pipes of the servers of one store on this machine.</summary>
static class CachePipes
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    // Short: a socket's path has room for about a hundred characters.
    const string Prefix = "health-export-";

    /// <summary>A name that no other server has.</summary>
    public static string MakeName(string databaseUrl) => Path.Join(
        Folder, $"{Prefix}{HashOf(databaseUrl)}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}");

    /// <summary>Asks every server of a store, those that started first first. What a server that died has left behind
    /// is removed.</summary>
    public static async Task<IReadOnlyList<CacheStatusAnswer>> AskAllAsync(
        string databaseUrl, CancellationToken cancellationToken)
    {
        List<CacheStatusAnswer> answers = [];
        var pattern = $"{Prefix}{HashOf(databaseUrl)}-*";
        foreach (var path in Directory.GetFiles(OperatingSystem.IsWindows() ? @"\\.\pipe\" : Folder, pattern))
            if (await AskAsync(path, cancellationToken) is { } answer) answers.Add(answer);
        return [.. answers.OrderBy(answer => answer.Since)];
    }

    // A name with a folder is a path where pipes are sockets; on Windows they have a place of their own.
    static string Folder => OperatingSystem.IsWindows() ? "" : Path.GetTempPath();

    /// <returns>Null if nobody is there.</returns>
    static async Task<CacheStatusAnswer?> AskAsync(string path, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            await using var pipe = new NamedPipeClientStream(
                ".", OperatingSystem.IsWindows() ? Path.GetFileName(path) : path, PipeDirection.In,
                PipeOptions.Asynchronous);
            await pipe.ConnectAsync(TimeSpan.FromSeconds(1), patience.Token);
            return await JsonSerializer.DeserializeAsync(
                pipe, ServerJson.Default.CacheStatusAnswer, patience.Token);
        }
        catch (TimeoutException)
        {
            if (!OperatingSystem.IsWindows()) File.Delete(path);
            return null;
        }
        catch (Exception e) when (
            e is IOException or JsonException or UnauthorizedAccessException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    static string HashOf(string databaseUrl) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(Absolute(databaseUrl))).AsSpan(0, 6));

    // A relative path means another file in another folder.
    static string Absolute(string databaseUrl)
    {
        const string embedded = "sqlite:";
        return databaseUrl.StartsWith(embedded, StringComparison.OrdinalIgnoreCase)
            ? Path.GetFullPath(databaseUrl[embedded.Length..])
            : databaseUrl;
    }
}
