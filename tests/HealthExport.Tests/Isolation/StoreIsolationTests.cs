using HealthExport.Tests.Support;

namespace HealthExport.Tests.Isolation;

/// <summary>
/// Nobody reaches what is another's through any method of the store, by ids, cursors, keys or rows that they have no
/// right to know. A method without a case fails: whoever adds one says how it keeps people apart.
/// </summary>
public abstract class StoreIsolationTests(Engine engine)
{
    public static TheoryData<string> Methods => [.. StoreMethods.All.Where(StoreIsolation.Cases.ContainsKey)];

    [Fact]
    public void Every_method_of_the_store_has_a_case_or_says_why_it_needs_none() => Assert.Equal(
        StoreMethods.All,
        StoreIsolation.Cases.Keys.Concat(StoreIsolation.NeedsNone.Keys).Order(StringComparer.InvariantCulture)
            .Concat(StoreMethods.All.Where(StoreIsolation.IsOfWholeStore)).Order(StringComparer.Ordinal));

    [Fact]
    public async Task The_owner_has_something_of_everything_that_could_be_reached()
    {
        await using var people = await TwoPeople.MakeAsync(engine);
        // An ECG's, found with its event alone; where a key was used, and what pushes superseded, which nobody reads.
        Assert.Equal(["ecg_voltages", "key_addresses", "removed_samples"], people.EmptyTables);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Nobody_reaches_what_is_anothers_by(string method)
    {
        await using var people = await TwoPeople.MakeAsync(engine);
        await StoreIsolation.Cases[method](people);
        await people.AssertUntouchedAsync();
    }
}

public sealed class SqliteIsolationTests() : StoreIsolationTests(Engine.Sqlite);

public sealed class PostgresIsolationTests() : StoreIsolationTests(Engine.Postgres);
