using HealthExport.Catalogue;
using HealthExport.Samples;

namespace HealthExport.Totals;

/// <summary>
/// One week, month or year of one metric, fed day by day. A row of grain week, month or year answers only where its own
/// span has nothing finer; for a year, month by month. Weeks are no part of months and years, whose ends they cross.
/// </summary>
sealed class PeriodTotals(MetricKind kind, SeriesBucket bucket, DateOnly firstDay)
{
    CumulativePeriod _amounts = new();
    DiscreteTotals _measurements = new();
    SampleRow? _longer;
    PeriodTotals? _month;

    public DateOnly FirstDay => firstDay;

    bool IsEmpty => kind == MetricKind.Cumulative ? _amounts.IsEmpty : _measurements.IsEmpty;

    public void AddDay(DayTotal day)
    {
        if (day.Figures is not { } figures) return;
        var part = PartOf(day.Date);
        if (kind == MetricKind.Cumulative) part._amounts.AddDay(figures);
        else part._measurements.Add(DiscreteTotals.From(figures, day.Means));
    }

    /// <param name="date">The day the row is filed under.</param>
    public void AddLonger(DateOnly date, in SampleRow row)
    {
        if (bucket == SeriesBucket.Year && row.Grain == Grain.Month) PartOf(date).AddLonger(date, row);
        else if (row.Grain == OwnGrain && (_longer is not { } other || row.Push > other.Push)) _longer = row;
    }

    /// <summary>Ends the period.</summary>
    /// <returns>Its figures, and the row of its own length where that is what they come from.</returns>
    public (Figures? Figures, SampleRow? Longer) Finish()
    {
        CloseMonth();
        var isAnswered = !IsEmpty;
        AnswerFromLonger();
        var figures = kind == MetricKind.Cumulative ? _amounts.Figures() : _measurements.Figures();
        return (figures, isAnswered ? null : _longer);
    }

    Grain OwnGrain => bucket switch
    {
        SeriesBucket.Week => Grain.Week,
        SeriesBucket.Month => Grain.Month,
        _ => Grain.Year,
    };

    PeriodTotals PartOf(DateOnly date)
    {
        if (bucket != SeriesBucket.Year) return this;
        var month = SeriesBucket.Month.FirstDay(date);
        if (_month?.FirstDay == month) return _month;
        CloseMonth();
        return _month = new(kind, SeriesBucket.Month, month);
    }

    void CloseMonth()
    {
        if (_month is null) return;
        _month.AnswerFromLonger();
        _amounts.Add(_month._amounts);
        _measurements.Add(_month._measurements);
        _month = null;
    }

    void AnswerFromLonger()
    {
        if (!IsEmpty || _longer is not { } row) return;
        var days = bucket.Days(firstDay);
        if (kind == MetricKind.Discrete) _measurements = DiscreteTotals.OfLonger([row], days);
        else if (!double.IsNaN(row.Row.Value)) _amounts.AddLonger(row, days);
    }
}
