using HealthExport.Time;
using HealthExport.Totals;

namespace HealthExport.Sleep;

/// <summary>What one source says of one time of sleep, apart from its next by more than <see cref="LongestBreak"/>.
/// </summary>
sealed class SleepBlock
{
    /// <summary>Awake for longer is another time of sleep.</summary>
    public static readonly TimeSpan LongestBreak = TimeSpan.FromHours(2);

    readonly SleepSession? _session;
    readonly IReadOnlyList<SleepStage> _segments = [];

    SleepBlock(string? source, IReadOnlyList<SleepStage> segments)
    {
        (Source, _segments) = (source, segments);
        Start = segments.Min(segment => segment.StartAt.Microseconds);
        End = segments.Max(segment => segment.EndAt.Microseconds);
        InBed = SleepSpans.Of(segments, "in_bed");
        Detail = segments.Any(segment => segment.Stage is "core" or "deep" or "rem") ? 4
            : segments.Any(segment => segment.Stage is "asleep" or "unspecified") ? 3
            : 0;
    }

    SleepBlock(SleepSession session)
    {
        (Source, _session) = (session.Source, session);
        Start = Math.Min(session.StartAt.Microseconds, Known(session.InBedStartAt, session.StartAt));
        End = Math.Max(session.EndAt.Microseconds, Known(session.InBedEndAt, session.EndAt));
        Detail = session.CoreMinutes > 0 || session.DeepMinutes > 0 || session.RemMinutes > 0 ? 2 : 1;

        static long Known(Instant at, Instant otherwise) => (at.IsNone ? otherwise : at).Microseconds;
    }

    public string? Source { get; }

    /// <summary>With the time in bed.</summary>
    public long Start { get; }

    public long End { get; }

    /// <summary>What segments say of it.</summary>
    public SleepSpans InBed { get; }

    /// <summary>How much it tells: 4 segments with stages, 3 segments, 2 a session with stages, 1 a session, 0 only that
    /// somebody lay in bed.</summary>
    public int Detail { get; }

    public static IEnumerable<SleepBlock> Of(IEnumerable<SleepStage> stages)
    {
        foreach (var own in stages.Where(stage => stage.EndAt > stage.StartAt).GroupBy(stage => stage.Source))
        {
            List<SleepStage> segments = [];
            var end = long.MinValue;
            foreach (var segment in own.OrderBy(segment => segment.StartAt))
            {
                if (segments.Count > 0
                    && segment.StartAt.Microseconds - end > (long)LongestBreak.TotalMicroseconds)
                {
                    yield return new(own.Key, segments);
                    segments = [];
                }
                segments.Add(segment);
                end = Math.Max(end, segment.EndAt.Microseconds);
            }
            if (segments.Count > 0) yield return new(own.Key, segments);
        }
    }

    public static IEnumerable<SleepBlock> Of(IEnumerable<SleepSession> sessions) =>
        sessions.Where(session => session.EndAt > session.StartAt).Select(session => new SleepBlock(session));

    /// <param name="othersInBed">What other sources say of the time in bed, for when this one says nothing.</param>
    public SleepNight ToNight(SleepSpans othersInBed) =>
        _session is { } session ? ToNight(session) : ToNightOfSegments(othersInBed);

    SleepNight ToNightOfSegments(SleepSpans othersInBed)
    {
        var deep = SleepSpans.Of(_segments, "deep");
        var deepOrRem = SleepSpans.Of(_segments, "deep", "rem");
        var staged = SleepSpans.Of(_segments, "deep", "rem", "core");
        var asleep = SleepSpans.Of(_segments, "deep", "rem", "core", "asleep", "unspecified");
        var inBed = InBed.IsEmpty ? othersInBed.Within(Start, End) : InBed;
        var isAsleep = !asleep.IsEmpty;
        var (start, end) = isAsleep ? (asleep.Start, asleep.End) : (Start, End);
        var awake = SleepSpans.Of(_segments, "awake").Without(asleep).Within(start, end);
        var hasStages = Detail == 4;
        return new()
        {
            Date = new Instant(end).DateAt(OffsetAt(end)),
            StartAt = new(start), StartOffset = OffsetAt(start),
            EndAt = new(end), EndOffset = OffsetAt(end),
            InBedMinutes = inBed.IsEmpty ? null : inBed.Minutes,
            AsleepMinutes = isAsleep ? asleep.Minutes : null,
            CoreMinutes = hasStages ? staged.Without(deepOrRem).Minutes : null,
            DeepMinutes = hasStages ? deep.Minutes : null,
            RemMinutes = hasStages ? deepOrRem.Without(deep).Minutes : null,
            AwakeMinutes = _segments.Any(segment => segment.Stage == "awake") ? awake.Minutes : null,
            Efficiency = isAsleep ? EfficiencyOf(asleep.Minutes, inBed.Minutes, start, end) : null,
            Source = Source,
            Basis = SleepBasis.Segments,
            Stages = [.. _segments.OrderBy(segment => segment.StartAt).ThenBy(segment => segment.EndAt)],
        };
    }

    SleepNight ToNight(SleepSession session)
    {
        var span = (End - Start) / (double)Instant.PerMinute;
        // Old versions of the app add up what several devices saw of one night.
        var inBed = session.InBedMinutes is > 0 and var sent ? Math.Min(sent, span) : (double?)null;
        return new()
        {
            Date = session.EndAt.DateAt(session.OffsetMinutes),
            StartAt = session.StartAt, StartOffset = session.OffsetMinutes,
            EndAt = session.EndAt, EndOffset = session.OffsetMinutes,
            InBedMinutes = inBed,
            AsleepMinutes = session.AsleepMinutes,
            CoreMinutes = session.CoreMinutes,
            DeepMinutes = session.DeepMinutes,
            RemMinutes = session.RemMinutes,
            AwakeMinutes = session.AwakeMinutes,
            Efficiency = session.AsleepMinutes is { } asleep
                ? EfficiencyOf(asleep, inBed ?? 0, session.StartAt.Microseconds, session.EndAt.Microseconds)
                : null,
            Source = session.Source,
            Basis = SleepBasis.Session,
        };
    }

    /// <summary>Which of two that tell of the same time is believed: the more detailed, then the better source, then
    /// the longer, then by name. Negative for <paramref name="a"/>.</summary>
    public static int Compare(SleepBlock a, SleepBlock b, SourceRanks ranks)
    {
        if (a.Detail != b.Detail) return b.Detail.CompareTo(a.Detail);
        var byRank = ranks.Of(a.Source).CompareTo(ranks.Of(b.Source));
        if (byRank != 0) return byRank;
        var byLength = (b.End - b.Start).CompareTo(a.End - a.Start);
        return byLength != 0 ? byLength : string.CompareOrdinal(a.Source, b.Source);
    }

    int OffsetAt(long at)
    {
        var offset = (int)_segments[0].OffsetMinutes;
        foreach (var segment in _segments.OrderBy(segment => segment.StartAt))
        {
            if (segment.StartAt.Microseconds > at) break;
            offset = segment.OffsetMinutes;
        }
        return offset;
    }

    static double EfficiencyOf(double asleep, double inBed, long start, long end)
    {
        var whole = inBed >= asleep ? inBed : (end - start) / (double)Instant.PerMinute;
        return whole > 0 ? Math.Min(1, asleep / whole) : 0;
    }
}
