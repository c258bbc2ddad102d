using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>Only a sane id of the caller's is repeated, in answers and in the log.</summary>
public sealed class RequestIdTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    readonly RunningServer _server = fixture.Server;

    public static TheoryData<string, bool> Sent => new()
    {
        { "a", true },
        { new string('a', 64), true },
        { "A-Z_a.z09", true },
        { new string('a', 65), false },
        { new string('a', 20_000), false },
        { "", false },
        { " ", false },
        { "a b", false },
        { "a,b", false },
        { "a;b", false },
        { "<script>", false },
        { "a\tb", false },
        { "a\u0001b", false },
        { "a\u007Fb", false },
        { "a\u001B[31mb", false },
        { "k\u00E4se", false },
        { "a%0d%0ab", false },
        { "a\u202Eb", false },
    };

    [Theory]
    [MemberData(nameof(Sent))]
    public async Task One_of_up_to_64_plain_characters_comes_back_and_another_is_replaced(string sent, bool isSane)
    {
        foreach (var path in (string[])["/health", "/v1/metrics", "/nothing"])
        {
            var answer = await AskAsync(path, $"X-Request-Id: {sent}\r\n");
            if (isSane) Assert.Equal(sent, answer.Headers["X-Request-Id"]);
            else Assert.Matches("^[a-f0-9]{32}$", answer.Headers["X-Request-Id"]);
        }
    }

    [Fact]
    public async Task Of_several_none_is_taken_and_without_any_each_answer_has_its_own()
    {
        var several = await AskAsync("/health", "X-Request-Id: one\r\nX-Request-Id: two\r\n");
        Assert.Matches("^[a-f0-9]{32}$", several.Headers["X-Request-Id"]);
        var (first, second) = (await AskAsync("/health", ""), await AskAsync("/health", ""));
        Assert.NotEqual(first.Headers["X-Request-Id"], second.Headers["X-Request-Id"]);
    }

    async Task<RawAnswer> AskAsync(string path, string headers)
    {
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync($"HEAD {path} HTTP/1.1\r\nHost: a\r\n{headers}Connection: close\r\n\r\n");
        return RawAnswer.Parse(await client.ReadToEndAsync(), hasBody: false);
    }
}
