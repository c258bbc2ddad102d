using HealthExport.Catalogue;
using HealthExport.People;
using HealthExport.Samples;
using HealthExport.Sleep;
using HealthExport.Time;
using HealthExport.Totals;
using HealthExport.Workouts;

namespace HealthExport.Summaries;

/// <summary>
/// Reads summaries, in as many statements however much there is: whole days from the daily totals, and rows only of
/// days that an end of a span cuts or whose total is out of date. Safe for concurrent use.
/// </summary>
public sealed class SummaryReader(
    ISampleStore samples, IDailyTotalStore totals, IWorkoutStore workouts, SleepDiary sleep, IUserStore users)
{
    const int NightsAtOnce = 366;

    static readonly Metric[] s_shown = [.. SummaryMetrics.All.SelectMany(heading => heading.Metrics)];

    /// <param name="asked">Ends that are not given are those of the last thirty local days.</param>
    /// <param name="at">The present.</param>
    /// <exception cref="Pushes.StoreUnavailableException">The store is away.</exception>
    public async ValueTask<Summary> ReadAsync(
        long userId, TimeSpanBounds asked, Instant at, CancellationToken cancellationToken)
    {
        var own = await samples.ListMetricsAsync(userId, cancellationToken);
        var ranks = SourceRanks.InOrder(await users.ListSourceRanksAsync(userId, cancellationToken));
        var offset = PersonClock.OffsetAt(at, await users.FindAsync(userId, cancellationToken), own);
        var now = SummarySpan.Complete(asked, at.DateAt(offset));
        var before = SummarySpan.Before(now, offset);
        return new(
            now, before, offset,
            await ReadMetricsAsync(
                userId, [.. own.Where(metric => s_shown.Contains(metric.Metric))], now, before, ranks,
                cancellationToken),
            await ReadSleepAsync(userId, now, before, ranks, cancellationToken),
            new(
                await SumWorkoutsAsync(userId, now, cancellationToken),
                await SumWorkoutsAsync(userId, before, cancellationToken)));
    }

    async ValueTask<IReadOnlyDictionary<string, Compared<MetricFigures>>> ReadMetricsAsync(
        long userId, UserMetric[] metrics, TimeSpanBounds now, TimeSpanBounds before, SourceRanks ranks,
        CancellationToken cancellationToken)
    {
        var all = metrics.ToDictionary(
            metric => metric.MetricId, metric => (Now: new Days(metric, now), Before: new Days(metric, before)));
        var whole = new TimeSpanBounds(before.From, before.FromDate, now.To, now.ToDate);
        var (from, end) = whole.Days();
        await foreach (var (metricId, day) in
            totals.ReadAsync(userId, [.. all.Keys], from, end, cancellationToken))
        {
            all[metricId].Now.Add(day);
            all[metricId].Before.Add(day);
        }
        var figures = new Dictionary<string, Compared<MetricFigures>>();
        foreach (var (inSpan, inBefore) in all.Values)
        {
            await inSpan.ReadOpenAsync(samples, userId, ranks, cancellationToken);
            await inBefore.ReadOpenAsync(samples, userId, ranks, cancellationToken);
            if ((inSpan.Figures(), inBefore.Figures()) is not (null, null) and var (one, other))
                figures.Add(inSpan.Metric.Name, new(one, other));
        }
        return figures;
    }

    async ValueTask<Compared<SleepFigures>> ReadSleepAsync(
        long userId, TimeSpanBounds now, TimeSpanBounds before, SourceRanks ranks, CancellationToken cancellationToken)
    {
        var whole = new TimeSpanBounds(before.From, before.FromDate, now.To, now.ToDate);
        var (inSpan, inBefore) = (new Nights(), new Nights());
        IReadOnlyList<SleepNight> page;
        SleepPosition? after = null;
        do
        {
            page = await sleep.ListAsync(userId, whole, ranks, after, NightsAtOnce, cancellationToken);
            foreach (var night in page)
            {
                after = SleepPosition.Of(night);
                if (now.Holds(night.EndAt, night.Date)) inSpan.Add(night);
                else if (before.Holds(night.EndAt, night.Date)) inBefore.Add(night);
            }
        }
        while (page.Count == NightsAtOnce);
        return new(inSpan.Figures(), inBefore.Figures());
    }

    async ValueTask<IReadOnlyList<WorkoutSum>?> SumWorkoutsAsync(
        long userId, TimeSpanBounds span, CancellationToken cancellationToken)
    {
        var sums = await workouts.SumAsync(userId, span, cancellationToken);
        return sums.Count == 0
            ? null
            : [
                .. sums.OrderByDescending(sum => sum.Count).ThenBy(sum => sum.Activity is null)
                    .ThenBy(sum => sum.Activity ?? sum.NameAsSent, StringComparer.Ordinal),
            ];
    }

    /// <summary>The days of one metric in one span, and which of them have to be worked out from their rows.</summary>
    sealed class Days(UserMetric metric, TimeSpanBounds span)
    {
        readonly List<DateOnly> _open = [];
        CumulativePeriod _amounts = new();
        DiscreteTotals _measurements = new();
        int _count;

        public Metric Metric => metric.Metric;

        public void Add(in KeptDay day)
        {
            if (!span.MayTouch(day.Date)) return;
            if (day.Total is { } total && span.HoldsWhole(day.Date)) Add(total);
            else _open.Add(day.Date);
        }

        public async ValueTask ReadOpenAsync(
            ISampleStore samples, long userId, SourceRanks ranks, CancellationToken cancellationToken)
        {
            if (_open.Count == 0) return;
            var clock = new LocalClock();
            var sums = new DayTotals(Metric.Kind, clock, ranks);
            var reader = new DayReader(samples, userId, metric, clock);
            foreach (var (first, end) in DailyTotals.Runs(_open))
                await foreach (var day in reader.ReadAsync(first, end, span, Grain.Sample, cancellationToken))
                    if (day.HasDay) Add(sums.Of(day));
        }

        public MetricFigures? Figures() =>
            (Metric.Kind == MetricKind.Cumulative ? _amounts.Figures() : _measurements.Figures()) is { } figures
                ? new(Metric.Kind, figures, _count)
                : null;

        void Add(DayTotal total)
        {
            if (total.Figures is not { } figures) return;
            _count++;
            if (Metric.Kind == MetricKind.Cumulative) _amounts.AddDay(figures);
            else _measurements.Add(DiscreteTotals.From(figures, total.Means));
        }
    }

    sealed class Nights
    {
        int _nights, _naps;
        Mean _inBed, _asleep, _core, _deep, _rem, _awake, _efficiency;

        public void Add(SleepNight night)
        {
            if (night.IsNap)
            {
                _naps++;
                return;
            }
            _nights++;
            _inBed.Add(night.InBedMinutes);
            _asleep.Add(night.AsleepMinutes);
            _core.Add(night.CoreMinutes);
            _deep.Add(night.DeepMinutes);
            _rem.Add(night.RemMinutes);
            _awake.Add(night.AwakeMinutes);
            _efficiency.Add(night.Efficiency);
        }

        public SleepFigures? Figures() => _nights + _naps == 0 ? null : new(
            _nights, _naps, _inBed.Value, _asleep.Value, _core.Value, _deep.Value, _rem.Value, _awake.Value,
            _efficiency.Value);
    }

    struct Mean
    {
        CompensatedSum _sum;
        int _count;

        public readonly double Value => _count == 0 ? double.NaN : _sum.Value / _count;

        public void Add(double? value)
        {
            if (value is not { } known) return;
            _sum.Add(known);
            _count++;
        }
    }
}
