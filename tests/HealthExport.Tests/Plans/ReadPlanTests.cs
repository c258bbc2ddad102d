using System.Globalization;
using System.Net;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Tests.Server;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Plans;

/// <summary>
/// What a GET costs the store: no table read whole, no partition outside the span, and as many statements for a page of
/// ten as for one of ten thousand.
/// </summary>
public abstract class ReadPlanTests(PlannedHouse house)
{
    // The server takes a prepared statement's plan for any values from the sixth time on, if it looks no worse.
    const int Times = 7;

    /// <summary>Of statements that come with some requests and not with others, whatever is asked.</summary>
    static readonly string[] s_nowAndThen =
    [
        // The key's check, unless it is remembered.
        "where lookup_hash =", "from keys_version",
        // The look at the schema, every so often.
        "schema_migrations",
        // What PostGIS and SQLite's tree of boxes ask of themselves, on each connection the first time.
        "spatial_ref_sys", "SELECT length(data) FROM 'main'",
    ];

    static readonly int[] s_pages = [10, 100, 10_000];

    /// <summary>What asks the store for nothing but who asks.</summary>
    static readonly string[] s_withoutStore = ["/v1/auth/rate-limit"];

    /// <summary>Paths, and what of the partitioned tables they may touch.</summary>
    public static TheoryData<string, string?, string?> Lists => new()
    {
        { "/v1/metrics", null, null },
        { "/v1/metrics/heart_rate/samples", "2020-12", "2023-12" },
        { "/v1/metrics/heart_rate/samples?from=2022-03-01&to=2022-06-01", "2022-02", "2022-06" },
        { "/v1/metrics/heart_rate/samples?from=2022-03-01T00:00:00Z&to=2022-04-01T00:00:00Z", "2022-03", "2022-03" },
        { "/v1/metrics/heart_rate/samples?from=2022-03-10&to=2022-03-20&grain=sample", "2022-03", "2022-03" },
        { "/v1/metrics/heart_rate/samples?from=2022-03-10&to=2022-03-20&source=Phone", "2022-03", "2022-03" },
        { "/v1/metrics/heart_rate/samples?from=2022-03-10&to=2022-03-20&order=desc", "2022-03", "2022-03" },
        { "/v1/metrics/step_count/samples?from=2022-03-10&to=2023-03-20", "2022-03", "2023-03" },
        { "/v1/metrics/active_energy/samples", "2020-12", "2024-01" },
        { "/v1/metrics/weight_body_mass/samples?order=desc", "2020-12", "2024-01" },
        { "/v1/metrics/latest", null, null },
        { "/v1/metrics/heart_rate/series?bucket=hour&from=2022-03-10&to=2022-03-13", "2022-03", "2022-03" },
        { "/v1/series?metrics=step_count,active_energy&from=2022-03-10&to=2022-03-14", "2022-03", "2022-03" },
        { "/v1/blood-pressure", "2020-12", "2024-01" },
        { "/v1/blood-pressure?from=2022-03-10&to=2022-03-20", "2022-03", "2022-03" },
        { "/v1/sleep?from=2022-03-10&to=2022-04-10", null, null },
        { "/v1/sleep?from=2021-03-10&to=2021-04-10&stages=true", null, null },
        { "/v1/events?from=2020-01-01", null, null },
        { "/v1/drift", null, null },
        { "/v1/drift?kind=field", null, null },
        { "/v1/events?kind=symptom&from=2021-01-10&to=2021-01-20", null, null },
        { "/v1/unmapped", null, null },
        { "/v1/audit", null, null },
        { "/v1/auth/keys", null, null },
        { "/v1/metrics/step_count/series?bucket=day&from=2022-03-10&to=2022-04-20", "2022-03", "2022-04" },
        { "/v1/metrics/step_count/series?bucket=week&from=2022-01-10&to=2022-12-20", "2022-01", "2022-12" },
        { "/v1/metrics/active_energy/series?bucket=month", "2020-12", "2024-01" },
        { "/v1/ingestions", null, null },
        { "/v1/ingestions?status=completed", null, null },
        { "/v1/ingestions?from=2020-01-01T00:00:00Z&to=2040-01-01T00:00:00Z", null, null },
        { "/v1/ingestions/{rejects}/rejects", null, null },
        { "/v1/workouts", null, null },
        { "/v1/workouts?from=2021-03-01&to=2021-09-01", null, null },
        { "/v1/workouts?activity=running", null, null },
        { "/v1/workouts?near=43.5,5&radius_m=100000", null, null },
        { "/v1/workouts?box=42,4,45,8", null, null },
    };

    public static TheoryData<string> Single =>
    [
        "/v1/users/me", "/v1/summary?from=2022-03-10&to=2022-04-10",
        "/v1/summary?from=2022-03-10T08:00:00Z&to=2022-04-10", "/v1/freshness",
        "/v1/export?from=2022-03-10&to=2022-03-12", "/v1/ingestions/{rejects}", "/v1/ingestions/{step_count}/payload",
        "/v1/events/{event}", $"/v1/workouts/{PlannedPushes.RunId(3)}", $"/v1/workouts/{PlannedPushes.RunId(3)}/route",
    ];

    [Fact]
    public async Task Every_GET_of_the_store_is_looked_at()
    {
        await using var server = await house.ServeAsync();
        var looked = Lists.Select(row => row.Data.Item1).Concat(Single.Select(row => row.Data))
            .Select(path => SegmentsOf(path.Split('?')[0])).ToList();
        var missing = Endpoints.Of(server)
            .Where(endpoint => endpoint.Method == "GET" && endpoint.Route.StartsWith("/v1/", StringComparison.Ordinal))
            .Select(endpoint => endpoint.Route).Except(s_withoutStore)
            .Where(route => !looked.Exists(path => Fits(SegmentsOf(route), path)));

        Assert.Empty(missing);

        static string[] SegmentsOf(string path) => path.Split('/');

        static bool Fits(string[] route, string[] path) => route.Length == path.Length
            && route.Zip(path).All(pair => pair.First.StartsWith('{') || pair.First == pair.Second);
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task A_list_costs_as_many_statements_whatever_its_page(string path, string? first, string? last)
    {
        await using var server = await house.ServeAsync();
        var key = await server.AddKeyAsync(house.Reader);
        path = house.Complete(path);
        IReadOnlyList<TracedStatement>? before = null;
        foreach (var limit in s_pages)
        {
            var page = $"{path}{(path.Contains('?') ? '&' : '?')}limit={limit}";
            var statements = await RecordAsync(server, key, page, limit == s_pages[0] ? Times : 1);
            AssertGoByKeys(statements);
            AssertOnlyBetween(first, last, statements);
            Assert.True(
                before is null || before.Count == statements.Count,
                $"Of {limit}:\n{string.Join("\n", statements)}\nof another page:\n{string.Join("\n", before ?? [])}");
            before = statements;
        }
    }

    [Fact]
    public async Task Where_rows_lie_unevenly_a_large_page_takes_a_few_statements_more_and_no_row_of_another_month()
    {
        await using var server = await house.ServeAsync();
        var key = await server.AddKeyAsync(house.Reader);
        // From the end: at first an hour apart, then minutes.
        const string path = "/v1/metrics/heart_rate/samples?order=desc&limit=";
        var few = await RecordAsync(server, key, $"{path}10", Times);
        var many = await RecordAsync(server, key, $"{path}10000", 1);

        AssertGoByKeys([.. few, .. many]);
        AssertOnlyBetween("2026-01", "2026-12", few);
        AssertOnlyBetween("2022-01", "2026-12", many);
        // A window four times as wide each time.
        Assert.InRange(many.Count, few.Count, few.Count + 4);
    }

    [Fact]
    public async Task A_summary_costs_as_many_statements_whatever_its_span()
    {
        await using var server = await house.ServeAsync();
        var key = await server.AddKeyAsync(house.Reader);
        await server.Get<HealthExport.Totals.DailyTotals>().RefreshAsync(house.Reader.Id, default);
        var week = await RecordAsync(server, key, "/v1/summary?from=2022-03-10&to=2022-03-17", Times);
        foreach (var to in (string[])["2022-04-10", "2022-09-01"])
        {
            var longer = await RecordAsync(server, key, $"/v1/summary?from=2022-03-10&to={to}", 1);
            Assert.True(
                week.Count == longer.Count,
                $"Of a week:\n{string.Join("\n", week)}\nup to {to}:\n{string.Join("\n", longer)}");
            AssertOnlyBetween("none", "none", longer);
        }
    }

    [Theory]
    [MemberData(nameof(Single))]
    public async Task One_thing_is_found_by_its_key(string path)
    {
        await using var server = await house.ServeAsync();
        var key = await server.AddKeyAsync(house.Reader);
        if (path.Contains("{event}", StringComparison.Ordinal))
        {
            var events = await server.ReadAsync(key, "/v1/events?limit=1");
            path = path.Replace(
                "{event}", events.GetProperty("items")[0].GetProperty("id").GetString(), StringComparison.Ordinal);
        }
        AssertGoByKeys(await RecordAsync(server, key, house.Complete(path), Times));
    }

    [Fact]
    public async Task A_page_further_on_costs_what_the_first_costs()
    {
        await using var server = await house.ServeAsync();
        var key = await server.AddKeyAsync(house.Reader);
        foreach (var path in (string[])
            ["/v1/metrics/heart_rate/samples?limit=1000", "/v1/workouts?limit=50", "/v1/ingestions?limit=3"])
        {
            var first = await RecordAsync(server, key, path, Times);
            var next = path;
            for (var page = 0; page < 5; page++)
            {
                next = $"{path}&cursor={(await server.ReadAsync(key, next)).GetProperty("next_cursor").GetString()}";
                var statements = await RecordAsync(server, key, next, 1);
                AssertGoByKeys(statements);
                Assert.Equal(first.Count, statements.Count);
            }
        }
    }

    [Fact]
    public async Task What_CSV_without_offsets_is_held_against_goes_by_keys()
    {
        var metric = (await house.Get<ISampleStore>().ListMetricsAsync(house.Reader.Id, default))
            .Single(one => one.Metric.Name == "heart_rate").MetricId;
        var store = house.Get<IIngestionStore>();
        await store.KeepAsync(
            ReceivedPushes.Create(TimeProvider.System, house.Reader.Id, "{}") with { KeyId = house.Key.Id });
        await using var push = await store.BeginAsync(await store.GetClaimAsync(), default);
        var first = Instant.From(new DateOnly(2022, 3, 10));
        var last = new Instant(first.Microseconds + 10 * Instant.PerDay - 1);

        // Described once: on SQLite each description waits for the writer, which the push holds.
        var statements = await house.Trace.RecordAsync(async () =>
        {
            for (var time = 0; time < Times; time++)
            {
                Assert.Empty(await push.ListLocalHoursAsync(metric, first, last, 60, default));
                Assert.Equal(240, (await push.ListLocalHoursAsync(metric, first, last, 0, default)).Count);
                await push.FindAroundAsync(first, last, default);
            }
        });
        await push.CommitAsync(new(), changedAnything: false, default);

        Assert.True(statements.Count > 2 * Times, "Too few statements were seen.");
        AssertGoByKeys(statements);
        AssertOnlyBetween("2022-03", "2022-03", statements);
    }

    /// <summary>The statements of one request, the last of several.</summary>
    async Task<IReadOnlyList<TracedStatement>> RecordAsync(
        RunningServer server, TestKey key, string path, int times)
    {
        IReadOnlyList<TracedStatement> last = [];
        for (var time = 0; time < times; time++)
            last = await house.Trace.RecordAsync(async () =>
            {
                using var response = await server.GetAsync(key, path);
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                Assert.NotEmpty(await response.Content.ReadAsByteArrayAsync());
            });
        Assert.NotEmpty(last);
        return
        [
            .. last.Where(statement =>
                !s_nowAndThen.Any(mark => statement.Sql.Contains(mark, StringComparison.Ordinal))),
        ];
    }

    static void AssertGoByKeys(IReadOnlyList<TracedStatement> statements)
    {
        var whole = statements.Where(statement => statement.Steps.Any(step => step.IsWhole));
        Assert.True(!whole.Any(), $"A table is read whole by\n{string.Join("\n", whole)}");
    }

    static void AssertOnlyBetween(string? first, string? last, IReadOnlyList<TracedStatement> statements)
    {
        const string table = "samples_";
        var touched = statements.SelectMany(statement => statement.Steps)
            .Select(step => step.Partition).OfType<string>()
            .Where(partition => partition.StartsWith(table, StringComparison.Ordinal))
            .Select(partition => partition[table.Length..].Replace('_', '-')).ToHashSet();
        Assert.All(touched, month => Assert.InRange(month, first ?? "", last ?? "", StringComparer.Ordinal));
    }
}

static class PlannedPaths
{
    /// <summary>Puts in the place of <c>{name}</c> the id of that push.</summary>
    public static string Complete(this PlannedHouse house, string path) => house.Pushes.Aggregate(
        path,
        (text, push) => text.Replace(
            $"{{{push.Key}}}", push.Value.Id.ToString("d", CultureInfo.InvariantCulture), StringComparison.Ordinal));
}

public sealed class SqliteReadPlanTests(PlannedSqliteHouse house)
    : ReadPlanTests(house), IClassFixture<PlannedSqliteHouse>;

public sealed class PostgresReadPlanTests(PlannedPostgresHouse house)
    : ReadPlanTests(house), IClassFixture<PlannedPostgresHouse>;
