using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>Brings parallel lists into the order of their times; equal times stay as sent.</summary>
static class TimeOrder
{
    /// <returns>Where each place's value is to come from; null if they are in order already.</returns>
    public static int[]? Find(List<Instant> times)
    {
        var isOrdered = true;
        for (var i = 1; i < times.Count && isOrdered; i++) isOrdered = times[i - 1] <= times[i];
        return isOrdered ? null : [.. Enumerable.Range(0, times.Count).OrderBy(i => times[i])];
    }

    public static T[] Apply<T>(int[]? order, List<T> values) =>
        order is null ? [.. values] : Array.ConvertAll(order, i => values[i]);
}
