using System.Text;
using System.Text.Json.Nodes;
using HealthExport.Server.OpenApi;
using HealthExport.Tests.Server;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.OpenApi;

public sealed class SqliteHttpFileTests(ServerFixture fixture) : HttpFileTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresHttpFileTests(PostgresServerFixture fixture)
    : HttpFileTests(fixture), IClassFixture<PostgresServerFixture>;

/// <summary>
/// Every request of <c>api/*.http</c> works, and every answer is what the API's description says: its status, its form,
/// its headers, each property of its JSON. Between them they ask for every operation.
/// </summary>
public abstract class HttpFileTests(ServerFixture fixture)
{
    readonly RunningServer _server = fixture.Server;

    public static TheoryData<string> Files => [.. HttpFile.All];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_request_works_and_every_answer_is_as_described(string name)
    {
        var description = await ApiDescription.ReadAsync(_server);
        var key = await _server.AddKeyAsync();
        var file = HttpFile.Read(name);
        file.Set("host", _server.Url.ToString().TrimEnd('/'));
        file.Set("key", key.Text);
        file.Set("email", key.User.Email);
        Assert.NotEmpty(file.Requests);
        foreach (var request in file.Requests)
        {
            using var response = await SendAsync(file, request);
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.IsSuccessStatusCode, $"{name}, {request.Title}: {text}");
            var complaints = description.Check(request.Method, PathOf(file.Fill(request.Url)), response, text);
            Assert.True(complaints.Count == 0, $"{name}, {request.Title}: {string.Join("; ", complaints)}\n{text}");
            if (request.Name is not null) file.Answer(request, JsonNode.Parse(text)!);
        }
    }

    [Fact]
    public async Task Every_operation_is_asked_for_and_nothing_else_is()
    {
        var description = await ApiDescription.ReadAsync(_server);
        var asked =
            from name in HttpFile.All
            from request in HttpFile.Read(name).Requests
            select description.FindOperation(request.Method, PathOf(request.Url.Replace("{{host}}", "http://host")))
                ?? $"{name}, {request.Title}: there is no such operation";
        Assert.Equal(
            GetOpenApi.Features.SelectMany(feature => feature.Operations)
                .Select(operation => $"{operation.Method} {operation.Path}").Order(),
            asked.Distinct().Order());
    }

    static string PathOf(string url) => new Uri(url).AbsolutePath;

    async Task<HttpResponseMessage> SendAsync(HttpFile file, HttpFileRequest asked)
    {
        using var request = new HttpRequestMessage(new(asked.Method), file.Fill(asked.Url));
        if (asked.Body.Length > 0)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(file.Fill(asked.Body)));
            Assert.Contains(asked.Headers, header => header.Name == "Content-Type");
        }
        foreach (var (header, value) in asked.Headers)
            if (!request.Headers.TryAddWithoutValidation(header, file.Fill(value)))
                request.Content!.Headers.TryAddWithoutValidation(header, file.Fill(value));
        return await _server.Client.SendAsync(request);
    }
}
