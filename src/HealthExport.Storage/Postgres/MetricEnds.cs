using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Storage.Postgres;

/// <summary>The first or last row of a metric.</summary>
/// <param name="At">When it starts, as an instant.</param>
/// <param name="Value">NaN if it has none.</param>
readonly record struct MetricEnd(Instant At, Grain Grain, short OffsetMinutes, double Value)
{
    public static MetricEnd Of(Grain grain, in Sample row) => new(
        grain >= Grain.Day ? new(row.StartAt.Microseconds - row.OffsetMinutes * Instant.PerMinute) : row.StartAt,
        grain, row.OffsetMinutes, row.Value);

    /// <summary>
    /// The finer grain wins a tie; of several sources at one instant what the rows say, and not who came first.
    /// </summary>
    public bool IsBefore(in MetricEnd other) => At != other.At ? At < other.At
        : Grain != other.Grain ? Grain < other.Grain : OffsetMinutes < other.OffsetMinutes;

    /// <inheritdoc cref="IsBefore"/>
    public bool IsAfter(in MetricEnd other) => At != other.At ? At > other.At
        : Grain != other.Grain ? Grain < other.Grain
        : OffsetMinutes != other.OffsetMinutes ? OffsetMinutes > other.OffsetMinutes
        : Value > other.Value || (double.IsNaN(other.Value) && !double.IsNaN(Value));
}

/// <summary>The outermost of some rows of a metric, and their grains.</summary>
/// <param name="Grains">Bit g is set when there are rows of grain g.</param>
readonly record struct MetricEnds(MetricEnd First, MetricEnd Last, int Grains)
{
    public static MetricEnds Of(in MetricEnd end) => new(end, end, 1 << (int)end.Grain);

    public MetricEnds With(in MetricEnds other) => new(
        other.First.IsBefore(First) ? other.First : First,
        other.Last.IsAfter(Last) ? other.Last : Last,
        Grains | other.Grains);
}
