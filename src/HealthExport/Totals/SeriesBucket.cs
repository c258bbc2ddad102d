namespace HealthExport.Totals;

/// <summary>The span that one point of a series stands for, as clock and calendar have it.</summary>
public enum SeriesBucket : byte
{
    Hour,
    Day,

    /// <summary>From Monday.</summary>
    Week,
    Month,
    Year,
}

/// <summary>The calendar of <see cref="SeriesBucket"/>.</summary>
public static class SeriesBuckets
{
    /// <summary>The first day of the bucket that holds <paramref name="date"/>.</summary>
    public static DateOnly FirstDay(this SeriesBucket bucket, DateOnly date) => bucket switch
    {
        SeriesBucket.Week => date.AddDays(-(((int)date.DayOfWeek + 6) % 7)),
        SeriesBucket.Month => new(date.Year, date.Month, 1),
        SeriesBucket.Year => new(date.Year, 1, 1),
        _ => date,
    };

    /// <summary>How many days the bucket that begins on <paramref name="firstDay"/> has; 1 for hours.</summary>
    public static int Days(this SeriesBucket bucket, DateOnly firstDay) => bucket switch
    {
        SeriesBucket.Week => 7,
        SeriesBucket.Month => firstDay.AddMonths(1).DayNumber - firstDay.DayNumber,
        SeriesBucket.Year => firstDay.AddYears(1).DayNumber - firstDay.DayNumber,
        _ => 1,
    };
}
