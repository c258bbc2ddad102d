namespace HealthExport.Sleep;

/// <summary>Disjoint stretches of time in order, in microseconds. Immutable.</summary>
readonly struct SleepSpans
{
    readonly List<(long Start, long End)>? _spans;

    SleepSpans(List<(long Start, long End)> spans) => _spans = spans;

    List<(long Start, long End)> Spans => _spans ?? [];

    public bool IsEmpty => Spans.Count == 0;
    public double Minutes => Spans.Sum(span => span.End - span.Start) / (double)Time.Instant.PerMinute;
    public long Start => Spans[0].Start;
    public long End => Spans[^1].End;

    /// <summary>The union of the segments that have one of the stages; empty ones count for nothing.</summary>
    public static SleepSpans Of(IEnumerable<SleepStage> segments, params ReadOnlySpan<string> stages)
    {
        var spans = new List<(long Start, long End)>();
        foreach (var segment in segments)
            if (stages.Contains(segment.Stage) && segment.EndAt > segment.StartAt)
                spans.Add((segment.StartAt.Microseconds, segment.EndAt.Microseconds));
        spans.Sort();
        var union = new List<(long Start, long End)>(spans.Count);
        foreach (var span in spans)
        {
            if (union.Count > 0 && span.Start <= union[^1].End)
                union[^1] = (union[^1].Start, Math.Max(union[^1].End, span.End));
            else union.Add(span);
        }
        return new(union);
    }

    /// <summary>This without what the other covers.</summary>
    public SleepSpans Without(SleepSpans other)
    {
        var left = new List<(long Start, long End)>();
        var cuts = other.Spans;
        var first = 0;
        foreach (var (start, end) in Spans)
        {
            var at = start;
            while (first < cuts.Count && cuts[first].End <= start) first++;
            for (var i = first; i < cuts.Count && cuts[i].Start < end; i++)
            {
                if (cuts[i].Start > at) left.Add((at, cuts[i].Start));
                at = Math.Max(at, cuts[i].End);
            }
            if (at < end) left.Add((at, end));
        }
        return new(left);
    }

    /// <summary>The part of this within [start, end).</summary>
    public SleepSpans Within(long start, long end) => new(
        [.. Spans.Where(span => span.Start < end && span.End > start)
            .Select(span => (Math.Max(span.Start, start), Math.Min(span.End, end)))]);
}
