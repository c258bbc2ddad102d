using HealthExport.Pushes;

namespace HealthExport.Tests.Reading;

// How columns are known, and dates.
public sealed partial class CsvTests
{
    static DateTimeOffset Utc(int year, int month, int day, int hour) => new(year, month, day, hour, 0, 0, default);

    [Theory]
    [InlineData("Default", "Day", "Minute")]
    [InlineData(null, "Day", "Day")]
    [InlineData("Days", "Day", "Day")]
    [InlineData("Hours", "Hour", "Hour")]
    [InlineData("Minutes", "Minute", "Minute")]
    [InlineData("Seconds", "Minute", "Minute")]
    public void A_lone_row_at_midnight_is_a_day_of_what_adds_up_unless_something_finer_is_named(
        string? aggregation, string ofSums, string ofMeasures)
    {
        var outcome = Read(
            "Date/Time,Step Count (count),Weight (kg)\n2026-01-14 00:00:00,1300,71.5\n", aggregation: aggregation);
        Assert.Equal(
            [$"step_count {ofSums} 1300 NaN NaN {{steps}}", $"weight_body_mass {ofMeasures} 71.5 NaN NaN kg"],
            Values(outcome));
    }

    [Theory]
    [InlineData("Date/Time,Step Count (count),Notes", "2026-01-15 08:00:00,7,Anna was here", "Notes 1")]
    [InlineData("Notes,Step Count (count),Date/Time,Date", "a,7,2026-01-15 08:00:00,b", "Date 1|Notes 1")]
    [InlineData("step count (count),date/time,Weight", "7,2026-01-15 08:00:00,", "")]
    [InlineData("Step Count (count),DATE", "7,2026-01-15 08:00:00", "")]
    [InlineData("SOURCE,Date/Time,Step Count (count),Flights Climbed (count)", "Watch,2026-01-15 08:00:00,7,", "")]
    public void A_wide_file_is_known_by_its_times_wherever_they_stand_and_new_columns_are_told(
        string heading, string row, string told)
    {
        var outcome = Read($"{heading}\n{row}\n");
        var (read, isNamed) = (Assert.Single(outcome.Rows), heading.StartsWith("SOURCE", StringComparison.Ordinal));
        Assert.Equal(
            ("step_count", 7.0, isNamed ? "Watch" : null, Utc(2026, 1, 15, 7)),
            (read.Metric, read.Sample.Value, read.Sample.Source, read.Sample.StartAt.At(0)));
        Assert.Empty(outcome.Rejects);
        Assert.Equal(
            told.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(name => $"Field metrics {name}"), outcome.Told());
    }

    [Theory]
    [InlineData("Moment,Step Count (count)")]
    [InlineData("Date/Time,Step Count")]
    [InlineData("Date/Time,Min (bpm),Max (bpm),Mood (hue)")]
    public void A_heading_without_times_or_metrics_is_a_reject_that_says_what_was_expected(string heading)
    {
        var reject = Assert.Single(Read(heading + "\n2026-01-15 08:00:00,7,8,9\n").Rejects);
        Assert.Equal(RejectCodes.UnreadableItem, reject.Code);
        Assert.Contains("Date/Time", reject.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_of_workouts_doses_and_moods_are_read_by_name_in_any_order()
    {
        var workout = Assert.Single(Read(
            "Notes,duration,End,START,Workout Type,Active Energy (kcal)\n"
            + "x,00:30:12,15/01/2026 07:30,15/01/2026 07:00,Running,166.0\n").Workouts);
        Assert.Equal(
            ("running", 1812.0, 166.0, Utc(2026, 1, 15, 6)),
            (workout.Activity, workout.DurationSeconds, workout.ActiveEnergyKcal, workout.StartAt.At(0)));
        var dose = Assert.Single(Read(
            "Medication,Dosage,Date,Status,Scheduled Date\nX,0.5,2026-01-15 08:05:00 +0100,Taken,2026-01-15 08:00:00 +0100\n")
            .Events);
        Assert.Equal(("taken", 0.5), (dose.Code, dose.Value));
        var mood = Assert.Single(Read(
            "Valence,Kind,End,Start\n0.1,Daily Mood,2026-01-15 08:05:00 +0100,2026-01-15 08:05:00 +0100\n").Events);
        Assert.Equal(("state_of_mind", 0.1), (mood.Kind, mood.Value));
    }

    [Theory]
    [InlineData("14/01/2026 07:00", true)]
    [InlineData("14/01/2026 07:00:00", true)]
    [InlineData("01/14/2026 07:00", false)]
    [InlineData("14/01/2026 7:00 AM", false)]
    [InlineData("14/01/26 07:00", false)]
    public void Dates_with_slashes_have_the_day_first(string date, bool isRead)
    {
        var outcome = Read($"Date/Time,Step Count (count)\n{date},7\n");
        if (isRead)
        {
            Assert.Equal(Utc(2026, 1, 14, 6), Assert.Single(outcome.Rows).Sample.StartAt.At(0));
            return;
        }
        var reject = Assert.Single(outcome.Rejects);
        Assert.Equal(RejectCodes.UnreadableDate, reject.Code);
        Assert.Contains("day first", reject.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Hours_of_sleep_are_kept_by_name_without_ado_and_the_parts_of_a_sum_beside_it()
    {
        var outcome = Read(
            "Date/Time,Sleep Analysis [Total] (hr),Sexual Activity [Unspecified] (count),"
            + "Sexual Activity [Protection Used] (count)\n2026-01-14 00:00:00,7.1,1,2\n");
        Assert.Empty(outcome.Warnings);
        Assert.Empty(outcome.Told());
        Assert.Equal(
            [("sleep_analysis_total", 7.1, null), ("sexual_activity", 3.0, """{"Unspecified":1,"Protection Used":2}""")],
            outcome.Rows.Select(row => (row.Metric, row.Sample.Value, row.Sample.Extra)));
    }
}
