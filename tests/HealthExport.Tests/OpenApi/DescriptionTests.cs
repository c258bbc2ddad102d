using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using HealthExport.Server.Http;
using HealthExport.Server.OpenApi;
using HealthExport.Tests.Documents;
using HealthExport.Tests.Server;
using HealthExport.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace HealthExport.Tests.OpenApi;

/// <summary>The API's description is whole, and says what the server does.</summary>
public sealed class DescriptionTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string HowTo =
        "Describe it with an Operation in the …Api.cs of its feature (its Feature is listed in GetOpenApi.Features).";

    static readonly string[] s_methods = ["get", "post", "patch", "delete", "put"];

    /// <summary>One of an operation's responses, or of the shared ones.</summary>
    sealed record Described(string Name, JsonObject Operation)
    {
        public string Method => Name.Split(' ')[0];
        public string Path => Name.Split(' ')[1];
    }

    [Fact]
    public async Task The_committed_description_is_the_one_that_is_served()
    {
        using var response = await fixture.Server.GetAsync(null, GetOpenApi.Path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Manifest.CheckFile("api/openapi.json", await response.Content.ReadAsStringAsync());

        using var again = await fixture.Server.SendAsync(
            HttpMethod.Get, GetOpenApi.Path, null, null, ("If-None-Match", response.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task Every_endpoint_is_described_in_whole()
    {
        var document = await ReadAsync();
        var described = OperationsOf(document).ToDictionary(operation => operation.Name);
        var complaints = new List<string>();
        foreach (var (name, forms) in EndpointForms())
            if (!described.TryGetValue(name, out var operation)) complaints.Add($"{name} is not in the document.");
            else complaints.AddRange(Lacks(operation.Operation, forms).Select(lack => $"{name} {lack}"));
        Assert.True(complaints.Count == 0, $"{string.Join('\n', complaints)}\n{HowTo}");
    }

    [Fact]
    public async Task Nothing_is_described_that_is_not_there()
    {
        var document = await ReadAsync();
        var endpoints = EndpointNames();
        var operations = GetOpenApi.Features.SelectMany(feature => feature.Operations).ToList();
        Assert.Equal(endpoints.Order(), OperationsOf(document).Select(operation => operation.Name).Order());
        Assert.Empty(operations.Select(operation => $"{operation.Method} {operation.Path}").Except(endpoints));
        Assert.Distinct(operations.Select(operation => operation.Id));
        // A parameter that the endpoint does not take would be left out without a word.
        Assert.All(operations, operation => Assert.Empty(
            operation.Parameters.Select(field => field.Name).Except(
                document["paths"]![operation.Path]![operation.Method.ToLowerInvariant()]!["parameters"]!.AsArray()
                    .Select(parameter => (string?)parameter!["name"]))));
        var text = document.ToJsonString();
        Assert.All(
            document["components"]!.AsObject().Where(kind => kind.Key != "securitySchemes" && kind.Key != "responses"),
            kind => Assert.All(
                kind.Value!.AsObject(),
                one => Assert.Contains($"\"#/components/{kind.Key}/{one.Key}\"", text, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Every_property_has_a_description_and_every_reference_leads_somewhere()
    {
        var document = await ReadAsync();
        var check = new SchemaCheck(document);
        Assert.All(Within(document), node =>
        {
            if (node["$ref"] is JsonValue reference) check.Find((string)reference!);
            // An object of properties may have one of the name "properties".
            if (node["properties"] is not JsonObject properties || node["type"] is null or JsonObject) return;
            Assert.All(properties, property => Assert.False(
                string.IsNullOrWhiteSpace((string?)property.Value!["description"]),
                $"{node.GetPath()} does not say what {property.Key} is."));
        });
    }

    [Fact]
    public async Task Every_code_of_a_problem_is_in_the_description()
    {
        var document = await ReadAsync();
        var codes =
            from response in document["components"]!["responses"]!.AsObject()
            let schema = response.Value!["content"]!["application/problem+json"]!["schema"]!["allOf"]![1]!
            from code in schema["properties"]!["code"]!["enum"]!.AsArray()
            select (string)code!;
        Assert.Equal(
            TableTests.RowsOf("docs/api.md", "status").Select(row => row[1].Trim('`')).Distinct().Order(),
            codes.Distinct().Order());
    }

    [Fact]
    public async Task Every_example_fits_its_schema()
    {
        var document = await ReadAsync();
        var check = new SchemaCheck(document);
        var seen = 0;
        Assert.All(Within(document), node =>
        {
            if (node["schema"] is not { } schema) return;
            var examples = node["examples"] is JsonObject named
                ? named.Select(example => example.Value!["value"])
                : node.ContainsKey("example") ? [node["example"]] : [];
            foreach (var example in examples)
            {
                seen++;
                Assert.True(
                    check.Check(schema, example) is [],
                    $"{node.GetPath()}: {string.Join("; ", check.Check(schema, example))}");
            }
        });
        Assert.True(seen > 50, $"{seen} examples");
    }

    [Fact]
    public async Task A_reader_of_OpenAPI_finds_no_fault_with_the_description()
    {
        await using var stream = new MemoryStream(Encoding.UTF8.GetBytes((await ReadAsync()).ToJsonString()));
        var settings = new OpenApiReaderSettings { RuleSet = ValidationRuleSet.GetDefaultRuleSet() };

        var read = await OpenApiDocument.LoadAsync(stream, "json", settings);

        Assert.Empty(read.Diagnostic!.Errors.Select(error => error.ToString()));
        Assert.Empty(read.Diagnostic.Warnings.Select(warning => warning.ToString()));
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic.SpecificationVersion);
        Assert.Equal(
            EndpointNames().Count,
            read.Document!.Paths.Sum(path => path.Value.Operations?.Count ?? 0));
    }

    [Fact]
    public async Task A_query_parameter_takes_what_the_description_says_and_nothing_else()
    {
        var document = await ReadAsync();
        var key = await fixture.Server.AddKeyAsync();
        // Paths of the vendor's server take what that one takes: anything.
        foreach (var (name, operation) in OperationsOf(document).Where(one =>
            one.Method == "GET" && !one.Path.StartsWith("/api/", StringComparison.Ordinal)))
        {
            var path = name.Split(' ')[1].Replace("{id}", Guid.Empty.ToString(), StringComparison.Ordinal)
                .Replace("{name}", "heart_rate", StringComparison.Ordinal);
            var parameters = operation["parameters"]!.AsArray()
                .Where(parameter => (string?)parameter!["in"] == "query")
                .ToDictionary(parameter => (string)parameter!["name"]!, parameter => parameter!["schema"]!);
            Assert.Contains(
                parameters.Count == 0 ? "takes none" : $"takes {string.Join(", ", parameters.Keys)}.",
                await RefuseAsync("no_such_parameter", "1"), StringComparison.Ordinal);
            foreach (var (parameter, schema) in parameters)
            {
                if (schema["enum"] is JsonArray choices)
                    Assert.Contains(
                        $"must be one of {string.Join(", ", choices.Select(choice => (string?)choice))}.",
                        await RefuseAsync(parameter, "no_such_choice"), StringComparison.Ordinal);
                if ((string?)schema["type"] == "integer")
                    Assert.Contains(
                        $"must be a whole number from {schema["minimum"]} to {schema["maximum"]}.",
                        await RefuseAsync(parameter, "none"), StringComparison.Ordinal);
            }

            async Task<string> RefuseAsync(string parameter, string value)
            {
                using var response = await fixture.Server.GetAsync(key, $"{path}?{parameter}={value}");
                var problem = await response.ReadProblemAsync(400, "invalid_parameter");
                Assert.Equal([parameter], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
                return $"{problem.NeededText("detail")} {(problem.TryGetProperty("hint", out var hint) ? hint : "")}";
            }
        }
    }

    async Task<JsonObject> ReadAsync()
    {
        using var response = await fixture.Server.GetAsync(null, GetOpenApi.Path);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
    }

    List<string> EndpointNames() => [.. EndpointForms().Select(endpoint => endpoint.Name)];

    /// <summary>Of every path but those of <c>/api/v1</c> and the pages for people, with the forms that it declares, if
    /// they are two.</summary>
    List<(string Name, AnswerForms? Forms)> EndpointForms() =>
    [
        .. from endpoint in fixture.Server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           where endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null
           let path = ApiDocument.PathOf(endpoint)
           where !path.StartsWith(ApiDocument.Alias, StringComparison.Ordinal)
           from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
           select ($"{method} {path}", endpoint.Metadata.GetMetadata<AnswerForms>()),
    ];

    static IEnumerable<Described> OperationsOf(JsonObject document) =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        where s_methods.Contains(operation.Key)
        select new Described($"{operation.Key.ToUpperInvariant()} {path.Key}", operation.Value!.AsObject());

    static IEnumerable<string> Lacks(JsonObject operation, AnswerForms? forms)
    {
        if (operation.Count == 0)
        {
            yield return "has no Operation.";
            yield break;
        }
        foreach (var name in (string[])["operationId", "summary", "description"])
            if (string.IsNullOrWhiteSpace((string?)operation[name])) yield return $"has no {name}.";
        foreach (var parameter in operation["parameters"]!.AsArray())
            if (parameter!["$ref"] is null && string.IsNullOrWhiteSpace((string?)parameter["description"]))
                yield return $"does not say what the parameter {parameter["name"]} is.";
            else if (parameter["schema"] is { } schema && schema["type"] is null)
                yield return $"does not say of what type the parameter {parameter["name"]} is.";
        if (operation["responses"]!.AsObject().Count(response => response.Key[0] == '2') == 0)
            yield return "does not say what it answers when all is well.";
        if (forms is not null
            && operation["responses"]!["200"]!["content"]!.AsObject().Select(form => form.Key)
                .SequenceEqual([forms.Usual, forms.Other]) is false)
            yield return $"does not answer in {forms.Usual} and {forms.Other}.";
        foreach (var (status, response) in operation["responses"]!.AsObject())
        {
            if (response!["$ref"] is not null) continue;
            foreach (var (form, content) in response["content"]?.AsObject() ?? [])
                if (content!["example"] is null && content["schema"]!["contentMediaType"] is null)
                    yield return $"has no example of its {status} as {form}.";
        }
    }

    /// <summary>Every object of a document, but for what is data: examples.</summary>
    static IEnumerable<JsonObject> Within(JsonNode? node, string name = "")
    {
        if (name is "example" or "examples" or "enum" or "required") yield break;
        if (node is JsonObject found)
        {
            yield return found;
            foreach (var (key, value) in found)
                foreach (var inner in Within(value, key)) yield return inner;
        }
        if (node is not JsonArray array) yield break;
        foreach (var item in array)
            foreach (var inner in Within(item, name)) yield return inner;
    }
}
