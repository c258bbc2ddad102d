namespace HealthExport.Tests.Support;

/// <summary>
/// What a push of a history says, before it has become bytes: so that it can be shuffled and said again.
/// </summary>
sealed record HistoryPush(IReadOnlyList<HistoryArray> Arrays, string? Aggregation, string? Period)
{
    static readonly string?[] Aggregations =
        [null, null, null, "Minutes", "Hours", "Days", "Weeks", "Default", "Seconds", "hours"];

    static readonly string?[] Periods =
        [null, null, "Since Last Sync", "sinceLastSync", "Today", "Yesterday", "Default", "Previous 7 Days",
            "Realtime"];

    static readonly KnownMetric[] Metrics =
        [KnownMetric.StepCount, KnownMetric.ActiveEnergy, KnownMetric.RestingHeartRate, KnownMetric.HeartRate];

    static readonly string?[] Sources = [null, "Watch", "iPhone|Watch", "Watch|iPhone", "iPhone"];

    /// <summary>A push about a narrow patch of time, so that the pushes of a history meet.</summary>
    /// <param name="today">Midnight of the day of the test, at offset zero.</param>
    public static HistoryPush Create(Random random, DateTimeOffset today)
    {
        var aggregation = Aggregations[random.Next(Aggregations.Length)];
        var offset = TimeSpan.FromMinutes(new[] { 60, 60, 60, -300, 345 }[random.Next(5)]);
        var arrays = new List<HistoryArray>();
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var metric = Metrics[random.Next(Metrics.Length)];
            arrays.Add(new(
                metric, metric.Units[random.Next(metric.Units.Count)],
                CreatePoints(random, metric, aggregation, today.AddDays(-9).Subtract(offset).ToOffset(offset))));
        }
        return new(arrays, aggregation, Periods[random.Next(Periods.Length)]);
    }

    /// <summary>The same values in another order.</summary>
    public HistoryPush Shuffle(Random random)
    {
        var arrays = Arrays.Select(array => array with { Points = Shuffled(random, array.Points) }).ToList();
        return this with { Arrays = Shuffled(random, arrays) };
    }

    /// <summary>Whether another order of points says the same: no array has a first one that matters.</summary>
    public bool MayBeShuffled => Aggregation is null
        && Arrays.Select(array => array.Metric).Distinct().Count() == Arrays.Count;

    public SentPush ToSent(Random random)
    {
        var builder = new PushBuilder(random);
        foreach (var array in Arrays)
        {
            var into = builder.Add(array.Metric, array.Unit);
            foreach (var point in array.Points)
                into.AddValue(point.At, array.Unit.FromCanonical(point.Value), point.Source);
        }
        return builder.Build(Aggregation, Period);
    }

    static List<HistoryPoint> CreatePoints(Random random, KnownMetric metric, string? aggregation, DateTimeOffset day)
    {
        // Now and then the stamps are finer than the header says.
        var grain = random.Next(8) == 0 ? "seconds" : aggregation?.ToLowerInvariant() ?? "";
        var step = grain switch
        {
            "minutes" => TimeSpan.FromMinutes(1),
            "hours" => TimeSpan.FromHours(1),
            "days" => TimeSpan.FromDays(1),
            "weeks" => TimeSpan.FromDays(7),
            "seconds" => TimeSpan.FromSeconds(7),
            _ => new[] { TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), TimeSpan.FromDays(1),
                TimeSpan.FromSeconds(7) }[random.Next(4)],
        };
        // Days reach into today; finer buckets lie around one noon.
        var begin = step >= TimeSpan.FromDays(1) ? day : day.AddDays(random.Next(2) == 0 ? 7 : 9).AddHours(-2);
        var slots = step >= TimeSpan.FromDays(7) ? 2 : 10;
        var points = new List<HistoryPoint>();
        for (var slot = 0; slot < slots; slot++)
        {
            if (random.Next(3) == 0) continue;
            var at = begin + step * slot;
            // The first bucket of a run may bear the time of its first sample.
            if (points.Count == 0 && grain is "hours" or "days" && random.Next(6) == 0) at = at.AddSeconds(4);
            var value = metric.Lowest + random.Next(1, 8) * (metric.Highest - metric.Lowest) / 16;
            points.Add(new(at, value, Sources[random.Next(Sources.Length)]));
        }
        return points;
    }

    static List<T> Shuffled<T>(Random random, IReadOnlyList<T> items)
    {
        var array = items.ToArray();
        random.Shuffle(array);
        return [.. array];
    }
}

sealed record HistoryArray(KnownMetric Metric, KnownUnit Unit, IReadOnlyList<HistoryPoint> Points);

/// <param name="Value">Canonical.</param>
sealed record HistoryPoint(DateTimeOffset At, double Value, string? Source);
