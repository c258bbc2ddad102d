using System.Text.Json;
using System.Text.Json.Nodes;
using HealthExport.Keys;
using HealthExport.Server.Audit;
using HealthExport.Server.Caching;
using HealthExport.Server.Http;
using HealthExport.Server.Security;

namespace HealthExport.Server.OpenApi;

/// <summary>
/// The API's description (OpenAPI 3.1), put together from what the endpoints declare and what the features say of them.
/// An endpoint without an <see cref="Operation"/> is in it too, bare: a test says which, and what else is missing.
/// </summary>
sealed class ApiDocument
{
    /// <summary>Paths under <c>/v1</c> answer under this as well; the document names them once.</summary>
    public const string Alias = "/api/v1/";

    static readonly string[] s_schemes = ["bearer", "apiKey", "apiKeyOfTheApp"];

    readonly IReadOnlyList<Feature> _features;
    readonly JsonObject _responses = [];
    readonly SortedSet<string> _headers = new(StringComparer.Ordinal);

    ApiDocument(IReadOnlyList<Feature> features) => _features = features;

    /// <param name="endpoints">Of the server; those of <see cref="Alias"/> are left out.</param>
    public static JsonObject Build(IEnumerable<Endpoint> endpoints, IReadOnlyList<Feature> features) =>
        new ApiDocument(features).Build(
            from endpoint in endpoints.OfType<RouteEndpoint>()
            where endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is not { ExcludeFromDescription: true }
            let path = PathOf(endpoint)
            where !path.StartsWith(Alias, StringComparison.Ordinal)
            from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
            orderby path, method
            select (path, method, endpoint));

    /// <summary>A route's path as clients write it, without constraints.</summary>
    public static string PathOf(RouteEndpoint endpoint) => "/" + string.Join('/', endpoint.RoutePattern.PathSegments
        .Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter => $"{{{parameter.Name}}}",
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
            _ => "",
        }))));

    JsonObject Build(IEnumerable<(string Path, string Method, RouteEndpoint Endpoint)> endpoints)
    {
        var paths = new JsonObject();
        foreach (var (path, method, endpoint) in endpoints)
        {
            if (paths[path] is not JsonObject item) paths[path] = item = [];
            item[method.ToLowerInvariant()] = Describe(path, method, endpoint);
        }
        // What any path may answer, whether an operation of it does or not.
        var responses = new JsonObject();
        foreach (var refusal in Refusal.OfAnyPath) AddResponse([refusal]);
        foreach (var (name, response) in _responses.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            responses[name] = response!.DeepClone();
        return new()
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "HealthExport",
                ["version"] = typeof(ApiDocument).Assembly.GetName().Version!.ToString(3),
                ["summary"] = "The self-hosted home for a person's Apple Health data.",
                ["description"] = ApiText.Introduction,
                ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" },
            },
            ["servers"] = new JsonArray(new JsonObject
            {
                ["url"] = "/",
                ["description"] = "This server. Every path under /v1 answers under /api/v1 too.",
            }),
            ["tags"] = new JsonArray([.. _features.Select(feature =>
                new JsonObject { ["name"] = feature.Tag, ["description"] = feature.About })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = DescribeSchemes(),
                ["parameters"] = new JsonObject
                {
                    ["RequestId"] = Parameter("header", CommonParameters.RequestId),
                    ["IfNoneMatch"] = Parameter("header", CommonParameters.IfNoneMatch),
                },
                ["headers"] = new JsonObject(CommonHeaders.All.Where(header => _headers.Contains(header.Name))
                    .Select(header => KeyValuePair.Create(header.Name, (JsonNode?)DescribeHeader(header)))),
                ["responses"] = responses,
                ["schemas"] = new JsonObject(
                    _features.SelectMany(feature => feature.Components).Append(ApiText.Problem).Distinct()
                        .OrderBy(component => component.Name, StringComparer.Ordinal)
                        .Select(component => KeyValuePair.Create(component.Name, (JsonNode?)component.Schema.DeepClone()))),
            },
        };
    }

    JsonObject Describe(string path, string method, RouteEndpoint endpoint)
    {
        var found =
            (from feature in _features
             from operation in feature.Operations
             where operation.Path == path && operation.Method == method
             select (feature.Tag, operation)).SingleOrDefault();
        if (found.operation is not { } told) return [];

        var metadata = endpoint.Metadata;
        var scope = metadata.GetMetadata<NeededScope>();
        var described = new JsonObject
        {
            ["operationId"] = told.Id,
            ["tags"] = new JsonArray(found.Tag),
            ["summary"] = told.Summary,
            ["description"] = told.About,
        };
        described["parameters"] = new JsonArray(
        [
            .. endpoint.RoutePattern.Parameters.Select(parameter => Parameter("path", parameter.Name, told)),
            .. (metadata.GetMetadata<KnownParameters>()?.Names ?? []).Select(name => Parameter("query", name, told)),
            .. told.Headers.Select(header => Parameter("header", header)),
            .. IsTagged(metadata) ? [Refer("parameters", "IfNoneMatch")] : (JsonNode[])[],
            Refer("parameters", "RequestId"),
        ]);
        if (told.Body.Count > 0)
            described["requestBody"] = new JsonObject
            {
                ["required"] = told.IsBodyNeeded,
                ["content"] = DescribeContents(told.Body),
            };
        described["responses"] = DescribeAnswers(told, metadata);
        described["security"] = scope is null ? [] : DescribeNeed(scope);
        if (scope is not null)
            described["x-required-scope"] = new JsonArray([.. scope.AnyOf.ToNames().Select(name => (JsonNode)name)]);
        if (metadata.GetMetadata<CountedAs>() is { } counted) described["x-limit-class"] = counted.ToString();
        if (metadata.GetMetadata<AuditedAs>() is { } audited) described["x-audit-action"] = audited.Action.Name;
        return described;
    }

    JsonObject DescribeAnswers(Operation told, EndpointMetadataCollection metadata)
    {
        var isKeyed = metadata.GetMetadata<NeededScope>() is not null;
        string[] tag = IsTagged(metadata) ? [CommonHeaders.ETag] : [];
        var responses = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var answer in told.Answers)
        {
            var response = new JsonObject
            {
                ["description"] = answer.About,
                ["headers"] = DescribeHeaders(isKeyed, [.. answer.Headers, .. tag]),
            };
            if (answer.Contents.Count > 0) response["content"] = DescribeContents(answer.Contents);
            responses[answer.Status.ToString()] = response;
        }
        if (tag.Length > 0)
            responses["304"] = new JsonObject
            {
                ["description"] = "Nothing has changed since the answer that `If-None-Match` names.",
                ["headers"] = DescribeHeaders(isKeyed, tag),
            };
        foreach (var status in RefusalsOf(told, isKeyed).GroupBy(refusal => refusal.Status))
            responses.TryAdd(status.Key.ToString(), ReferToResponse([.. status]));
        responses["default"] = ReferToResponse(Refusal.OfAnyPath);
        return new(responses);
    }

    static IEnumerable<Refusal> RefusalsOf(Operation told, bool isKeyed)
    {
        var refusals = new List<Refusal>(told.Refusals);
        if (told.Method == HttpMethods.Get) refusals.Add(Refusal.BadParameter);
        if (told.Body.Count > 0)
            refusals.AddRange([Refusal.BadBody, Refusal.Timeout, Refusal.TooLarge, Refusal.UnknownForm, Refusal.Unfit]);
        if (told.Path.Contains('{')) refusals.Add(Refusal.NotFound);
        if (isKeyed)
            refusals.AddRange(
                [Refusal.Unauthenticated, Refusal.Forbidden, Refusal.RateLimited, Refusal.Unavailable]);
        refusals.Add(Refusal.Broken);
        return refusals.Distinct();
    }

    /// <summary>Whether answers bear an ETag.</summary>
    static bool IsTagged(EndpointMetadataCollection metadata) =>
        metadata.GetMetadata<CachedAs>() is not null;

    static JsonObject Refer(string kind, string name) => new() { ["$ref"] = $"#/components/{kind}/{name}" };

    JsonObject ReferToResponse(IReadOnlyList<Refusal> refusals) => Refer("responses", AddResponse(refusals));

    string AddResponse(IReadOnlyList<Refusal> refusals)
    {
        var isAny = ReferenceEquals(refusals, Refusal.OfAnyPath);
        var name = isAny ? "AnyPath" : string.Join("Or", refusals.Select(refusal => refusal.Name));
        if (_responses.ContainsKey(name)) return name;
        string[] headers = refusals.Any(refusal => refusal.Example.Problem.RetryAfter is not null)
            ? [CommonHeaders.RetryAfter] : [];
        var codes = refusals.Select(refusal => refusal.Code).Distinct().ToList();
        _responses[name] = new JsonObject
        {
            ["description"] = isAny
                ? "What may be answered to any request, whatever its path; most of it before the path is looked at."
                : string.Join(" Or: ", refusals.Select(refusal => refusal.About)),
            ["headers"] = DescribeHeaders(isKeyed: false, headers),
            ["content"] = new JsonObject
            {
                [Problem.ContentType] = new JsonObject
                {
                    ["schema"] = new JsonObject
                    {
                        ["allOf"] = new JsonArray(
                            ApiText.Problem.Reference,
                            new JsonObject
                            {
                                ["properties"] = new JsonObject
                                {
                                    ["code"] = new JsonObject
                                    {
                                        ["description"] = "Here one of these.",
                                        ["enum"] = new JsonArray([.. codes.Select(code => (JsonNode)code)]),
                                    },
                                },
                            }),
                    },
                    ["examples"] = new JsonObject(refusals.Select(refusal => KeyValuePair.Create(
                        refusal.Name, (JsonNode?)new JsonObject
                        {
                            ["summary"] = refusal.About,
                            ["value"] = JsonSerializer.SerializeToNode(
                                refusal.Example.Problem with { Instance = "/v1/metrics" }, ServerJson.Default.Problem),
                        }))),
                },
            },
        };
        return name;
    }

    JsonObject DescribeHeaders(bool isKeyed, IEnumerable<string> names)
    {
        var headers = new JsonObject();
        foreach (var name in (IEnumerable<string>)
            [CommonHeaders.RequestId, .. names, .. isKeyed ? CommonHeaders.OfLimits : []])
        {
            _headers.Add(name);
            headers[name] = Refer("headers", name);
        }
        return headers;
    }

    static JsonObject DescribeContents(IEnumerable<Content> contents) => new(contents.Select(content =>
    {
        var described = new JsonObject { ["schema"] = content.Schema.DeepClone() };
        if (content.Example is not JsonValue value || value.ToString().Length > 0)
            described["example"] = content.Example.DeepClone();
        return KeyValuePair.Create(content.MediaType, (JsonNode?)described);
    }));

    static JsonObject Parameter(string place, string name, Operation told) => Parameter(
        place, told.Parameters.FirstOrDefault(field => field.Name == name) ?? CommonParameters.Find(name)
            ?? new(name, new() { ["description"] = "" }));

    static JsonObject Parameter(string place, Field field)
    {
        var (about, schema) = Split(field);
        var parameter = new JsonObject { ["name"] = field.Name, ["in"] = place, ["description"] = about };
        if (field.IsNeeded ?? place == "path") parameter["required"] = true;
        parameter["schema"] = schema;
        return parameter;
    }

    static JsonObject DescribeHeader(Field header)
    {
        var (about, schema) = Split(header);
        return new() { ["description"] = about, ["schema"] = schema };
    }

    static (string About, JsonObject Schema) Split(Field field)
    {
        var schema = (JsonObject)field.Schema.DeepClone();
        schema.Remove("description");
        return (field.About, schema);
    }

    static JsonArray DescribeNeed(NeededScope scope) =>
    [
        .. from name in scope.AnyOf.ToNames()
           from scheme in s_schemes
           select new JsonObject { [scheme] = new JsonArray(name) },
    ];

    static JsonObject DescribeSchemes() => new()
    {
        [s_schemes[0]] = new JsonObject
        {
            ["type"] = "http",
            ["scheme"] = "bearer",
            ["description"] = "`Authorization: Bearer KEY`. The key's scopes say what it may do; none includes another.",
        },
        [s_schemes[1]] = new JsonObject
        {
            ["type"] = "apiKey",
            ["in"] = "header",
            ["name"] = "X-API-Key",
            ["description"] = "The same key, in another header.",
        },
        [s_schemes[2]] = new JsonObject
        {
            ["type"] = "apiKey",
            ["in"] = "header",
            ["name"] = "api-key",
            ["description"] = "The same key, in the header that the app vendor's own server takes.",
        },
    };
}
