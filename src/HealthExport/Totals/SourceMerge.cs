using HealthExport.Samples;

namespace HealthExport.Totals;

/// <summary>
/// Adds up samples of several sources that measured the same time, counting that time once. Pure: the same rows in any
/// order give the same sum.
/// </summary>
public static class SourceMerge
{
    /// <summary>How long a sample without an end lasts, unless the next of its source comes sooner.</summary>
    public static readonly TimeSpan LongestWithoutEnd = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The sum of the samples, in which a source counts only where none that ranks before it covers; a partly covered
    /// sample counts pro rata. Samples of one source are never held against each other. Of two sources of equal rank
    /// the one with the larger sum goes first, then the one whose text sorts first.
    /// </summary>
    /// <param name="rows">Rows of grain <see cref="Grain.Sample"/>; those without a value add nothing.</param>
    /// <returns>
    /// At most the plain sum and at least the sum of any one source: a source that missed much of what another counted
    /// in the same time does not take it away.
    /// </returns>
    public static double Sum(IReadOnlyList<SampleRow> rows, SourceRanks ranks)
    {
        var sources = BySource(rows, ranks);
        if (sources.Count == 0) return 0;
        if (sources.Count == 1) return sources[0].Sum;

        var plain = new CompensatedSum();
        var merged = new CompensatedSum();
        var best = 0.0;
        var covered = new Coverage();
        for (var i = 0; i < sources.Count; i++)
        {
            var source = sources[i];
            plain.Add(source.Sum);
            best = i == 0 ? source.Sum : Math.Max(best, source.Sum);
            var cursor = 0;
            foreach (var span in source.Spans) merged.Add(span.Value * covered.ShareOutside(span, ref cursor));
            if (i + 1 < sources.Count) covered.Add(source.Spans);
        }
        return Math.Min(plain.Value, Math.Max(best, merged.Value));
    }

    /// <summary>What a sample covers; a point in time if both ends are equal.</summary>
    readonly record struct Span(long Start, long End, double Value);

    sealed record SourceSpans(string Source, int Rank, double Sum, List<Span> Spans);

    static List<SourceSpans> BySource(IReadOnlyList<SampleRow> rows, SourceRanks ranks)
    {
        var groups = new Dictionary<string, List<Span>>(StringComparer.Ordinal);
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i].Row;
            if (double.IsNaN(row.Value)) continue;
            var source = row.Source ?? "";
            if (!groups.TryGetValue(source, out var spans)) groups.Add(source, spans = []);
            spans.Add(new(
                row.StartAt.Microseconds, row.EndAt.IsNone ? long.MaxValue : row.EndAt.Microseconds, row.Value));
        }
        var sources = new List<SourceSpans>(groups.Count);
        foreach (var (source, spans) in groups)
        {
            spans.Sort((a, b) =>
                a.Start != b.Start ? a.Start.CompareTo(b.Start)
                : a.End != b.End ? a.End.CompareTo(b.End)
                : a.Value.CompareTo(b.Value));
            CloseOpenEnds(spans);
            var sum = new CompensatedSum();
            foreach (var span in spans) sum.Add(span.Value);
            sources.Add(new(source, ranks.Of(source.Length == 0 ? null : source), sum.Value, spans));
        }
        sources.Sort((a, b) =>
            a.Rank != b.Rank ? a.Rank.CompareTo(b.Rank)
            : a.Sum != b.Sum ? b.Sum.CompareTo(a.Sum)
            : string.CompareOrdinal(a.Source, b.Source));
        return sources;
    }

    static void CloseOpenEnds(List<Span> spans)
    {
        var longest = (long)LongestWithoutEnd.TotalMicroseconds;
        var next = long.MaxValue;
        for (var i = spans.Count - 1; i >= 0; i--)
        {
            var span = spans[i];
            // Several at one start share the time until the next start.
            if (i + 1 < spans.Count && spans[i + 1].Start > span.Start) next = spans[i + 1].Start;
            if (span.End == long.MaxValue)
                spans[i] = span with { End = Math.Min(next, span.Start + longest) };
            else if (span.End < span.Start) spans[i] = span with { End = span.Start };
        }
    }

    /// <summary>The time covered so far, as disjoint stretches in order.</summary>
    sealed class Coverage
    {
        List<(long Start, long End)> _stretches = [];

        /// <param name="cursor">Where the last look ended; looks go forward in time.</param>
        public double ShareOutside(Span span, ref int cursor)
        {
            while (cursor < _stretches.Count && _stretches[cursor].End <= span.Start) cursor++;
            if (cursor == _stretches.Count) return 1;
            if (span.Start == span.End) return _stretches[cursor].Start <= span.Start ? 0 : 1;
            var outside = span.End - span.Start;
            for (var i = cursor; i < _stretches.Count && _stretches[i].Start < span.End; i++)
                outside -= Math.Min(_stretches[i].End, span.End) - Math.Max(_stretches[i].Start, span.Start);
            return (double)outside / (span.End - span.Start);
        }

        /// <param name="spans">Ascending by start.</param>
        public void Add(List<Span> spans)
        {
            var all = new List<(long Start, long End)>(_stretches.Count + spans.Count);
            int a = 0, b = 0;
            while (a < _stretches.Count || b < spans.Count)
            {
                var next = b == spans.Count || (a < _stretches.Count && _stretches[a].Start <= spans[b].Start)
                    ? _stretches[a++]
                    : (spans[b].Start, spans[b++].End);
                if (next.Item1 == next.Item2) continue;
                if (all.Count > 0 && next.Item1 <= all[^1].End)
                    all[^1] = (all[^1].Start, Math.Max(all[^1].End, next.Item2));
                else all.Add(next);
            }
            _stretches = all;
        }
    }
}
