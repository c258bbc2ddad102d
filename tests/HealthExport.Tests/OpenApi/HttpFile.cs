using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.OpenApi;

/// <param name="Title">What stands after its <c>###</c>.</param>
/// <param name="Name">By which later requests name its answer; null for none.</param>
/// <param name="Url">With variables.</param>
/// <param name="Body">With variables; empty for none.</param>
sealed record HttpFileRequest(
    string Title, string? Name, string Method, string Url, IReadOnlyList<(string Name, string Value)> Headers,
    string Body);

/// <summary>
/// A <c>.http</c> file as editors read it: <c>@name = value</c> for all requests, which are parted by <c>###</c> and may
/// use <c>{{name}}</c> and, of an earlier one's JSON answer, <c>{{request.response.body.$.path}}</c>.
/// </summary>
sealed partial class HttpFile
{
    readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);
    readonly Dictionary<string, JsonNode> _answers = new(StringComparer.Ordinal);

    HttpFile(IEnumerable<string> head, IReadOnlyList<HttpFileRequest> requests)
    {
        Requests = requests;
        foreach (var line in head.Where(line => line.StartsWith('@')))
            if (line[1..].Split('=', 2, StringSplitOptions.TrimEntries) is [var name, var value])
                _variables[name] = value;
    }

    public IReadOnlyList<HttpFileRequest> Requests { get; }

    /// <summary>By name, in order.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Directory.EnumerateFiles(Path.Combine(RepositoryFacts.Root, "api"), "*.http")
            .Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal),
    ];

    public static HttpFile Read(string name)
    {
        var blocks = RepositoryFacts.Read($"api/{name}").ReplaceLineEndings("\n").Split("\n###");
        return new(blocks[0].Split('\n'), [.. blocks.Skip(1).Select(block => ReadRequest(block.Split('\n')))]);
    }

    /// <summary>Gives a variable another value than the file's.</summary>
    public void Set(string name, string value) => _variables[name] = value;

    /// <summary>For those after it.</summary>
    public void Answer(HttpFileRequest request, JsonNode answer)
    {
        if (request.Name is { } name) _answers[name] = answer;
    }

    /// <exception cref="KeyNotFoundException">It names what there is not.</exception>
    public string Fill(string text) => Variable().Replace(text, match =>
    {
        var name = match.Groups[1].Value;
        if (_variables.TryGetValue(name, out var value)) return value;
        const string body = ".response.body.$.";
        if (name.IndexOf(body, StringComparison.Ordinal) is not (> 0 and var at)
            || !_answers.TryGetValue(name[..at], out var node))
            throw new KeyNotFoundException(name);
        foreach (Match step in Step().Matches(name[(at + body.Length)..]))
            node = (step.Groups[2].Success
                    ? node[int.Parse(step.Groups[2].Value, CultureInfo.InvariantCulture)]
                    : node[step.Groups[1].Value])
                ?? throw new KeyNotFoundException(name);
        return node.ToString();
    });

    static HttpFileRequest ReadRequest(string[] lines)
    {
        string? name = null;
        var i = 1;
        for (; lines[i].Length == 0 || lines[i][0] == '#'; i++)
            if (lines[i].StartsWith("# @name ", StringComparison.Ordinal)) name = lines[i]["# @name ".Length..].Trim();
        var (method, url) = lines[i].Split(' ', 2) is [var verb, var rest]
            ? (verb, rest)
            : throw new FormatException(lines[i]);
        var headers = lines.Skip(i + 1).TakeWhile(line => line.Length > 0)
            .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries)).Select(pair => (pair[0], pair[1]))
            .ToList();
        return new(
            lines[0].Trim(), name, method, url, headers, string.Join('\n', lines.Skip(i + 1 + headers.Count)).Trim());
    }

    [GeneratedRegex(@"\{\{([^{}]+)\}\}")]
    private static partial Regex Variable();

    [GeneratedRegex(@"([a-z_]+)|\[(\d+)\]")]
    private static partial Regex Step();
}
