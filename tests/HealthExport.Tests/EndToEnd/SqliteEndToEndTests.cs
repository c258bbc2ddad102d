using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

public sealed class SqliteBadInputTests(SqliteHousehold household)
    : BadInputTests(household), IClassFixture<SqliteHousehold>;

public sealed class SqliteHostileTextTests(SqliteHousehold household)
    : HostileTextTests(household), IClassFixture<SqliteHousehold>;

public sealed class SqliteDayTotalTests(SqliteHousehold household)
    : DayTotalTests(household), IClassFixture<SqliteHousehold>;

public sealed class SqliteFixtureTests(SqliteHousehold household)
    : FixtureTests(household), IClassFixture<SqliteHousehold>;

public sealed class SqliteCsvAndJsonTests(SqliteHousehold household)
    : CsvAndJsonTests(household), IClassFixture<SqliteHousehold>;

public sealed class SqliteSendAgainTests(SqliteHousehold household)
    : SendAgainTests(household), IClassFixture<SqliteHousehold>;

public sealed class SqliteRandomPushTests(SqliteHousehold household)
    : RandomPushTests(household), IClassFixture<SqliteHousehold>
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, SlowTests.Count(12, wide: 2_000))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public override Task Every_value_of_a_random_push_comes_back_as_it_was_sent(int seed) =>
        base.Every_value_of_a_random_push_comes_back_as_it_was_sent(seed);

    [Theory]
    [MemberData(nameof(Seeds))]
    public override Task A_push_again_after_another_changes_nothing_but_what_it_corrects(int seed) =>
        base.A_push_again_after_another_changes_nothing_but_what_it_corrects(seed);
}

public sealed class SqliteRandomHistoryTests(SqliteHousehold household)
    : RandomHistoryTests(household), IClassFixture<SqliteHousehold>
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, SlowTests.Count(8, wide: 800))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public override Task After_every_step_the_store_holds_what_the_model_says(int seed) =>
        base.After_every_step_the_store_holds_what_the_model_says(seed);
}
