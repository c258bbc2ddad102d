using System.Net;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

public abstract class RandomPushTests(Household household)
{
    public virtual async Task Every_value_of_a_random_push_comes_back_as_it_was_sent(int seed)
    {
        var person = await household.AddPersonAsync();
        var push = RandomPushes.Create(seed);
        var model = new StoreModel();
        var expected = model.Apply(push, DateTimeOffset.UnixEpoch);

        var answer = await person.Phone.PushAsync(push);

        Assert.Equal(HttpStatusCode.OK, answer.Code);
        answer.AssertIs(expected);
        var rows = await person.Phone.ReadAllRowsAsync(limit: 5 + new Random(seed).Next(400));
        RowAssert.Equal(model.Rows, rows);
        Assert.Equal(Sums(model.Rows), Sums(rows));
    }

    public virtual async Task A_push_again_after_another_changes_nothing_but_what_it_corrects(int seed)
    {
        var person = await household.AddPersonAsync();
        var model = new StoreModel();
        foreach (var each in new[] { seed, seed + 500, seed, seed + 500 })
        {
            var push = RandomPushes.Create(each);
            var expected = model.Apply(push, DateTimeOffset.UnixEpoch);
            (await person.Phone.PushAsync(push)).AssertIs(expected);
        }

        RowAssert.Equal(model.Rows, await person.Phone.ReadAllRowsAsync(limit: 10_000));
    }

    /// <summary>In the order of the values, because adding doubles in another order gives another sum.</summary>
    static IEnumerable<KeyValuePair<string, double>> Sums(IEnumerable<ModelRow> rows) => rows
        .GroupBy(row => $"{row.Row.Metric} {row.Row.Unit} {row.Grain}", StringComparer.Ordinal)
        .OrderBy(group => group.Key, StringComparer.Ordinal)
        .Select(group => KeyValuePair.Create(
            group.Key, group.Select(row => row.Row.Value).Where(value => !double.IsNaN(value)).Order().Sum()));
}
