using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>The same bytes again: nothing to do, unless something happened since.</summary>
public abstract class SendAgainTests(Household household)
{
    [Fact]
    public async Task Sent_again_and_again_it_is_a_duplicate_with_the_counts_of_the_first()
    {
        var person = await household.AddPersonAsync();
        var push = RandomPushes.Create(11);
        var expected = new StoreModel().Apply(push, DateTimeOffset.UnixEpoch);
        var first = await person.Phone.PushAsync(push);

        for (var i = 0; i < 3; i++)
        {
            var again = await person.Phone.PushAsync(push);
            again.AssertIs(expected, status: "duplicate");
            Assert.NotEqual(first.Id, again.Id);
            Assert.Equal(first.Id, again.Body.GetProperty("duplicate_of").GetGuid());
        }
    }

    [Fact]
    public async Task After_another_push_the_same_bytes_win_again()
    {
        var person = await household.AddPersonAsync();
        var at = new DateTimeOffset(2025, 5, 5, 8, 0, 7, TimeSpan.Zero);
        var (five, six) = (Rate(at, 65), Rate(at, 66));

        foreach (var push in new[] { five, six, five })
            Assert.Equal("completed", (await person.Phone.PushAsync(push)).Text("status"));

        Assert.Equal(65, Assert.Single(await person.Phone.ReadRowsAsync("resting_heart_rate")).Row.Value);
    }

    [Fact]
    public async Task After_a_deletion_the_same_bytes_bring_back_what_a_replay_does_not()
    {
        var person = await household.AddPersonAsync();
        var push = Rate(new(2025, 5, 5, 8, 0, 7, TimeSpan.Zero), 65);
        var first = await person.Phone.PushAsync(push);
        Assert.Equal(1,
            await household.Deletions.DeleteAsync(person.UserId, Deleting.Of(null)));

        Assert.Equal(1, (await person.Phone.ReplayAsync(first.Id)).Count("unchanged"));
        Assert.Empty(await person.Phone.ReadAllRowsAsync());

        Assert.Equal(1, (await person.Phone.PushAsync(push)).Count("inserted"));
        Assert.Single(await person.Phone.ReadAllRowsAsync());
    }

    [Fact]
    public async Task Another_aggregation_header_makes_another_push_of_the_same_bytes()
    {
        var person = await household.AddPersonAsync();
        var day = new DateTimeOffset(2025, 5, 5, 0, 0, 0, TimeSpan.Zero);
        var push =
            new PushBuilder(new Random(1), plain: true).With(KnownMetric.StepCount, "Watch", (day, 10)).Build("Days");

        await person.Phone.PushAsync(push);
        var answer = await person.Phone.PushAsync(push with { Aggregation = "Hours" });

        Assert.Equal(1, answer.Count("inserted"));
        Assert.Equal(2, (await person.Phone.ReadRowsAsync("step_count")).Count);
    }

    static SentPush Rate(DateTimeOffset at, double value) =>
        new PushBuilder(new Random(1), plain: true).With(KnownMetric.RestingHeartRate, "Watch", (at, value)).Build();
}
