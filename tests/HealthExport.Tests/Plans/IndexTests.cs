using HealthExport.Tests.Documents;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Plans;

/// <summary>
/// No index without a query that goes by it, and no query without one: on tables so full that the engine's choice means
/// something, with the product's own statements.
/// </summary>
public abstract class IndexTests(PlannedHouse house)
{
    /// <summary>What may be read from end to end, and why.</summary>
    static readonly Dictionary<(Engine Engine, string Table), string> s_mayBeReadWhole = new()
    {
        [(Engine.Sqlite, "queue")] = "ends at the first row that this process has not in hand",
        [(Engine.Sqlite, "keys_version")] = "one row",
        [(Engine.Postgres, "keys_version")] = "one row",
        [(Engine.Sqlite, "metrics")] = "small, the same for all, read once",
        [(Engine.Postgres, "metrics")] = "small, the same for all, read once",
    };

    [Fact]
    public async Task Every_index_of_the_schema_serves_a_query() => Assert.Equal(
        IndexQueries.Of(house.Engine).Select(query => query.Index).Concat(IndexQueries.ForUniquenessOnly.Keys)
            .Distinct().Order(StringComparer.Ordinal),
        (await house.Trace.ListIndexesAsync()).Order(StringComparer.Ordinal));

    public virtual async Task A_query_goes_by_its_index_and_reads_no_table_whole(string index)
    {
        var query = IndexQueries.Of(house.Engine).Single(one => one.Index == index);
        var statements = await house.Trace.RecordAsync(() => query.RunAsync(house));

        Assert.True(
            statements.Any(statement => statement.Steps.Any(step => step.Index == index)),
            $"{index} serves {query.Serves}, it is said; but what was run is\n{string.Join("\n", statements)}");
        var whole = statements.Where(statement => statement.Steps.Any(
            step => step.IsWhole && !s_mayBeReadWhole.ContainsKey((house.Engine, step.Table))));
        Assert.True(!whole.Any(), $"A table is read whole by\n{string.Join("\n", whole)}");
    }

    protected static TheoryData<string> IndexesOf(Engine engine) =>
        [.. IndexQueries.Of(engine).Select(query => query.Index)];
}

public sealed class SqliteIndexTests(PlannedSqliteHouse house)
    : IndexTests(house), IClassFixture<PlannedSqliteHouse>
{
    public static TheoryData<string> Indexes => IndexesOf(Engine.Sqlite);

    [Theory]
    [MemberData(nameof(Indexes))]
    public override Task A_query_goes_by_its_index_and_reads_no_table_whole(string index) =>
        base.A_query_goes_by_its_index_and_reads_no_table_whole(index);
}

public sealed class PostgresIndexTests(PlannedPostgresHouse house)
    : IndexTests(house), IClassFixture<PlannedPostgresHouse>
{
    public static TheoryData<string> Indexes => IndexesOf(Engine.Postgres);

    [Theory]
    [MemberData(nameof(Indexes))]
    public override Task A_query_goes_by_its_index_and_reads_no_table_whole(string index) =>
        base.A_query_goes_by_its_index_and_reads_no_table_whole(index);
}

public sealed class IndexTableTests
{
    [Fact]
    public void The_schema_page_names_every_index_with_the_query_it_serves() => Assert.Equal(
        IndexQueries.All.Select(query => $"`{query.Index}` | {query.Serves} | {NameOf(query.Only)}"),
        TableTests.RowsOf("docs/schema.md", "index").Select(row => string.Join(" | ", row)));

    static string NameOf(Engine? engine) => engine switch
    {
        Engine.Postgres => "PostgreSQL",
        Engine.Sqlite => "SQLite",
        _ => "",
    };
}
