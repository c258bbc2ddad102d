using System.Runtime.CompilerServices;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Totals;

/// <summary>
/// Reads the rows of a metric so that none stands beside another that says the same more coarsely: of each local day
/// only those of the finest grain that it has. Safe for concurrent use.
/// </summary>
public sealed class FinestRows(ISampleStore samples)
{
    /// <summary>Rows by local day, then start, then source, never of a week or longer. Streams.</summary>
    /// <exception cref="Pushes.StoreUnavailableException">The store is away.</exception>
    public async IAsyncEnumerable<SampleRow> ReadAsync(
        long userId, UserMetric metric, TimeSpanBounds span, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (from, end) = Within(metric, span);
        var reader = new DayReader(samples, userId, metric, new());
        await foreach (var day in reader.ReadAsync(from, end, span, Grain.Sample, cancellationToken))
        {
            var rows = day.Samples.Count > 0 ? day.Samples
                : day.Minutes.Count > 0 ? day.Minutes
                : day.Hours.Count > 0 ? day.Hours
                : day.Days;
            foreach (var row in rows) yield return row;
        }
    }

    /// <summary>The local dates of the metric's rows that may lie in a span, with the day after the last.</summary>
    static (DateOnly From, DateOnly End) Within(UserMetric metric, TimeSpanBounds span)
    {
        // Offsets reach over a day, either way.
        var from = DateOf(Instant.From(metric.FirstAt), -2);
        var end = DateOf(Instant.From(metric.LastAt), 3);
        var first = span.FromDate ?? (span.From is { } start ? DateOf(start, -2) : from);
        var last = span.ToDate ?? (span.To is { } stop ? DateOf(stop, 3) : end);
        return (first > from ? first : from, last < end ? last : end);

        static DateOnly DateOf(Instant at, int days) => DateOnly.FromDayNumber(
            Math.Clamp(at.DateAt(0).DayNumber + days, 0, DateOnly.MaxValue.DayNumber));
    }
}
