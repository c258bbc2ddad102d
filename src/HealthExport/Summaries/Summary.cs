using HealthExport.Catalogue;
using HealthExport.Time;
using HealthExport.Totals;
using HealthExport.Workouts;

namespace HealthExport.Summaries;

/// <summary>A span of time and the one before it, at a glance.</summary>
/// <param name="Before">As long, and ends where the span begins.</param>
/// <param name="OffsetMinutes">East of UTC: the person's clock now.</param>
/// <param name="Metrics">By name, those with figures in either span.</param>
/// <param name="Sleep">Null without a night and a nap, likewise before.</param>
/// <param name="Workouts">Most often done first.</param>
public sealed record Summary(
    TimeSpanBounds Span, TimeSpanBounds Before, int OffsetMinutes,
    IReadOnlyDictionary<string, Compared<MetricFigures>> Metrics, Compared<SleepFigures> Sleep,
    Compared<IReadOnlyList<WorkoutSum>> Workouts);

/// <param name="Now">Of the span; null where nothing is there.</param>
/// <param name="Before">Of the one before, likewise.</param>
public readonly record struct Compared<T>(T? Now, T? Before) where T : class;

/// <summary>A metric over a span, as a series has it over a week or longer.</summary>
/// <param name="Figures">An amount's least and greatest are of its days with data, its average is per such day.</param>
/// <param name="Days">How many local days have data.</param>
public sealed record MetricFigures(MetricKind Kind, Figures Figures, int Days)
{
    /// <summary>What two spans are compared by: an amount per day with data, else the average.</summary>
    public double Mean => Figures.Average;
}

/// <summary>Nights of a span. Minutes are means over the nights that say them, NaN where none does.</summary>
public sealed record SleepFigures(
    int Nights, int Naps, double InBed, double Asleep, double Core, double Deep, double Rem, double Awake,
    double Efficiency);
