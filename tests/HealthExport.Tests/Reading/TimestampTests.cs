using System.Text;
using HealthExport.Reading;
using HealthExport.Time;

namespace HealthExport.Tests.Reading;

public sealed class TimestampTests
{
    static string? Read(string text, string? zone = null)
    {
        var found = zone is null ? null : TimeZoneInfo.FindSystemTimeZoneById(zone);
        if (!Timestamps.TryParse(Encoding.UTF8.GetBytes(text), found, out var stamp, out _)) return null;
        var reader = new StampReader(found, Outcome.Now);
        Assert.True(reader.TryRead(Encoding.UTF8.GetBytes(text), out var again, out _));
        Assert.Equal(stamp, again);
        return stamp.At.At(stamp.OffsetMinutes).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFzzz");
    }

    [Theory]
    [InlineData("2026-01-15 14:30:00 +0100", "2026-01-15T14:30:00+01:00")]
    [InlineData("2026-01-15 14:30:00  +0100", "2026-01-15T14:30:00+01:00")]
    [InlineData("2026-01-15 14:30:00 0100", "2026-01-15T14:30:00+01:00")]
    [InlineData("2026-01-15 14:30:00 +01:00", "2026-01-15T14:30:00+01:00")]
    [InlineData("2026-01-15 14:30:00+0100", "2026-01-15T14:30:00+01:00")]
    [InlineData("2026-01-15 14:30:00 -0330", "2026-01-15T14:30:00-03:30")]
    [InlineData("2026-01-15 14:30:00 +1345", "2026-01-15T14:30:00+13:45")]
    [InlineData("2026-01-15 2:30:00\u202Fpm +0100", "2026-01-15T14:30:00+01:00")]
    [InlineData("2026-01-15 2:30:00\u00A0PM +0100", "2026-01-15T14:30:00+01:00")]
    [InlineData("2026-01-15 2:30:00pm +0100", "2026-01-15T14:30:00+01:00")]
    [InlineData("2026-01-15 2:30:00 p.m. +0100", "2026-01-15T14:30:00+01:00")]
    [InlineData("2026-01-15 12:00:00 AM +0100", "2026-01-15T00:00:00+01:00")]
    [InlineData("2026-01-15 12:00:00 PM +0100", "2026-01-15T12:00:00+01:00")]
    [InlineData("2026-01-15T13:30:00Z", "2026-01-15T13:30:00+00:00")]
    [InlineData("2026-01-15T13:30:00.25Z", "2026-01-15T13:30:00.25+00:00")]
    [InlineData("2026-01-15T13:30:00.1234567+02:00", "2026-01-15T13:30:00.123456+02:00")]
    [InlineData("2024-02-29 00:00:00 +0000", "2024-02-29T00:00:00+00:00")]
    [InlineData("2026-01-15 14:30 +0100", "2026-01-15T14:30:00+01:00")]
    [InlineData("1899-12-31 23:00:00 +0000", "1899-12-31T23:00:00+00:00")]
    public void Every_form_is_read(string text, string expected) => Assert.Equal(expected, Read(text));

    [Theory]
    [InlineData("")]
    [InlineData("not a date")]
    [InlineData("2025-02-29 00:00:00 +0000")]
    [InlineData("2026-13-01 00:00:00 +0000")]
    [InlineData("2026-01-15 24:00:00 +0000")]
    [InlineData("2026-01-15 14:60:00 +0000")]
    [InlineData("2026-01-15 14:30:61 +0000")]
    [InlineData("2026-01-15 14:30:00 pm +0000")]
    [InlineData("2026-01-15 14:30:00 +0160")]
    [InlineData("2026-01-15 14:30:00 +9999")]
    [InlineData("2026-01-15 14:30:00 +0100 x")]
    [InlineData("2026-01-15 14:30:00")]
    [InlineData("2026-01-15")]
    [InlineData("15/01/2026 14:30")]
    public void What_is_no_date_or_has_no_zone_is_not_read(string text) => Assert.Null(Read(text));

    [Theory]
    [InlineData("2026-01-15", "2026-01-15T00:00:00+01:00")]
    [InlineData("2026-07-15 07:00", "2026-07-15T07:00:00+02:00")]
    [InlineData("2026-03-29 02:30:00", "2026-03-29T03:30:00+02:00")] // the gap
    [InlineData("2026-10-25 02:30:00", "2026-10-25T02:30:00+02:00")] // the repeated hour: the first
    [InlineData("2026-10-25 03:00:00", "2026-10-25T03:00:00+01:00")]
    [InlineData("2026-03-29 03:00:00", "2026-03-29T03:00:00+02:00")]
    [InlineData("2026-01-15 14:30:00 +0900", "2026-01-15T14:30:00+09:00")]
    public void Without_an_offset_the_persons_zone_decides(string text, string expected) =>
        Assert.Equal(expected, Read(text, "Europe/Berlin"));

    [Theory]
    [InlineData("2026-01-15 +0100", null)]
    [InlineData("2026-01-15T10:00Z", Instant.PerMinute)]
    [InlineData("2026-01-15T10:00:00Z", Instant.PerSecond)]
    [InlineData("2026-01-15T10:00:00.123Z", 1000L)]
    public void The_finest_field_written_is_known(string text, long? precision)
    {
        Assert.Equal(
            precision is not null, Timestamps.TryParse(Encoding.UTF8.GetBytes(text), null, out var stamp, out _));
        if (precision is not null) Assert.Equal(precision, stamp.Precision);
    }

    [Fact]
    public void Neighbours_of_other_days_and_offsets_do_not_borrow()
    {
        var reader = new StampReader(null, Outcome.Now);
        foreach (var text in (string[])
            ["2026-01-15 14:30:00 +0100", "2026-01-16 14:30:00 +0100", "2026-01-16 14:30:00 -0100",
                "2025-01-16 14:30:00 -0100", "2026-01-15 14:30:00 +0100"])
        {
            Assert.True(reader.TryRead(Encoding.UTF8.GetBytes(text), out var stamp, out _));
            Assert.Equal(DateTimeOffset.Parse(text.Insert(23, ":")), stamp.At.At(stamp.OffsetMinutes));
        }
    }
}
