namespace HealthExport.Totals;

/// <summary>Which of its figures is the value of a bucket.</summary>
public enum Aggregation : byte
{
    /// <summary>The total. Of a discrete metric: the plain sum of the rows that count.</summary>
    Sum,

    /// <summary>
    /// Discrete: the mean over time where the rows say how long each lasted, else over rows. Cumulative: the mean of
    /// the rows in hours and days, the mean of the days with data in longer buckets.
    /// </summary>
    Avg,
    Min,
    Max,

    /// <summary>How many rows fed the bucket.</summary>
    Count,

    /// <summary>The value of the row with the latest start.</summary>
    Latest,
}
