using System.Text.Json;

namespace HealthExport.Tests.Support;

/// <summary>
/// The generator and the model are measured against each other and against plain JSON before the server is.
/// </summary>
public sealed class RandomPushesTests
{
    [Fact]
    public void A_random_push_is_JSON_and_holds_as_many_items_as_it_says()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var push = RandomPushes.Create(seed);
            using var document = JsonDocument.Parse(push.Body);
            var sent = document.RootElement.GetProperty("data").GetProperty("metrics").EnumerateArray()
                .Sum(metric => metric.GetProperty("data").GetArrayLength());

            Assert.Equal(push.Arrays.Sum(array => array.Items.Count), sent);
        }
    }

    [Fact]
    public void A_seed_gives_the_same_push_again() =>
        Assert.Equal(RandomPushes.Create(7).Body, RandomPushes.Create(7).Body);

    [Fact]
    public void Random_pushes_hold_every_kind_of_metric_unit_and_reject()
    {
        var items = Enumerable.Range(0, 200).SelectMany(seed => RandomPushes.Create(seed).Arrays)
            .SelectMany(array => array.Items).ToList();

        Assert.Superset(
            new HashSet<string?>
            {
                "missing_value", "not_a_number", "unreadable_date", "date_out_of_range", "end_before_start",
                "unreadable_item", "out_of_range",
            },
            items.Select(item => item.Reject).ToHashSet());
        Assert.Superset(
            KnownMetric.All.SelectMany(metric => metric.Units).Where(unit => !unit.IsCanonical)
                .Select(unit => unit.Spelling).ToHashSet(),
            items.SelectMany(item => item.Rows).Select(row => row.SentUnit!).ToHashSet());
    }

    [Fact]
    public void The_model_finds_nothing_new_in_the_same_push_again()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var model = new StoreModel();
            var push = RandomPushes.Create(seed);
            var first = model.Apply(push, DateTimeOffset.UnixEpoch);
            var rows = model.Rows.ToList();
            var again = model.Apply(push, DateTimeOffset.UnixEpoch);

            Assert.Equal(rows, model.Rows);
            Assert.All(again.ByType.Values, counts => Assert.Equal(0, counts.Inserted));
            Assert.Equal(
                first.ByType.Values.Sum(counts => counts.Received),
                first.ByType.Values
                    .Sum(counts => counts.Inserted + counts.Updated + counts.Unchanged + counts.Rejected));
        }
    }
}
