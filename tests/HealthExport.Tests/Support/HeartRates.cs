using System.Globalization;
using System.Text;

namespace HealthExport.Tests.Support;

/// <summary>Large pushes of one metric, a point a second.</summary>
static class HeartRates
{
    public static readonly DateTimeOffset Start = new(2023, 4, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="heldAt">The point, if any, that <see cref="PostgresFaults.HoldUpSamplesAsync"/> waits for.</param>
    /// <param name="stride">Between the points.</param>
    public static byte[] Write(int count, int heldAt = -1, DateTimeOffset? start = null, TimeSpan? stride = null)
    {
        var text = new StringBuilder("""{"data":{"metrics":[{"name":"heart_rate","units":"count/min","data":[""");
        for (var i = 0; i < count; i++)
        {
            if (i > 0) text.Append(',');
            var at = (start ?? Start) + (stride ?? TimeSpan.FromSeconds(1)) * i;
            var value = i == heldAt ? PostgresFaults.HeldValue : 50 + i % 90;
            text.Append(CultureInfo.InvariantCulture, $$"""{"date":"{{PhoneDates.Usual(at)}}","qty":{{value}}}""");
        }
        return Encoding.UTF8.GetBytes(text.Append("]}]}}").ToString());
    }
}
