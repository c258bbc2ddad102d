using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

public sealed class PostgresBadInputTests(PostgresHousehold household)
    : BadInputTests(household), IClassFixture<PostgresHousehold>;

public sealed class PostgresHostileTextTests(PostgresHousehold household)
    : HostileTextTests(household), IClassFixture<PostgresHousehold>;

public sealed class PostgresDayTotalTests(PostgresHousehold household)
    : DayTotalTests(household), IClassFixture<PostgresHousehold>;

public sealed class PostgresFixtureTests(PostgresHousehold household)
    : FixtureTests(household), IClassFixture<PostgresHousehold>;

public sealed class PostgresCsvAndJsonTests(PostgresHousehold household)
    : CsvAndJsonTests(household), IClassFixture<PostgresHousehold>;

public sealed class PostgresSendAgainTests(PostgresHousehold household)
    : SendAgainTests(household), IClassFixture<PostgresHousehold>;

public sealed class PostgresRandomPushTests(PostgresHousehold household)
    : RandomPushTests(household), IClassFixture<PostgresHousehold>
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, SlowTests.Count(8, wide: 2_000))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public override Task Every_value_of_a_random_push_comes_back_as_it_was_sent(int seed) =>
        base.Every_value_of_a_random_push_comes_back_as_it_was_sent(seed);

    [Theory]
    [MemberData(nameof(Seeds))]
    public override Task A_push_again_after_another_changes_nothing_but_what_it_corrects(int seed) =>
        base.A_push_again_after_another_changes_nothing_but_what_it_corrects(seed);
}

public sealed class PostgresRandomHistoryTests(PostgresHousehold household)
    : RandomHistoryTests(household), IClassFixture<PostgresHousehold>
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, SlowTests.Count(6, wide: 800))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public override Task After_every_step_the_store_holds_what_the_model_says(int seed) =>
        base.After_every_step_the_store_holds_what_the_model_says(seed);
}
