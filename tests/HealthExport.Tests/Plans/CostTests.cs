using System.Globalization;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Plans;

/// <summary>
/// Payloads made to be slow cost no more than their length: twice as long, twice the rows visited, not four times.
/// </summary>
public abstract class CostTests(PlannedHouse house)
{
    const int Count = 400;

    static readonly DateTimeOffset s_start = new(2024, 5, 1, 6, 0, 0, TimeSpan.Zero);

    [Fact]
    public Task Workouts_of_one_start_and_end_with_an_id_each() => CostsItsLengthAsync(count => PlannedPushes.Workouts(
        Enumerable.Range(0, count).Select(i => Workout(s_start, s_start.AddHours(1), Guid.NewGuid()))));

    [Fact]
    public Task Workouts_without_an_id_that_start_together() => CostsItsLengthAsync(count => PlannedPushes.Workouts(
        Enumerable.Range(0, count).Select(i => Workout(s_start, s_start.AddHours(1).AddSeconds(i)))));

    [Fact]
    public Task Workouts_within_one_second() => CostsItsLengthAsync(count => PlannedPushes.Workouts(
        Enumerable.Range(0, count).Select(i => Workout(s_start.AddMicroseconds(i), s_start.AddHours(1)))));

    [Fact]
    public Task Workouts_of_CSV_in_one_minute() => CostsItsLengthAsync(
        count => "Workout Type,Start,End,Duration,\n" + string.Concat(Enumerable.Range(0, count).Select(
            i => $"Yoga,2024-05-01 06:00,2024-05-01 07:00,{i / 60:00}:{i % 60:00}:00,\n")),
        "text/csv");

    [Fact]
    public Task Nights_a_second_apart() => CostsItsLengthAsync(count => Nights(count, seconds: 1, _ => "Watch"));

    [Fact]
    public Task Nights_a_second_apart_of_a_source_for_two() =>
        CostsItsLengthAsync(count => Nights(count, seconds: 1, i => $"Watch {i / 2}"));

    [Fact]
    public Task Nights_of_no_length() => CostsItsLengthAsync(count => Nights(count, seconds: 0, _ => "Watch"));

    [Fact]
    public Task Nights_that_each_take_the_place_of_the_one_before() =>
        CostsItsLengthAsync(count => Nights(count, seconds: 20 * 3_600, _ => "Watch"));

    async Task CostsItsLengthAsync(Func<int, string> write, string type = "application/json")
    {
        // What the first push of all costs beside is not its own.
        await CostOfAsync(write(1), type);
        var once = await CostOfAsync(write(Count), type);
        var twice = await CostOfAsync(write(2 * Count), type);

        Assert.InRange(twice, once, once * 2.5);
    }

    async Task<double> CostOfAsync(string body, string type)
    {
        var user = await house.AddPersonAsync(Guid.NewGuid().ToString("n"));
        var statements = await house.Trace.RecordAsync(() => house.PushAsync(user.Id, body, type: type));
        return statements.Sum(statement => statement.Work);
    }

    static string Workout(DateTimeOffset start, DateTimeOffset end, Guid? id = null) => $$"""
        {"type":"Workout",{{(id is null ? "" : $"\"id\":\"{id}\",")}}"workout_type":"Yoga",
        "start_time":"{{Iso(start)}}","end_time":"{{Iso(end)}}"}
        """;

    static string Nights(int count, int seconds, Func<int, string> source) => PlannedPushes.Metric(
        "sleep_analysis", "hr",
        from i in Enumerable.Range(0, count)
        let start = s_start.AddSeconds(i)
        select $$"""
            {"date":"{{PhoneDates.Usual(start)}}","asleep":0,"sleepStart":"{{PhoneDates.Usual(start)}}",
            "sleepEnd":"{{PhoneDates.Usual(start.AddSeconds(seconds))}}","source":"{{source(i)}}"}
            """);

    static string Iso(DateTimeOffset at) =>
        at.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFzzz", CultureInfo.InvariantCulture);
}

public sealed class SqliteCostTests(PlannedSqliteHouse house) : CostTests(house), IClassFixture<PlannedSqliteHouse>;

public sealed class PostgresCostTests(PlannedPostgresHouse house)
    : CostTests(house), IClassFixture<PlannedPostgresHouse>;
