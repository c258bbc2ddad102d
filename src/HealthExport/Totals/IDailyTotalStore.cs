namespace HealthExport.Totals;

/// <summary>
/// Keeps what each local day of a metric adds up to, and knows which days have changed since that was worked out. Every
/// method but the last is scoped to one user.
/// </summary>
/// <remarks>
/// A push or a deletion that changes rows of a day raises the day's version in its own transaction, and so does a
/// change of the person's source ranks that may matter to the day; so there is a row for every day that has rows, and a
/// total that is not of the row's present version must not be used.
/// </remarks>
public interface IDailyTotalStore
{
    /// <summary>Days of one metric from <paramref name="from"/> to before <paramref name="end"/>, in order.</summary>
    ValueTask<IReadOnlyList<KeptDay>> ListAsync(
        long userId, int metricId, DateOnly from, DateOnly end, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// The same of several metrics, metric by metric, in one statement if they are fewer than 20,000. Streams: memory
    /// does not grow with the span.
    /// </summary>
    IAsyncEnumerable<(int MetricId, KeptDay Day)> ReadAsync(
        long userId, IReadOnlyList<int> metricIds, DateOnly from, DateOnly end, CancellationToken cancellationToken);

    /// <summary>On which days, from <paramref name="from"/> to before <paramref name="end"/>, there are rows of each
    /// metric, by metric, then date.</summary>
    ValueTask<IReadOnlyList<(int MetricId, DateOnly Date)>> ListDatesAsync(
        long userId, DateOnly from, DateOnly end, CancellationToken cancellationToken);

    /// <summary>Days whose total is missing or outdated, by metric, then date.</summary>
    ValueTask<IReadOnlyList<StaleDay>> ListStaleAsync(long userId, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Keeps totals; one whose day has changed since it was read is not kept, and none may be while somebody changes the
    /// user's data. A day that has no rows any more goes.
    /// </summary>
    ValueTask SaveAsync(
        long userId, int metricId, IReadOnlyList<WorkedOutDay> days, CancellationToken cancellationToken);

    /// <summary>The next user, by number, who has days whose total is missing or outdated; null after the last.
    /// </summary>
    ValueTask<long?> FindStaleUserAsync(long afterUserId, CancellationToken cancellationToken);
}

/// <param name="Total">Null when it is missing or outdated.</param>
public readonly record struct KeptDay(DateOnly Date, DayTotal? Total);

/// <param name="Version">Of the day's rows; grows with every change.</param>
public readonly record struct StaleDay(int MetricId, DateOnly Date, long Version);

/// <param name="Version">Of the day's rows, as it was before they were read.</param>
/// <param name="Total">Null when there were none.</param>
public readonly record struct WorkedOutDay(DateOnly Date, long Version, DayTotal? Total);
