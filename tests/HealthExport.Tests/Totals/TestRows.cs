using System.Globalization;
using HealthExport.Catalogue;
using HealthExport.Samples;
using HealthExport.Time;
using HealthExport.Totals;

namespace HealthExport.Tests.Totals;

/// <summary>Rows by hand, and what the series make of them.</summary>
static class TestRows
{
    public const string Watch = "Apple Watch";
    public const string Phone = "iPhone";

    /// <param name="start">With offset; <c>2026-01-15 08:00 +01:00</c>.</param>
    /// <param name="minutes">How long it lasts; null for no end.</param>
    public static SampleRow Row(
        Grain grain, string start, double value, long push = 1, string? source = null, double? minutes = null,
        double min = double.NaN, double max = double.NaN)
    {
        var at = DateTimeOffset.ParseExact(start, "yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture);
        var instant = grain >= Grain.Day
            ? Instant.From(new DateOnly(at.Year, at.Month, at.Day))
            : Instant.From(at);
        return new(
            grain,
            new Sample
            {
                StartAt = instant,
                EndAt = minutes is { } length ? instant + TimeSpan.FromMinutes(length) : Instant.None,
                Value = value,
                Min = min,
                Max = max,
                OffsetMinutes = (short)at.Offset.TotalMinutes,
                Source = source,
            },
            push);
    }

    /// <summary>60 minute rows of an hour, or as many as asked for.</summary>
    public static IEnumerable<SampleRow> Minutes(string hour, double each, long push = 1, int count = 60)
    {
        var first = Row(Grain.Minute, hour, each, push);
        for (var i = 0; i < count; i++)
        {
            var row = first.Row;
            row.StartAt += TimeSpan.FromMinutes(i);
            yield return first with { Row = row };
        }
    }

    public static SeriesPoint[] Series(SeriesQuery query, params IEnumerable<SampleRow> rows)
    {
        var clock = new LocalClock(query.Zone);
        var builder = new SeriesBuilder(query, clock);
        return
        [
            .. rows
                .GroupBy(row => clock.DateOf(row))
                .OrderBy(group => group.Key)
                .Select(group =>
                {
                    var day = new DayRows(group.Key);
                    foreach (var row in group) day.Add(row);
                    return day;
                })
                .SelectMany(builder.Add),
            .. builder.Finish(),
        ];
    }

    public static SeriesPoint[] Amounts(SeriesBucket bucket, params IEnumerable<SampleRow> rows) =>
        Series(new(MetricKind.Cumulative, bucket, default), rows);

    public static SeriesPoint[] Measurements(SeriesBucket bucket, params IEnumerable<SampleRow> rows) =>
        Series(new(MetricKind.Discrete, bucket, default), rows);

    /// <summary>The one day's total of an amount.</summary>
    public static double DayTotal(params IEnumerable<SampleRow> rows) =>
        Assert.Single(Amounts(SeriesBucket.Day, rows)).Figures.Sum;

    public static TimeZoneInfo Berlin => TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
}
