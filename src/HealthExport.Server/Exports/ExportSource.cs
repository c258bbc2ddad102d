using System.Runtime.CompilerServices;
using HealthExport.Catalogue;
using HealthExport.Events;
using HealthExport.Samples;
using HealthExport.Sleep;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Server.Exports;

/// <summary>
/// Reads what a person has, type by type, in an order that depends on nothing but the rows. A page at a time, each in a
/// short read of its own: memory stays flat, and nothing holds up those who write.
/// </summary>
/// <param name="span">Compared with the start, as everywhere.</param>
sealed class ExportSource(
    ISampleStore samples, ISleepStore sleep, IWorkoutStore workouts, IEventStore events, long userId,
    TimeSpanBounds span)
{
    const int SamplesOfAPage = 8_192;
    const int WorkoutsOfAPage = 100;
    const int EventsOfAPage = 100;

    // Of sleep.
    static readonly TimeSpan s_window = TimeSpan.FromDays(8);

    /// <summary>The last push that wrote one of the rows whose order of receipt matters; 1 if there is none.</summary>
    public long Revisions { get; private set; } = 1;

    /// <summary>Rows by metric and unit, then by start, grain and source.</summary>
    public async IAsyncEnumerable<(UserMetric Metric, IReadOnlyList<SampleRow> Rows)> ReadSamplesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var metric in await samples.ListMetricsAsync(userId, cancellationToken))
        {
            string? cursor = null;
            do
            {
                cancellationToken.ThrowIfCancellationRequested();
                var page = await samples.ListAsync(
                    new(userId, metric.MetricId, span, null, null, false, cursor, SamplesOfAPage), cancellationToken);
                yield return (metric, page.Items);
                cursor = page.NextCursor;
            }
            while (cursor is not null);
        }
    }

    /// <summary>
    /// Which push wrote the row, where reading asks which of several was received last: among amounts of several
    /// grains, and among weeks, months and years.
    /// </summary>
    public long? RevisionOf(UserMetric metric, in SampleRow row)
    {
        if (row.Grain <= Grain.Day
            && (metric.Metric.Kind != MetricKind.Cumulative || metric.Grains.Count(grain => grain <= Grain.Day) < 2))
            return null;
        Revisions = Math.Max(Revisions, row.Push);
        return row.Push;
    }

    /// <summary>By start, stage and source.</summary>
    public IAsyncEnumerable<SleepStage> ReadStagesAsync(CancellationToken cancellationToken) => ReadSleepAsync(
        sleep.ListStagesAsync,
        stage => (stage.StartAt, stage.OffsetMinutes),
        (a, b) => a.StartAt != b.StartAt ? a.StartAt.CompareTo(b.StartAt)
            : string.CompareOrdinal(a.Stage, b.Stage) is not 0 and var order ? order
            : string.CompareOrdinal(a.Source, b.Source),
        cancellationToken);

    /// <summary>By start and source.</summary>
    public IAsyncEnumerable<SleepSession> ReadSessionsAsync(CancellationToken cancellationToken) => ReadSleepAsync(
        sleep.ListSessionsAsync,
        night => (night.StartAt, night.OffsetMinutes),
        (a, b) => a.StartAt != b.StartAt ? a.StartAt.CompareTo(b.StartAt) : string.CompareOrdinal(a.Source, b.Source),
        cancellationToken);

    /// <summary>Newest first, without series and route.</summary>
    public async IAsyncEnumerable<WorkoutRow> ListWorkoutsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var page = await workouts.ListAsync(
                new(userId, span, null, null, null, null, cursor, WorkoutsOfAPage), cancellationToken);
            foreach (var row in page.Items) yield return row;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    /// <summary>Newest first, with series.</summary>
    public async IAsyncEnumerable<WorkoutRow> ReadWorkoutsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var listed in ListWorkoutsAsync(cancellationToken))
            if (await workouts.FindAsync(userId, listed.Workout.Id!.Value, cancellationToken) is { } found)
                yield return found;
    }

    /// <summary>Newest first, with their routes; only those that have one.</summary>
    public async IAsyncEnumerable<Workout> ReadRoutesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var listed in ListWorkoutsAsync(cancellationToken))
            if (listed.HasRoute
                && await workouts.FindRouteAsync(userId, listed.Workout.Id!.Value, cancellationToken) is { } found)
                yield return found;
    }

    public async ValueTask<WorkoutRoute?> FindRouteAsync(WorkoutRow row, CancellationToken cancellationToken) =>
        row.HasRoute
            ? (await workouts.FindRouteAsync(userId, row.Workout.Id!.Value, cancellationToken))?.Route
            : null;

    /// <summary>Newest first, with voltages; those without a time last, and not at all if a span is asked for.</summary>
    public async IAsyncEnumerable<HealthEvent> ReadEventsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        EventPlace? after = null;
        while (true)
        {
            var page = await events.ListAsync(new(userId, span, null, after, EventsOfAPage), cancellationToken);
            foreach (var row in page)
            {
                // No other kind has any.
                if (row.Kind != "ecg") yield return row;
                else if (await events.FindAsync(userId, row.Kind, row.Identity, cancellationToken) is { } whole)
                    yield return whole;
            }
            if (page.Count < EventsOfAPage) yield break;
            after = EventPlace.Of(page[^1]);
        }
    }

    async IAsyncEnumerable<T> ReadSleepAsync<T>(
        Func<long, Instant, Instant, CancellationToken, ValueTask<IReadOnlyList<T>>> read,
        Func<T, (Instant At, short OffsetMinutes)> startOf, Comparison<T> order,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await sleep.FindEndsAsync(userId, cancellationToken) is not var (first, last)) yield break;
        var (from, to) = Narrow(first, last);
        for (var at = from; at <= to; at += s_window)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // Of one start the store goes by the sources' numbers, which say nothing.
            List<T> rows = [.. await read(userId, at, at + s_window, cancellationToken)];
            rows.Sort(order);
            foreach (var row in rows)
                if (startOf(row) is var (start, offset) && Holds(start, offset)) yield return row;
        }
    }

    (Instant From, Instant To) Narrow(Instant first, Instant last)
    {
        var from = span.From ?? (span.FromDate is { } fromDate ? Instant.From(fromDate) + -TimeSpan.FromDays(1) : first);
        var to = span.To ?? (span.ToDate is { } toDate ? Instant.From(toDate) + TimeSpan.FromDays(1) : last);
        return (from > first ? from : first, to < last ? to : last);
    }

    bool Holds(Instant start, int offsetMinutes)
    {
        if (start < span.From || start >= span.To) return false;
        if (span.FromDate is null && span.ToDate is null) return true;
        var date = start.DateAt(offsetMinutes);
        return !(date < span.FromDate) && !(date >= span.ToDate);
    }
}
