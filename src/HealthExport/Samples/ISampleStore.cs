using HealthExport.Catalogue;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Samples;

/// <summary>Reads a user's samples. Every method is scoped to one user; another user's rows are never seen.</summary>
public interface ISampleStore
{
    /// <summary>The metrics this user has rows of, by name then unit; always true to the rows.</summary>
    ValueTask<IReadOnlyList<UserMetric>> ListMetricsAsync(long userId, CancellationToken cancellationToken);

    /// <summary>One page of rows in the order of their start, then grain, then source.</summary>
    /// <exception cref="InvalidCursorException">The cursor is of another query.</exception>
    ValueTask<Page<SampleRow>> ListAsync(SampleQuery query, CancellationToken cancellationToken);

    /// <summary>
    /// Every row of one metric in <paramref name="span"/>, grain by grain from <paramref name="finest"/> up, each by
    /// start then source. Streams: memory does not grow with the span.
    /// </summary>
    IAsyncEnumerable<SampleRow> ReadAsync(
        long userId, int metricId, Grain finest, TimeSpanBounds span, CancellationToken cancellationToken);
}

/// <param name="MetricId">The store's number.</param>
/// <param name="Metric">From the catalogue, or made from the stored name and unit.</param>
/// <param name="Grains">Those with rows, finest first.</param>
/// <param name="FirstAt">Start of the earliest row, as an instant, with its offset.</param>
/// <param name="Sources">Normalised source texts seen on the metric's rows.</param>
public sealed record UserMetric(
    int MetricId, Metric Metric, long Count, DateTimeOffset FirstAt, DateTimeOffset LastAt, double? LatestValue,
    IReadOnlyList<Grain> Grains, IReadOnlyList<string> Sources);

/// <param name="Grain">Null for every grain.</param>
/// <param name="Source">Normalised text; null for every source.</param>
public sealed record SampleQuery(
    long UserId, int MetricId, TimeSpanBounds Span, Grain? Grain, string? Source, bool Descending, string? Cursor,
    int Limit);

/// <param name="Row">Source is the key's for samples, the reported one for buckets.</param>
/// <param name="Push">Number of the push that wrote it: a higher one was received later.</param>
public readonly record struct SampleRow(Grain Grain, Sample Row, long Push)
{
    /// <summary>When the row starts, as an instant, whatever its grain.</summary>
    public Instant StartInstant => Grain >= Grain.Day
        ? new(Row.StartAt.Microseconds - Row.OffsetMinutes * Instant.PerMinute)
        : Row.StartAt;

    /// <summary>When what the row stands for ends, at its own offset; for a sample, when it starts.</summary>
    public Instant EndInstant => Grain switch
    {
        Grain.Sample => StartInstant,
        Grain.Minute => new(StartInstant.Microseconds + Instant.PerMinute),
        Grain.Hour => new(StartInstant.Microseconds + Instant.PerHour),
        Grain.Day => AtLocal(LocalDate.AddDays(1)),
        Grain.Week => AtLocal(LocalDate.AddDays(7)),
        Grain.Month => AtLocal(LocalDate.AddMonths(1)),
        _ => AtLocal(LocalDate.AddYears(1)),
    };

    Instant AtLocal(DateOnly date) =>
        new(Instant.From(date).Microseconds - Row.OffsetMinutes * Instant.PerMinute);

    /// <summary>The local day the row starts on, at its own offset.</summary>
    public DateOnly LocalDate => Row.StartAt.DateAt(Grain >= Grain.Day ? 0 : Row.OffsetMinutes);
}
