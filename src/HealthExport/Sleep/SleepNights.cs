using HealthExport.Totals;

namespace HealthExport.Sleep;

/// <summary>
/// Makes nights and naps of what phones send of sleep. Pure: the same rows in any order make the same nights.
/// </summary>
/// <remarks>
/// Per source, segments that are at most two hours apart are one time of sleep, and of what overlaps every minute counts
/// once. Where several sources tell of the same time one is believed; sessions only where no segments tell of sleep.
/// Time in bed is never added to time asleep. The longest sleep that ends on a date is its night, the others are naps.
/// </remarks>
public static class SleepNights
{
    static readonly TimeSpan s_longestNap = TimeSpan.FromHours(3);

    /// <returns>By date, then by end.</returns>
    public static IReadOnlyList<SleepNight> Of(
        IReadOnlyList<SleepStage> stages, IReadOnlyList<SleepSession> sessions, SourceRanks ranks)
    {
        var nights = new List<SleepNight>();
        foreach (var group in Overlapping([.. SleepBlock.Of(stages), .. SleepBlock.Of(sessions)]))
        {
            group.Sort((a, b) => SleepBlock.Compare(a, b, ranks));
            var best = group[0];
            var othersInBed = SleepSpans.Of(
                stages.Where(stage => stage.Source != best.Source), "in_bed");
            foreach (var block in group)
                if (block.Source == best.Source && block.Detail >= 3 == best.Detail >= 3
                    && (block.Detail > 0 || best.Detail == 0))
                    nights.Add(block.ToNight(othersInBed));
        }
        return [.. nights.GroupBy(night => night.Date).OrderBy(date => date.Key).SelectMany(ByLength)];
    }

    /// <summary>Blocks that tell of the same time, by way of others if need be.</summary>
    static IEnumerable<List<SleepBlock>> Overlapping(List<SleepBlock> blocks)
    {
        blocks.Sort((a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.End.CompareTo(b.End));
        List<SleepBlock> group = [];
        var end = long.MinValue;
        foreach (var block in blocks)
        {
            if (group.Count > 0 && block.Start >= end)
            {
                yield return group;
                group = [];
            }
            group.Add(block);
            end = Math.Max(end, block.End);
        }
        if (group.Count > 0) yield return group;
    }

    /// <summary>The times of sleep of one date, told apart.</summary>
    static IEnumerable<SleepNight> ByLength(IEnumerable<SleepNight> ofDate)
    {
        var nights = ofDate.ToList();
        // Having lain in bed says nothing beside sleep.
        if (nights.Exists(night => night.AsleepMinutes is not null)) nights.RemoveAll(night => night.AsleepMinutes is null);
        var main = nights.MaxBy(LengthOf)!;
        return nights.OrderBy(night => night.EndAt).ThenBy(night => night.StartAt)
            .Select(night => night with { IsNap = night != main || IsShortAndAfterNoon(night) });
    }

    static double LengthOf(SleepNight night) => night.AsleepMinutes ?? (night.EndAt - night.StartAt).TotalMinutes;

    static bool IsShortAndAfterNoon(SleepNight night) =>
        LengthOf(night) < s_longestNap.TotalMinutes && night.EndAt.At(night.EndOffset).Hour >= 12;
}
