using HealthExport.Samples;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>One day's steps, sent in every way that a phone might: the day's total stays right.</summary>
public abstract class DayTotalTests(Household household)
{
    static readonly DateTimeOffset Day = new(2025, 6, 10, 0, 0, 0, TimeSpan.FromHours(2));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_same_day_by_minute_by_hour_and_by_day_is_counted_once(bool withHeader)
    {
        var phone = await ConnectAsync();
        foreach (var order in new[] { "mhd", "dhm", "hdm", "mdh" })
        {
            foreach (var grain in order) await PushDayAsync(phone, grain, 1, withHeader);
            Assert.Equal(180, await TotalAsync(phone, Day));
        }
        Assert.Equal(
            [(Grain.Minute, 3), (Grain.Hour, 2), (Grain.Day, 1)],
            (await phone.ReadRowsAsync("step_count")).GroupBy(row => row.Grain).OrderBy(group => group.Key)
                .Select(group => (group.Key, group.Count())));
    }

    [Theory]
    [InlineData('m')]
    [InlineData('h')]
    [InlineData('d')]
    public async Task A_day_that_grew_counts_as_grown_whichever_way_the_growth_is_sent(char grain)
    {
        var phone = await ConnectAsync();
        foreach (var each in "mhd") await PushDayAsync(phone, each, 1, withHeader: true);

        await PushDayAsync(phone, grain, 2, withHeader: true);

        Assert.Equal(360, await TotalAsync(phone, Day));
    }

    [Fact]
    public async Task A_correction_downwards_wins_once_every_grain_is_corrected()
    {
        var phone = await ConnectAsync();
        foreach (var grain in "mhd") await PushDayAsync(phone, grain, 2, withHeader: true);
        foreach (var grain in "mhd") await PushDayAsync(phone, grain, 1, withHeader: true);

        Assert.Equal(180, await TotalAsync(phone, Day));
    }

    [Fact]
    public async Task A_day_bucket_received_after_all_finer_rows_corrects_the_day_downwards_alone()
    {
        var phone = await ConnectAsync();
        foreach (var grain in "mhd") await PushDayAsync(phone, grain, 2, withHeader: true);

        await PushDayAsync(phone, 'd', 1, withHeader: true);

        Assert.Equal(180, await TotalAsync(phone, Day));
    }

    [Fact]
    public async Task A_flight_does_not_make_two_of_one_day()
    {
        var phone = await ConnectAsync();
        var landed = new DateTimeOffset(2025, 6, 10, 0, 0, 0, TimeSpan.FromHours(-4));

        await PushAsync(phone, "Days", null, (Day, 4_000));
        var answer = await PushAsync(phone, "Days", null, (landed, 9_000));

        Assert.Equal(1, answer.Count("updated"));
        var row = Assert.Single(await phone.ReadRowsAsync("step_count"));
        Assert.Equal(9_000, row.Row.Value);
        Assert.Equal(TimeSpan.FromHours(2), row.Row.Start.Offset);
        Assert.Equal(9_000, await TotalAsync(phone, Day));
    }

    [Fact]
    public async Task Hours_of_a_flight_belong_to_the_local_day_of_each()
    {
        var phone = await ConnectAsync();
        var landed = TimeSpan.FromHours(-4);
        var builder = new PushBuilder(new Random(1)).With(
            KnownMetric.StepCount, "Watch", (Day.AddHours(20), 100),
            // 04:00 of the next day where the flight began, 22:00 of the same day where it ended.
            (Day.AddHours(28).ToOffset(landed), 50), (Day.AddHours(31).ToOffset(landed), 7));

        await phone.PushAsync(builder.Build("Hours"));

        Assert.Equal(150, await TotalAsync(phone, Day));
        Assert.Equal(7, await TotalAsync(phone, Day.AddDays(1)));
    }

    [Fact]
    public async Task A_half_hour_zone_has_hours_that_begin_on_its_own_clock()
    {
        var phone = await ConnectAsync();
        var delhi = new DateTimeOffset(2025, 6, 10, 9, 0, 0, new TimeSpan(5, 30, 0));
        var builder = new PushBuilder(new Random(1), plain: true).With(
            KnownMetric.StepCount, "Watch", (delhi.AddMinutes(17), 30), (delhi.AddHours(1), 40));

        await phone.PushAsync(builder.Build("Hours"));

        Assert.Equal(
            [delhi, delhi.AddHours(1)],
            (await phone.ReadRowsAsync("step_count")).Where(row => row.Grain == Grain.Hour)
                .Select(row => row.Row.Start));
    }

    [Theory]
    [InlineData("Since Last Sync")]
    [InlineData("sinceLastSync")]
    public async Task The_first_bucket_since_the_last_sync_never_shrinks_and_the_others_may(string period)
    {
        var phone = await ConnectAsync();
        await PushAsync(phone, "Hours", null, (Day.AddHours(8), 500), (Day.AddHours(9), 600));

        var answer = await PushAsync(phone, "Hours", period, (Day.AddHours(8), 20), (Day.AddHours(9), 300),
            (Day.AddHours(10), 50));

        Assert.Equal((1, 1, 1), (answer.Count("inserted"), answer.Count("updated"), answer.Count("unchanged")));
        Assert.Equal([500, 300, 50], (await phone.ReadRowsAsync("step_count")).Select(row => row.Row.Value));
        Assert.Equal(850, await TotalAsync(phone, Day));

        await PushAsync(phone, "Hours", period, (Day.AddHours(8), 501));
        Assert.Equal(851, await TotalAsync(phone, Day));
    }

    [Theory]
    [InlineData("Today", 1)]
    [InlineData("Default", 2)]
    [InlineData("Yesterday", 2)]
    [InlineData("Previous 7 Days", 8)]
    public async Task A_sliver_of_the_day_before_the_period_may_be_new_but_never_lowers(string period, int daysBack)
    {
        var phone = await ConnectAsync();
        var now = TimeProvider.System.GetUtcNow();
        // Three more days, so that a midnight during the test makes no difference.
        var before = now.AddTicks(-now.TimeOfDay.Ticks).AddDays(-daysBack - 3);
        await PushAsync(phone, "Days", "Previous 7 Days", (before, 7_000));

        await PushAsync(phone, "Days", period, (before.AddDays(-1), 40), (before, 12));

        Assert.Equal(40, await TotalAsync(phone, before.AddDays(-1)));
        Assert.Equal(7_000, await TotalAsync(phone, before));
    }

    [Fact]
    public async Task A_sliver_of_a_day_is_not_the_last_word_on_its_minutes()
    {
        var phone = await ConnectAsync();
        await PushAsync(phone, "Minutes", null, (Day.AddHours(8), 250), (Day.AddHours(9), 350));

        await PushAsync(phone, "Days", "Since Last Sync", (Day, 5), (Day.AddDays(1), 70));
        Assert.Equal(600, await TotalAsync(phone, Day));

        // The same value, now of the whole day: it corrects the minutes.
        await PushAsync(phone, "Days", null, (Day, 5));
        Assert.Equal(5, await TotalAsync(phone, Day));
    }

    [Fact]
    public async Task A_day_said_again_after_its_minutes_grew_is_the_last_word()
    {
        var phone = await ConnectAsync();
        await PushAsync(phone, "Days", null, (Day, 1_200));
        await PushAsync(phone, "Minutes", null, (Day.AddHours(8), 1_320));
        Assert.Equal(1_320, await TotalAsync(phone, Day));

        var answer = await PushAsync(phone, "Days", null, (Day, 1_200));

        Assert.Equal(1, answer.Count("unchanged"));
        Assert.Equal(1_200, await TotalAsync(phone, Day));
    }

    [Fact]
    public async Task Minutes_that_vanished_upstream_go_when_the_header_says_that_all_are_listed()
    {
        var phone = await ConnectAsync();
        var (a, b, c, d) =
            (Day.AddHours(8), Day.AddHours(8).AddMinutes(1), Day.AddHours(8).AddMinutes(2), Day.AddHours(9));
        await PushAsync(phone, "Minutes", null, (a, 10), (b, 20), (c, 30), (d, 40));

        var without = await PushAsync(phone, null, null, (a, 10), (c, 30));
        Assert.Equal(0, Removed(without));
        var answer = await PushAsync(phone, "Minutes", null, (a, 10), (c, 30));

        Assert.Equal(1, Removed(answer));
        answer.AssertAddsUp();
        Assert.Equal([10, 30, 40], (await phone.ReadRowsAsync("step_count")).Select(row => row.Row.Value));
        Assert.Equal(80, await TotalAsync(phone, Day));
    }

    [Fact]
    public async Task Nothing_vanishes_for_another_array_of_the_same_push_lists_it()
    {
        var phone = await ConnectAsync();
        var model = new StoreModel();
        var hour = Day.AddHours(8);
        var push = new PushBuilder(new Random(1), plain: true)
            .With(KnownMetric.StepCount, "Watch", (hour, 10), (hour.AddMinutes(9), 20))
            .With(KnownMetric.StepCount, "Watch", (hour.AddMinutes(4), 30))
            .Build("Minutes");
        var expected = model.Apply(push, TimeProvider.System.GetUtcNow());

        (await phone.PushAsync(push)).AssertIs(expected);

        RowAssert.Equal(model.Rows, await phone.ReadAllRowsAsync());
    }

    [Fact]
    public async Task A_bucket_that_was_rejected_for_its_value_has_not_vanished()
    {
        var phone = await ConnectAsync();
        var hour = Day.AddHours(8);
        await PushAsync(phone, "Minutes", null, (hour, 10), (hour.AddMinutes(1), 20), (hour.AddMinutes(2), 30));

        var array = new PushBuilder(new Random(1), plain: true);
        var points = array.Add(KnownMetric.StepCount);
        points.AddValue(hour, 10);
        points.AddBad(
            new JsonText.Fields().With("qty", new JsonText.Raw("-3"))
                .With("date", PhoneDates.Usual(hour.AddMinutes(1))),
            hour.AddMinutes(1), "out_of_range");
        points.AddValue(hour.AddMinutes(2), 30);
        var answer = await phone.PushAsync(array.Build("Minutes"));

        Assert.Equal(0, Removed(answer));
        Assert.Equal(60, await TotalAsync(phone, Day));
    }

    [Fact]
    public async Task A_replay_of_an_old_push_brings_neither_its_value_nor_a_vanished_minute_back()
    {
        var phone = await ConnectAsync();
        var hour = Day.AddHours(8);
        var first =
            await PushAsync(phone, "Minutes", null, (hour, 10), (hour.AddMinutes(1), 20), (hour.AddMinutes(2), 30));
        await PushAsync(phone, "Minutes", null, (hour, 11), (hour.AddMinutes(2), 33));

        var replayed = await phone.ReplayAsync(first.Id);

        Assert.Equal(3, replayed.Count("unchanged"));
        Assert.Equal([11, 33], (await phone.ReadRowsAsync("step_count")).Select(row => row.Row.Value));
    }

    async Task<PhoneClient> ConnectAsync() => (await household.AddPersonAsync()).Phone;

    /// <summary>Twenty, forty and a hundred and twenty steps of one day, times a factor.</summary>
    static Task<PushAnswer> PushDayAsync(PhoneClient phone, char grain, double factor, bool withHeader) => grain switch
    {
        'm' => PushAsync(
            phone, withHeader ? "Minutes" : null, null, (Day.AddHours(7).AddMinutes(3), 20 * factor),
            (Day.AddHours(7).AddMinutes(4), 40 * factor), (Day.AddHours(19).AddMinutes(30), 120 * factor)),
        'h' => PushAsync(
            phone, withHeader ? "Hours" : null, null, (Day.AddHours(7), 60 * factor), (Day.AddHours(19), 120 * factor)),
        _ => PushAsync(phone, withHeader ? "Days" : null, null, (Day, 180 * factor)),
    };

    static async Task<PushAnswer> PushAsync(
        PhoneClient phone, string? aggregation, string? period, params (DateTimeOffset At, double Value)[] points)
    {
        var push = new PushBuilder(new Random(1), plain: true).With(KnownMetric.StepCount, "Watch", points)
            .Build(aggregation, period);
        var answer = await phone.PushAsync(push);
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.Code);
        return answer;
    }

    static async Task<double> TotalAsync(PhoneClient phone, DateTimeOffset day)
    {
        var (from, to) = ($"{day:yyyy-MM-dd}", $"{day.AddDays(1):yyyy-MM-dd}");
        var series = await phone.GetAsync($"/v1/metrics/step_count/series?bucket=day&from={from}&to={to}");
        var bucket = Assert.Single(series.GetProperty("items").EnumerateArray().ToArray());
        Assert.Equal(from, bucket.GetProperty("date").GetString());
        return bucket.GetProperty("value").GetDouble();
    }

    static long Removed(PushAnswer answer) =>
        answer.Body.GetProperty("by_type").GetProperty("step_count").GetProperty("removed").GetInt64();
}
