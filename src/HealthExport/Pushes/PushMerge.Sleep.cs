using HealthExport.Json;
using HealthExport.Sleep;

namespace HealthExport.Pushes;

sealed partial class PushMerge
{
    ValueTask ApplyStagesAsync(IReadOnlyList<SleepStage> stages) => ApplyKeyedAsync(
        stages,
        new Keyed<SleepStage>(
            Key: stage => (stage.StartAt, stage.Stage, stage.Source),
            Type: _ => ItemTypes.Sleep,
            Index: stage => stage.ItemIndex,
            IsDeleted: stage => IsDeletedLater(ItemTypes.Sleep, stage.Source, stage.StartAt, stage.OffsetMinutes),
            Find: rows => transaction.FindAsync(rows, cancellationToken),
            Merge: (stored, sent) => sent with
            {
                OffsetMinutes = stored.OffsetMinutes, ItemIndex = stored.ItemIndex,
                Extra = CanonicalJson.Same(stored.Extra, sent.Extra) ? stored.Extra : sent.Extra,
            },
            Write: (rows, changes) => transaction.WriteAsync(rows, changes, cancellationToken)));

    /// <summary>
    /// A session replaces stored ones of its source that it overlaps by more than half of the shorter: phones move the
    /// edges of a night from one push to the next.
    /// </summary>
    async ValueTask ApplyAsync(SleepSession session)
    {
        if (IsDeletedLater(ItemTypes.Sleep, session.Source, session.StartAt, session.OffsetMinutes))
        {
            Tally.Add(ItemTypes.Sleep, Outcome.Unchanged);
            return;
        }
        var overlapping = await transaction.FindOverlappingAsync(session, cancellationToken);
        var same = overlapping
            .Where(stored => stored.Row.StartAt == session.StartAt || OverlapByMoreThanHalf(stored.Row, session))
            .ToList();
        var isEqual = same.Count == 1 && SaysTheSame(same[0].Row, session);
        var mustTouch = isEqual && transaction.EarlierIsPending && same[0].Push < number;
        if (same.Any(stored => stored.Push > number) || (isEqual && !mustTouch))
        {
            Tally.Add(ItemTypes.Sleep, Outcome.Unchanged);
            return;
        }
        var isRefused = false;
        await WriteOrBisectAsync(
            0, 1,
            (_, _) => transaction.ReplaceAsync(session, [.. same.Select(stored => stored.Row)], cancellationToken),
            _ => isRefused = true);
        if (isRefused) _rejects.Add(Refused(ItemTypes.Sleep, session.ItemIndex, default));
        else Tally.Add(
            ItemTypes.Sleep, isEqual ? Outcome.Unchanged : same.Count > 0 ? Outcome.Updated : Outcome.Inserted);
    }

    static bool OverlapByMoreThanHalf(SleepSession a, SleepSession b)
    {
        var start = Math.Max(a.StartAt.Microseconds, b.StartAt.Microseconds);
        var end = Math.Min(a.EndAt.Microseconds, b.EndAt.Microseconds);
        var shorter = Math.Min((a.EndAt - a.StartAt).TotalMicroseconds, (b.EndAt - b.StartAt).TotalMicroseconds);
        return (end - start) * 2.0 > shorter;
    }

    static bool SaysTheSame(SleepSession stored, SleepSession sent) =>
        stored == sent with
        {
            OffsetMinutes = stored.OffsetMinutes, ItemIndex = stored.ItemIndex,
            Extra = CanonicalJson.Same(stored.Extra, sent.Extra) ? stored.Extra : sent.Extra,
        };
}
