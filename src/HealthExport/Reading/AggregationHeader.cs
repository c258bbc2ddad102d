using HealthExport.Samples;

namespace HealthExport.Reading;

/// <summary>What the header <c>automation-aggregation</c> says of every array of a push.</summary>
/// <param name="Explicit">The grain it names; null when it names none (absent, Default, or a word unknown).</param>
/// <param name="IsDefault">It says Default: heart rate comes as samples, the rest as the app sees fit.</param>
readonly record struct AggregationHeader(Grain? Explicit, bool IsDefault)
{
    /// <summary>Reads the header; case and spaces do not matter.</summary>
    public static AggregationHeader Parse(string? header) => Header.Fold(header) switch
    {
        "default" => new(null, true),
        "seconds" or "second" => new(Grain.Sample, false),
        "minutes" or "minute" => new(Grain.Minute, false),
        "hours" or "hour" => new(Grain.Hour, false),
        "days" or "day" => new(Grain.Day, false),
        "weeks" or "week" => new(Grain.Week, false),
        "months" or "month" => new(Grain.Month, false),
        "years" or "year" => new(Grain.Year, false),
        _ => default,
    };

    /// <summary>Whether the header names buckets, which the stamps then have to bear out.</summary>
    public bool NamesBuckets => Explicit > Grain.Sample;
}
