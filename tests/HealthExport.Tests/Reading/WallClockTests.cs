using System.Globalization;
using HealthExport.Pushes;

namespace HealthExport.Tests.Reading;

/// <summary>
/// Times of a CSV, which have no offset, through the clocks of real zones: what was to come was worked out with another
/// program from the same database of zones (Python's zoneinfo, by PEP 495).
/// </summary>
public sealed class WallClockTests
{
    [Theory]
    // The gap of spring, whose hour moves on.
    [InlineData(
        "Europe/Berlin", "2026-03-29 01:30|2026-03-29 02:30|2026-03-29 03:00",
        "03-29T00:30+60 03-29T01:30+120 03-29T01:00+120")]
    // Both passes of the hour of autumn.
    [InlineData(
        "Europe/Berlin", "2025-10-26 02:00|2025-10-26 02:30|2025-10-26 02:00|2025-10-26 02:30|2025-10-26 03:00",
        "10-26T00:00+120 10-26T00:30+120 10-26T01:00+60 10-26T01:30+60 10-26T02:00+60")]
    // Until 1995 in September; and a second pass that begins the hour anew.
    [InlineData(
        "Europe/Berlin", "1995-09-24 02:30|1995-09-24 02:00|1995-09-24 03:00",
        "09-24T00:30+120 09-24T01:00+60 09-24T02:00+60")]
    // Winter is what this zone has as its exception.
    [InlineData(
        "Europe/Dublin", "2025-10-26 01:00|2025-10-26 01:30|2025-10-26 01:00|2025-10-26 01:30|2025-10-26 02:00",
        "10-26T00:00+60 10-26T00:30+60 10-26T01:00+0 10-26T01:30+0 10-26T02:00+0")]
    [InlineData(
        "America/New_York",
        "2025-11-02 00:30|2025-11-02 01:00|2025-11-02 01:30|"
        + "2025-11-02 01:00|2025-11-02 01:30|2025-11-02 02:00",
        "11-02T04:30-240 11-02T05:00-240 11-02T05:30-240 11-02T06:00-300 11-02T06:30-300 11-02T07:00-300")]
    // Another rule from 2007 on.
    [InlineData(
        "America/New_York", "2006-03-20 12:00|2007-03-20 12:00",
        "03-20T17:00-300 03-20T16:00-240")]
    // South of the equator autumn is in April.
    [InlineData(
        "Australia/Sydney",
        "2026-04-05 01:30|2026-04-05 02:00|2026-04-05 02:30|"
        + "2026-04-05 02:00|2026-04-05 02:30|2026-04-05 03:00",
        "04-04T14:30+660 04-04T15:00+660 04-04T15:30+660 04-04T16:00+600 04-04T16:30+600 04-04T17:00+600")]
    [InlineData(
        "Australia/Sydney", "2025-10-05 01:30|2025-10-05 02:30|2025-10-05 03:00",
        "10-04T15:30+600 10-04T16:30+660 10-04T16:00+660")]
    // Half an hour.
    [InlineData(
        "Australia/Lord_Howe",
        "2026-04-05 01:00|2026-04-05 01:30|2026-04-05 01:45|"
        + "2026-04-05 01:30|2026-04-05 01:45|2026-04-05 02:00",
        "04-04T14:00+660 04-04T14:30+660 04-04T14:45+660 04-04T15:00+630 04-04T15:15+630 04-04T15:30+630")]
    [InlineData(
        "Australia/Lord_Howe", "2025-10-05 01:45|2025-10-05 02:15|2025-10-05 02:30",
        "10-04T15:15+630 10-04T15:45+660 10-04T15:30+660")]
    // At midnight: the hour that comes twice is the day's last.
    [InlineData(
        "America/Santiago",
        "2025-04-05 22:30|2025-04-05 23:00|2025-04-05 23:30|"
        + "2025-04-05 23:00|2025-04-05 23:30|2025-04-06 00:00",
        "04-06T01:30-180 04-06T02:00-180 04-06T02:30-180 04-06T03:00-240 04-06T03:30-240 04-06T04:00-240")]
    // For Ramadan.
    [InlineData(
        "Africa/Casablanca", "2025-02-23 02:00|2025-02-23 02:30|2025-02-23 02:00|2025-02-23 02:30|2025-02-23 03:00",
        "02-23T01:00+60 02-23T01:30+60 02-23T02:00+0 02-23T02:30+0 02-23T03:00+0")]
    // Once and for all, with no summer time on either side.
    [InlineData(
        "Europe/Moscow", "2014-10-26 01:00|2014-10-26 01:30|2014-10-26 01:00|2014-10-26 01:30|2014-10-26 02:00",
        "10-25T21:00+240 10-25T21:30+240 10-25T22:00+180 10-25T22:30+180 10-25T23:00+180")]
    [InlineData(
        "Europe/Istanbul", "2015-11-08 03:30|2016-10-30 03:30",
        "11-08T00:30+180 10-30T00:30+180")]
    // Half an hour, once and for all.
    [InlineData(
        "America/Caracas", "2016-05-01 02:15|2016-05-01 02:45|2016-05-01 03:00",
        "05-01T06:45-270 05-01T07:15-240 05-01T07:00-240")]
    [InlineData(
        "Asia/Pyongyang", "2018-05-04 23:15|2018-05-04 23:45|2018-05-05 00:00",
        "05-04T14:45+510 05-04T15:15+540 05-04T15:00+540")]
    // A whole day that never was.
    [InlineData(
        "Pacific/Apia", "2011-12-29 23:00|2011-12-30 12:00|2011-12-31 00:00",
        "12-30T09:00-600 12-30T22:00+840 12-30T10:00+840")]
    [InlineData(
        "Asia/Kathmandu", "2026-01-15 08:00",
        "01-15T02:15+345")]
    [InlineData(
        "Pacific/Chatham", "2026-04-05 02:45|2026-04-05 03:30|2026-04-05 02:45|2026-04-05 03:30|2026-04-05 03:45",
        "04-04T13:00+825 04-04T13:45+825 04-04T14:00+765 04-04T14:45+765 04-04T15:00+765")]
    public void A_file_is_read_by_the_clock_on_the_wall(string zone, string times, string instants)
    {
        var csv = "Date/Time,Step Count (count)\n"
            + string.Concat(times.Split('|').Select((time, row) => $"{time}:00,{row}\n"));
        var outcome = Outcome.Of(csv, Outcome.Context(zone: zone) with { ContentType = CsvType.File });
        Assert.Empty(outcome.Rejects);
        Assert.Equal(
            instants.Split(' '),
            outcome.Rows.Select(row => string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Sample.StartAt.At(0):MM-dd'T'HH:mm}{row.Sample.OffsetMinutes:+0;-0;+0}")));
    }

    [Fact]
    public void A_row_that_says_its_offset_is_the_same_whenever_it_comes()
    {
        var outcome = Outcome.Of(
            "Date/Time,Step Count (count)\n2025-10-26 02:00:00 +0200,1\n2025-10-26 02:00:00 +0200,1\n"
            + "2025-10-26 00:00:00Z,1\n2025-10-26 02:00:00,1\n",
            Outcome.Context(zone: "Europe/Berlin") with { ContentType = CsvType.File });
        Assert.Equal(
            [(0, 120), (0, 120), (0, 0), (1, 60)],
            outcome.Rows.Select(row => (row.Sample.StartAt.At(0).Hour, (int)row.Sample.OffsetMinutes)));
    }

    [Fact]
    public void Every_minute_of_a_night_with_an_hour_twice_is_an_instant_of_its_own()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var start = new DateTimeOffset(2025, 10, 25, 22, 0, 0, TimeSpan.Zero);
        var night = Enumerable.Range(0, 6 * 60).Select(minute => start.AddMinutes(minute)).ToList();
        var csv = "Date/Time,Step Count (count)\n"
            + string.Concat(night.Select(at => $"{TimeZoneInfo.ConvertTime(at, zone):yyyy-MM-dd HH:mm:ss},1\n"));
        var outcome = Outcome.Of(csv, Outcome.Context(zone: "Europe/Berlin") with { ContentType = CsvType.File });
        Assert.Equal(night, outcome.Rows.Select(row => row.Sample.StartAt.At(0)));
        Assert.Equal(3 * 60, outcome.Rows.Count(row => row.Sample.OffsetMinutes == 120));
    }
}
