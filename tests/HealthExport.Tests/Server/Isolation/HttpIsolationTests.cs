using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server.Isolation;

/// <summary>
/// Nobody reaches what is another's through any endpoint, by ids, names, cursors, remembered answers or bodies. An
/// endpoint without a case fails: whoever adds one says how it keeps people apart.
/// </summary>
public abstract class HttpIsolationTests(HttpPeople people)
{
    const string Api = "/api";

    /// <summary>Method and route of every endpoint, as the manifest has them, which a test holds to the server.</summary>
    public static TheoryData<string, string> Endpoints
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var line in RepositoryFacts.Read("tests/HealthExport.Tests/Manifests/endpoints.txt").Split('\n'))
                if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var method, var route, ..])
                    data.Add(method, route);
            return data;
        }
    }

    [Fact]
    public void Every_endpoint_has_a_case() => Assert.Equal(
        Server.Endpoints.Of(people.Server).Select(endpoint => $"{endpoint.Method} {Split(endpoint.Route).Route}")
            .Distinct().Order(StringComparer.Ordinal),
        HttpIsolation.Cases.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Nobody_reaches_what_is_anothers_at(string method, string route)
    {
        var (prefix, path) = Split(route);
        await HttpIsolation.Cases[$"{method} {path}"](people, prefix);
        await people.AssertUntouchedAsync();
    }

    /// <summary>Every path under <c>/v1</c> answers under <c>/api/v1</c> too.</summary>
    static (string Prefix, string Route) Split(string route) =>
        route.StartsWith($"{Api}/v1/", StringComparison.Ordinal) ? (Api, route[Api.Length..]) : ("", route);
}

public sealed class SqliteHttpIsolationTests(SqliteHttpPeople people)
    : HttpIsolationTests(people), IClassFixture<SqliteHttpPeople>;

public sealed class PostgresHttpIsolationTests(PostgresHttpPeople people)
    : HttpIsolationTests(people), IClassFixture<PostgresHttpPeople>;
