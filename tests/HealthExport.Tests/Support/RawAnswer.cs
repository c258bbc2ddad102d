using System.Globalization;
using System.Text.Json;

namespace HealthExport.Tests.Support;

/// <summary>One answer as it came over the wire.</summary>
/// <param name="Headers">By name, ignoring case; each of them came once.</param>
sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    /// <summary>Takes an answer apart that is alone and has its length, and checks that length.</summary>
    public static RawAnswer Parse(string text, bool hasBody = true)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Assert.True(end > 0, $"No whole answer: {text}");
        var lines = text[..end].Split("\r\n");
        Assert.Matches(@"^HTTP/1\.1 \d{3} ", lines[0]);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var body = text[(end + 4)..];
        if (hasBody) Assert.Equal(int.Parse(headers["Content-Length"], CultureInfo.InvariantCulture), body.Length);
        else Assert.Equal("", body);
        return new(int.Parse(lines[0][9..12], CultureInfo.InvariantCulture), headers, body);
    }

    /// <summary>Checks that it is a problem with everything a problem has.</summary>
    public JsonElement ReadProblem(int status, string code)
    {
        Assert.Equal(status, Status);
        Assert.Equal("application/problem+json", Headers["Content-Type"]);
        using var document = JsonDocument.Parse(Body);
        var problem = document.RootElement.Clone();
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal($"urn:health-export:problem:{code}", problem.GetProperty("type").GetString());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        return problem;
    }
}
