using System.Globalization;
using System.Net.Http.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>CSV says no offset: days on a journey, or under a zone that was corrected, count once all the same.</summary>
public abstract partial class CsvAndJsonTests
{
    /// <summary>By day of January 2026: at home in Berlin, two days in New York, one in Kathmandu, home again.</summary>
    static readonly (int Day, string Offset)[] s_journey =
        [(12, "+0100"), (13, "-0500"), (14, "-0500"), (15, "+0545"), (16, "+0100")];

    /// <param name="minutes">Between one row and the next.</param>
    /// <param name="isCsv">Whether with the clock's times alone.</param>
    static string Steps(int minutes, bool isCsv)
    {
        var points =
            from day in s_journey
            from minute in Enumerable.Range(0, 13 * 60 / minutes)
            let at = new DateTimeOffset(2026, 1, day.Day, 8, 0, 0, TimeSpan.Zero).AddMinutes(minute * minutes)
            let date = at.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
            // 600 in each hour, but one more for each hour of the day.
            let value = (600 + at.Hour) * minutes / 60.0
            select FormattableString.Invariant(
                isCsv ? $"{date},{value}" : (FormattableString)$$"""{"date":"{{date}} {{day.Offset}}","qty":{{value}},"source":"Watch"}""");
        return isCsv ? $"Date/Time,Step Count (count)\n{string.Join('\n', points)}\n"
            : JsonSteps(string.Join(',', points));
    }

    static string JsonSteps(string points) =>
        $$$"""{"data":{"metrics":[{"name":"step_count","units":"count","data":[{{{points}}}]}]}}""";

    static async Task<IEnumerable<double>> DaysAsync(Person person) =>
        (await person.Phone.ListAsync("/v1/metrics/step_count/series?bucket=day", 100))
            .Select(day => day.GetProperty("value").GetDouble());

    static async Task SetZoneAsync(Person person, string zone)
    {
        using var answer = await person.Phone.Http.PatchAsync("/v1/users/me", JsonContent.Create(new { time_zone = zone }));
        answer.EnsureSuccessStatusCode();
    }

    [Theory]
    [InlineData(6, 6)]
    [InlineData(6, 60)]
    [InlineData(60, 30)]
    [InlineData(60, 60)]
    public async Task A_journey_that_JSON_told_counts_once_when_its_CSV_comes(int json, int csv)
    {
        var person = await household.AddPersonAsync("Europe/Berlin");

        (await PushAsync(person, Steps(json, isCsv: false))).AssertAddsUp();
        var before = await DaysAsync(person);
        var first = await PushAsync(person, Steps(csv, isCsv: true), "text/csv");
        var again = await PushAsync(person, Steps(csv, isCsv: true) + "\n", "text/csv");

        var whole = Enumerable.Range(8, 13).Sum(hour => 600.0 + hour);
        Assert.Equal(Enumerable.Repeat(whole, s_journey.Length), before.Select(value => Math.Round(value, 6)));
        Assert.Equal(
            Enumerable.Repeat(whole, s_journey.Length), (await DaysAsync(person)).Select(value => Math.Round(value, 6)));
        Assert.Equal(json == csv ? 0 : first.Count("received"), first.Count("inserted"));
        Assert.Equal(again.Count("received"), again.Count("unchanged"));
    }

    [Theory]
    [InlineData("America/New_York", "Europe/Berlin")]
    [InlineData("Europe/London", "Europe/Berlin")]
    [InlineData("Europe/Berlin", "Europe/London")]
    public async Task CSV_again_after_the_zone_was_corrected_changes_nothing(string wrong, string right)
    {
        const string Runs = "Workout Type,Start,End,Duration,\nOutdoor Run,2026-01-15 07:00,2026-01-15 07:30,00:30:12,\n";
        var person = await household.AddPersonAsync(wrong);
        await PushAsync(person, Steps(60, isCsv: true), "text/csv");
        await PushAsync(person, Runs, "text/csv");
        var before = await DaysAsync(person);

        await SetZoneAsync(person, right);
        var steps = await PushAsync(person, Steps(60, isCsv: true) + "\n", "text/csv");
        var runs = await PushAsync(person, Runs + "\n", "text/csv");

        Assert.Equal(steps.Count("received"), steps.Count("unchanged"));
        Assert.Equal(1, runs.Count("unchanged"));
        Assert.Equal(before, await DaysAsync(person));
        Assert.Single(await person.Phone.ListAsync("/v1/workouts", 10));
    }

    [Fact]
    public async Task Stamps_in_UTC_are_no_journey_to_London()
    {
        // Every hour of three days, told at offset 0 by who was in Berlin: nothing but the values tells it from a journey.
        var start = new DateTimeOffset(2026, 1, 11, 23, 0, 0, TimeSpan.Zero);
        var hours = Enumerable.Range(0, 72).Select(i => (At: start.AddHours(i), Value: 100 + i % 7));
        var json = JsonSteps(string.Join(
            ',', hours.Select(hour => FormattableString.Invariant(
                $$"""{"date":"{{hour.At:yyyy-MM-dd'T'HH:mm:ss}}Z","qty":{{hour.Value}},"source":"Watch"}"""))));
        var csv = "Date/Time,Step Count (count)\n" + string.Join(
            '\n', hours.Select(hour => FormattableString.Invariant($"{hour.At.AddHours(1):yyyy-MM-dd HH:mm:ss},{hour.Value}")));
        var person = await household.AddPersonAsync("Europe/Berlin");

        await PushAsync(person, json);
        var answer = await PushAsync(person, csv, "text/csv");

        Assert.Equal((72, 72), (answer.Count("received"), answer.Count("unchanged")));
    }

    [Theory]
    [InlineData("2026-01-14 07:00:12 -0500", "2026-01-14 07:30:24 -0500", "2026-01-14 07:00,2026-01-14 07:30,00:30:12")]
    // Of the hour that the clock shows twice, the second; and over its end.
    [InlineData("2026-10-25 02:50:20 +0100", "2026-10-25 03:20:32 +0100", "2026-10-25 02:50,2026-10-25 03:20,00:30:12")]
    [InlineData("2026-10-25 02:10:20 +0100", "2026-10-25 02:40:32 +0100", "2026-10-25 02:10,2026-10-25 02:40,00:30:12")]
    public async Task A_workout_by_another_clock_is_one_in_either_order(string start, string end, string row)
    {
        var json =
            $$$"""
            {"data":{"workouts":[{"id":"6F1B6A52-0000-4000-8000-000000000001","name":"Outdoor Run",
            "start":"{{{start}}}","end":"{{{end}}}","duration":1812.7}]}}
            """;
        var csv = $"Workout Type,Start,End,Duration,Active Energy (kcal),\nOutdoor Run,{row},166.0,\n";
        List<string> told = [];
        foreach (var order in new[] { "jc", "cj", "cjc", "jcj" })
        {
            var person = await household.AddPersonAsync("Europe/Berlin");
            for (var i = 0; i < order.Length; i++)
                (await PushAsync(
                    person, (order[i] == 'c' ? csv : json) + new string('\n', i),
                    order[i] == 'c' ? "text/csv" : "application/json")).AssertAddsUp();
            var workout = Assert.Single(await person.Phone.ListAsync("/v1/workouts", 10));
            told.Add(
                $"{workout.GetProperty("id").GetString()} {workout.GetProperty("start_at").GetString()} "
                + $"{Figure(workout, "duration_s")} {Figure(workout, "active_energy_kcal")}");
        }

        Assert.Single(told.Distinct());
        var at = DateTimeOffset.ParseExact(start, "yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);
        Assert.Equal(
            $"6f1b6a52-0000-4000-8000-000000000001 {at:yyyy-MM-dd'T'HH:mm:sszzz} 1812.7 166", told[0]);
    }
}
