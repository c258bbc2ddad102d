using System.Globalization;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Plans;

/// <summary>
/// The views, asked as people with SQL ask: right figures, by the keys of the person, in the months of the span.
/// </summary>
public abstract class ViewTests(PlannedHouse house)
{
    static readonly DateTimeOffset s_from = new(2022, 3, 9, 0, 0, 0, TimeSpan.Zero);
    static readonly DateTimeOffset s_to = s_from.AddDays(7);

    // Any engine's name for the person, the ends of the span, and the day of an instant.
    string Person => house.UuidLiteral(house.Reader.PublicId);
    string From => house.TimeLiteral(s_from);
    string To => house.TimeLiteral(s_to);

    [Fact]
    public async Task Heart_rate_of_the_last_seven_days_by_day()
    {
        var rows = await AskAsync(
            $"""
            select {house.DayOf("recorded_at")} as day, min(min_bpm), avg(avg_bpm), max(max_bpm), count(*)
            from heart_rate_metrics
            where user_id = {Person} and recorded_at >= {From} and recorded_at < {To}
            group by 1
            order by 1
            """,
            "2022-03");

        Assert.Equal(
            from beat in PlannedHouse.HeartRates()
            where beat.At >= s_from && beat.At < s_to
            group beat by DayOf(beat.At) into day
            orderby day.Key
            select $"{day.Key} {day.Min(beat => beat.Min)} {Rounded(day.Average(beat => beat.Avg))} "
                + $"{day.Max(beat => beat.Max)} {day.Count()}",
            rows.Select(row => $"{row[0]} {row[1]} {Rounded(row[2])} {row[3]} {row[4]}"));
    }

    [Fact]
    public async Task Blood_pressure_in_the_order_of_time()
    {
        var rows = await AskAsync(
            $"""
            select {house.DayOf("recorded_at")}, systolic, diastolic, source
            from blood_pressure_metrics
            where user_id = {Person} and recorded_at >= {From} and recorded_at < {To}
            order by recorded_at
            """,
            "2022-03");

        Assert.Equal(
            from i in Enumerable.Range(0, 1_000)
            let at = PlannedPushes.Start.AddDays(i)
            where at >= s_from && at < s_to
            select $"{DayOf(at)} {110 + i % 30} {70 + i % 20} Cuff",
            rows.Select(row => string.Join(' ', row)));
        Assert.Equal(7, rows.Count);
    }

    [Fact]
    public async Task Sleep_of_each_night()
    {
        var rows = await AskAsync(
            $"""
            select {house.DayOf("sleep_end")} as night, sum(duration_minutes), sum(deep_sleep_minutes),
                sum(rem_sleep_minutes), sum(light_sleep_minutes), sum(awake_minutes), sum(in_bed_minutes)
            from sleep_metrics
            where user_id = {Person} and sleep_start >= {From} and sleep_start < {To}
            group by 1
            order by 1
            """,
            "");

        Assert.Equal(
            Enumerable.Range(0, 7).Select(i => $"{s_from.AddDays(i + 1):yyyy-MM-dd} 450 90 120 240 30 480"),
            rows.Select(row => string.Join(' ', row)));
    }

    [Fact]
    public async Task Steps_of_each_day_by_type_and_unit()
    {
        var rows = await AskAsync(
            $"""
            select {house.DayOf("recorded_at")} as day, metric_type, unit, sum(value)
            from activity_metrics
            where user_id = {Person} and recorded_at >= {From} and recorded_at < {To} and metric_type = 'step_count'
            group by 1, 2, 3
            order by 1
            """,
            "2022-03");

        Assert.Equal(
            from i in Enumerable.Range(0, 3 * 365 * 24)
            let at = PlannedPushes.Start.AddHours(i)
            where at >= s_from && at < s_to
            group i % 500 + 1 by DayOf(at) into day
            select $"{day.Key} step_count {{steps}} {day.Sum()}",
            rows.Select(row => string.Join(' ', row)));
    }

    [Fact]
    public async Task The_latest_value_of_each_activity()
    {
        var rows = await AskAsync(
            $"""
            select l.metric_type, a.value
            from (
                select metric_type, max(recorded_at) as at
                from activity_metrics
                where user_id = {Person} and recorded_at < {To}
                group by metric_type) l
            join activity_metrics a on a.user_id = {Person} and a.metric_type = l.metric_type and a.recorded_at = l.at
            where a.recorded_at < {To}
            order by 1
            """,
            null);

        var since = s_to - PlannedPushes.Start;
        // A day stands at its date, midnight UTC.
        var (hours, days) = ((int)since.TotalHours - 1, (int)since.TotalDays - 1);
        Assert.Equal(
            [$"active_energy {days % 500 + 1}", $"step_count {hours % 500 + 1}"],
            rows.Where(row => (string)row[0]! is "active_energy" or "step_count").Select(row => string.Join(' ', row)));
    }

    [Fact]
    public async Task Heart_rate_beside_steps_of_a_person()
    {
        var rows = await AskAsync(
            $"""
            select h.day, h.beats, a.steps
            from (
                select user_id, {house.DayOf("recorded_at")} as day, count(*) as beats
                from heart_rate_metrics
                where user_id = {Person} and recorded_at >= {From} and recorded_at < {To}
                group by 1, 2) h
            join (
                select user_id, {house.DayOf("recorded_at")} as day, sum(value) as steps
                from activity_metrics
                where user_id = {Person} and recorded_at >= {From} and recorded_at < {To}
                    and metric_type = 'step_count'
                group by 1, 2) a on a.user_id = h.user_id and a.day = h.day
            order by 1
            """,
            "2022-03");

        var beats = PlannedHouse.HeartRates().Where(beat => beat.At >= s_from && beat.At < s_to).ToLookup(
            beat => DayOf(beat.At));
        Assert.Equal(7, rows.Count);
        Assert.All(rows, row => Assert.Equal(
            beats[(string)row[0]!].Count(), Convert.ToInt32(row[1], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_span_of_everybody_is_read_from_its_own_months()
    {
        IReadOnlyList<object?[]> rows = [];
        var statements = await house.Trace.RecordAsync(async () => rows = await house.QueryAsync(
            $"""
            select count(distinct user_id)
            from heart_rate_metrics
            where recorded_at >= {house.TimeLiteral(PlannedPushes.Start.AddDays(10))}
                and recorded_at < {house.TimeLiteral(PlannedPushes.Start.AddDays(20))} and source is not null
            """));

        // The reader, and who began in those days or not ten before.
        Assert.Equal("21", $"{rows[0][0]}");
        AssertOnlyIn("2021-01", statements);
    }

    /// <param name="month">The only one of samples that may be touched; null for any.</param>
    async Task<IReadOnlyList<object?[]>> AskAsync(string sql, string? month)
    {
        IReadOnlyList<object?[]> rows = [];
        var statements = await house.Trace.RecordAsync(async () => rows = await house.QueryAsync(sql));
        var whole = statements.Where(statement => statement.Steps.Any(step => step.IsWhole && step.Table != "metrics"));
        Assert.True(!whole.Any(), $"A table is read whole by\n{string.Join("\n", whole)}");
        if (month is not null) AssertOnlyIn(month, statements);
        return rows;
    }

    static void AssertOnlyIn(string month, IReadOnlyList<TracedStatement> statements)
    {
        var touched = statements.SelectMany(statement => statement.Steps)
            .Where(step => step is { Table: "samples", Partition: not null, IsTaken: true })
            .Select(step => step.Partition!["samples_".Length..].Replace('_', '-')).Distinct();
        Assert.True(touched.All(one => one == month), $"Other months are touched by\n{string.Join("\n", statements)}");
    }

    static string DayOf(DateTimeOffset at) =>
        at.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    static string Rounded(object? value) =>
        Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("0.000", CultureInfo.InvariantCulture);
}

public sealed class SqliteViewTests(PlannedSqliteHouse house) : ViewTests(house), IClassFixture<PlannedSqliteHouse>;

public sealed class PostgresViewTests(PlannedPostgresHouse house)
    : ViewTests(house), IClassFixture<PlannedPostgresHouse>;
