using System.Runtime.CompilerServices;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Totals;

/// <summary>
/// Reads the rows of one metric day by day. They are fetched some days at a time, as many as keep about
/// <see cref="RowsAtOnce"/> rows in memory, but at least one whole local day. Each fetch sees the store as it is then.
/// </summary>
/// <param name="bucket">Where it is weeks, rows of a week are filed under the week that holds most of them.</param>
sealed class DayReader(
    ISampleStore store, long userId, UserMetric metric, LocalClock clock, SeriesBucket bucket = SeriesBucket.Day)
{
    internal const int RowsAtOnce = 20_000;
    internal const int DaysToMidweek = 3;
    const int MostDaysAtOnce = 3_660;

    // A row may be filed under another day than its own offset says: by a zone up to two away, a week three later.
    readonly int _margin = Math.Max(clock.HasZone ? 2 : 0, bucket == SeriesBucket.Week ? DaysToMidweek : 0);
    int _step = FirstStep(metric);

    /// <summary>The days that have rows, in order.</summary>
    /// <param name="end">The day after the last.</param>
    /// <param name="within">Rows that start outside it do not count.</param>
    public async IAsyncEnumerable<DayRows> ReadAsync(
        DateOnly from, DateOnly end, TimeSpanBounds within, Grain finest,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = from;
        while (next < end)
        {
            var until = DateOnly.FromDayNumber(Math.Min(next.DayNumber + _step, end.DayNumber));
            var days = new SortedDictionary<DateOnly, DayRows>();
            var count = 0;
            var isTooMuch = false;
            var span = new TimeSpanBounds(null, next.AddDays(-_margin), null, until.AddDays(_margin));
            await foreach (var row in store.ReadAsync(userId, metric.MetricId, finest, span, cancellationToken))
            {
                var date = FiledUnder(row);
                if (date < next || date >= until || !IsWithin(row, within)) continue;
                if (!days.TryGetValue(date, out var day)) days.Add(date, day = new(date));
                day.Add(row);
                isTooMuch = ++count > 2 * RowsAtOnce && _step > 1;
                if (isTooMuch) break;
            }
            if (isTooMuch)
            {
                _step = Math.Max(1, _step / 8);
                continue;
            }
            foreach (var day in days.Values) yield return day;
            next = until;
            if (count < RowsAtOnce / 4) _step = Math.Min(_step * 2, MostDaysAtOnce);
        }
    }

    DateOnly FiledUnder(in SampleRow row) => bucket == SeriesBucket.Week && row.Grain == Grain.Week
        ? row.LocalDate.AddDays(DaysToMidweek)
        : clock.DateOf(row);

    bool IsWithin(in SampleRow row, in TimeSpanBounds span)
    {
        if (span.From is { } from && row.StartInstant < from) return false;
        if (span.To is { } to && row.StartInstant >= to) return false;
        if (span.FromDate is null && span.ToDate is null) return true;
        var date = clock.DateOf(row);
        return !(date < span.FromDate) && !(date >= span.ToDate);
    }

    static int FirstStep(UserMetric metric)
    {
        var days = Math.Max(1, (metric.LastAt - metric.FirstAt).TotalDays);
        return (int)Math.Clamp(RowsAtOnce * days / Math.Max(1, metric.Count), 1, MostDaysAtOnce);
    }
}
