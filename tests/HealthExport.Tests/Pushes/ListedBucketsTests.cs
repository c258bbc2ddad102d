using HealthExport.Catalogue;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Tests.Pushes;

public sealed class ListedBucketsTests
{
    static MetricArray Array(params IEnumerable<int> minutes)
    {
        var array = new MetricArray
        {
            Metric = MetricCatalogue.Find("step_count")!,
            Grain = Grain.Minute,
            ItemType = "step_count",
            ListsEveryBucket = true,
        };
        array.Starts.AddRange(minutes.Select(minute => new Instant(minute * Instant.PerMinute)));
        return array;
    }

    /// <summary>Each span as first, last and listed buckets, in minutes.</summary>
    static string[] SpansOf(params IEnumerable<MetricArray> arrays)
    {
        var listed = new ListedBuckets("step_count");
        foreach (var array in arrays) listed.Add(array);
        return
        [
            .. listed.Spans().Select(span =>
                $"{Minute(span.First)}-{Minute(span.Last)}: "
                + string.Join(' ', span.Starts.ToArray().Select(Minute))),
        ];

        static long Minute(Instant at) => at.Microseconds / Instant.PerMinute;
    }

    [Fact]
    public void Arrays_apart_are_spans_of_their_own() =>
        Assert.Equal(["1-3: 1 2 3", "7-9: 7 9"], SpansOf(Array(7, 9), Array(3, 1, 2)));

    [Fact]
    public void Arrays_that_meet_or_overlap_are_one_span() =>
        Assert.Equal(["1-9: 1 3 3 4 6 9"], SpansOf(Array(1, 3), Array(3, 6), Array(4, 9)));

    [Fact]
    public void An_array_of_one_bucket_concludes_nothing_but_lists_it() =>
        Assert.Equal(["1-5: 1 3 5"], SpansOf(Array(3), Array(1, 5), Array(7)));

    [Fact]
    public void An_array_with_an_item_of_no_known_time_concludes_nothing_but_lists_the_others()
    {
        var cut = Array(2, 8);
        cut.HasUnplacedItems = true;
        Assert.Equal(["1-5: 1 2 5"], SpansOf(cut, Array(1, 5)));
    }

    [Fact]
    public void However_many_arrays_lie_over_the_same_time_no_bucket_is_looked_at_twice()
    {
        var listed = new ListedBuckets("step_count");
        for (var i = 0; i < 5_000; i++) listed.Add(Array(i, 10_000 - i));
        Assert.Equal(10_000, Assert.Single(listed.Spans()).Starts.Length);
    }
}
