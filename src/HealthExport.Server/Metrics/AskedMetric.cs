using HealthExport.Catalogue;
using HealthExport.Samples;
using HealthExport.Server.Http;

namespace HealthExport.Server.Metrics;

/// <summary>The metric that a path and a <c>sent_unit</c> parameter mean.</summary>
/// <param name="Metric">Whose unit the values are in.</param>
/// <param name="Stored">Null if the user has no rows of it.</param>
sealed record AskedMetric(Metric Metric, UserMetric? Stored)
{
    /// <param name="name">Any spelling of a name or alias.</param>
    /// <param name="sentUnit">
    /// Asks for the rows that came in a unit which does not convert and were stored as sent, apart from the others.
    /// </param>
    /// <returns>The metric, or why there is none.</returns>
    public static async ValueTask<(AskedMetric? Metric, ProblemResult? Problem)> FindAsync(
        ISampleStore store, long userId, string name, string? sentUnit, CancellationToken cancellationToken) =>
        Find(await store.ListMetricsAsync(userId, cancellationToken), name, sentUnit);

    /// <inheritdoc cref="FindAsync"/>
    /// <param name="all">The user's.</param>
    public static (AskedMetric? Metric, ProblemResult? Problem) Find(
        IReadOnlyList<UserMetric> all, string name, string? sentUnit)
    {
        var known = MetricCatalogue.Find(name);
        if (known is not null && NotAMetric(known) is { } hint)
            return (null, Problems.NotFound("This is not stored as one metric.", hint));

        var canonical = known?.Name ?? MetricCatalogue.Normalise(name);
        var own = all.Where(metric => metric.Metric.Name == canonical).ToArray();
        if (known is null && own.Length == 0)
            return (null, Problems.NotFound(
                "There is no metric of this name.", "GET /v1/metrics lists yours, ?all=true every known one."));

        if (sentUnit is not null)
        {
            var inUnit = own.FirstOrDefault(metric => metric.Metric.Unit == sentUnit)
                ?? own.FirstOrDefault(metric =>
                    metric.Metric.Unit.Equals(sentUnit.Trim(), StringComparison.OrdinalIgnoreCase));
            if (inUnit is not null) return (new(inUnit.Metric, inUnit), null);
            return (null, Problems.InvalidParameter("sent_unit", MustBeOneOf(known, own)));
        }
        if (known is not null)
            return (new(known, own.FirstOrDefault(metric => metric.Metric.Unit == known.Unit)), null);
        if (own is [var only]) return (new(only.Metric, only), null);
        return (null, Problems.InvalidParameter("sent_unit", MustBeOneOf(known, own)));
    }

    /// <summary>
    /// The unit that the parameter <c>unit</c> asks values in, the metric's own if there is none, and what their
    /// inverse leads to it; refused if values do not convert.
    /// </summary>
    public (string Code, UnitConversion Conversion) ReadUnit(QueryReader query)
    {
        if (query.Text("unit") is not { } unit) return (Metric.Unit, UnitConversion.Identity);
        if (!Metric.TryGetConversion(unit, out var conversion))
            query.Refuse("unit", $"must be one of {string.Join(", ", Metric.ConvertibleUnits())}.");
        return (Units.Find(unit) ?? unit, conversion);
    }

    static string? NotAMetric(Metric metric) => metric.Shape switch
    {
        MetricShape.BloodPressure => "Ask for blood_pressure_systolic and blood_pressure_diastolic.",
        MetricShape.Sleep => "Sleep is stored as nights and segments, not as samples.",
        _ => null,
    };

    static string MustBeOneOf(Metric? known, UserMetric[] own)
    {
        var units = own.Select(metric => metric.Metric.Unit).Append(known?.Unit).OfType<string>().Distinct();
        return $"must be one of {string.Join(", ", units.Select(unit => unit.Length == 0 ? "(empty)" : unit))}: "
            + "the units that rows of this metric are stored in.";
    }
}
