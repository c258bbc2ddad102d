namespace HealthExport.Tests.Support;

/// <summary>Puts a push together, its bytes and its truth side by side; the looks of the bytes are random.</summary>
/// <param name="plain">Whether to leave the looks alone: usual dates, numbers as numbers.</param>
sealed class PushBuilder(Random random, bool plain = false)
{
    readonly List<ArrayBuilder> _arrays = [];

    public ArrayBuilder Add(KnownMetric metric, KnownUnit? unit = null, string? nameAsSent = null)
    {
        var array = new ArrayBuilder(random, plain, metric, unit ?? metric.Units[0], nameAsSent ?? metric.Name);
        _arrays.Add(array);
        return array;
    }

    /// <summary>
    /// A cumulative or discrete metric by day, hour or minute: usual dates, canonical unit, one source.
    /// </summary>
    public PushBuilder With(KnownMetric metric, string? source, params (DateTimeOffset At, double Value)[] points)
    {
        var array = Add(metric);
        foreach (var (at, value) in points) array.AddValue(at, value, source);
        return this;
    }

    public SentPush Build(string? aggregation = null, string? period = null)
    {
        var data = new JsonText.Fields().With("metrics", _arrays.Select(array => (object?)array.ToJson()).ToList());
        if (!plain)
        {
            foreach (var section in new[] { "workouts", "symptoms", "stateOfMind" })
                if (random.Next(5) == 0) data.Add((section, random.Next(2) == 0 ? null : new List<object?>()));
        }
        var root = new JsonText.Fields().With("data", data);
        return new(
            JsonText.Write(random, isPretty: random.Next(2) == 0, root), aggregation, period,
            [.. _arrays.Select(array => array.ToTruth())]);
    }
}
