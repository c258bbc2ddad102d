using HealthExport.Workouts;

namespace HealthExport.Pushes;

sealed partial class PushMerge
{
    async ValueTask ApplyWorkoutsAsync(IReadOnlyList<Workout> workouts)
    {
        foreach (var sent in workouts)
        {
            Tally.Parts.RoutePoints += sent.Route?.Count ?? 0;
            foreach (var series in sent.Series) Tally.Parts.WorkoutSeriesPoints += series.Times.Length;
        }
        // Within one look-up no two may be the same workout, under an id or without: the second must see the first.
        for (var start = 0; start < workouts.Count;)
        {
            var ids = new HashSet<Guid>();
            var spans = new HashSet<(long, long)>();
            var end = start;
            while (end < workouts.Count && spans.Add(SpanOf(workouts[end]))
                && (workouts[end].Id is not { } id || ids.Add(id))) end++;
            await ApplyApartAsync([.. workouts.Skip(start).Take(end - start)]);
            start = end;
        }
    }

    static (long, long) SpanOf(Workout workout) => (
        workout.StartAt.FloorTo(Time.Instant.PerMinute).Microseconds,
        workout.EndAt.FloorTo(Time.Instant.PerMinute).Microseconds);

    async ValueTask ApplyApartAsync(Workout[] sent)
    {
        var found = await transaction.FindAsync([.. sent.Select(WithId)], cancellationToken);
        await FindByClockAsync(sent, found);
        var rows = sent.ToArray();
        var changes = new RowChange[rows.Length];
        var replaced = new Guid?[rows.Length];
        var outcomes = new Outcome[rows.Length];
        for (var i = 0; i < rows.Length; i++)
            outcomes[i] = Decide(sent[i], found[i], ref rows[i], ref replaced[i], ref changes[i]);

        var refused = new HashSet<int>();
        if (changes.Any(change => change is not RowChange.None))
            await WriteOrBisectAsync(
                0, rows.Length,
                (start, count) => transaction.WriteAsync(
                    new ArraySegment<Workout>(rows, start, count), new ArraySegment<Guid?>(replaced, start, count),
                    changes.AsMemory(start, count), cancellationToken),
                index => refused.Add(index));
        for (var i = 0; i < rows.Length; i++)
        {
            if (refused.Contains(i)) _rejects.Add(Refused(ItemTypes.Workouts, sent[i].ItemIndex, default));
            else Tally.Add(ItemTypes.Workouts, outcomes[i]);
        }
    }

    // Of those whose times say little the id is asked for that they were stored with, however many have these times.
    static Workout WithId(Workout sent) => sent is { Id: null, StampPrecision: >= WorkoutMerge.CoarsePrecision }
        ? sent with { Id = WorkoutMerge.MakeId(sent), IdIsMade = true } : sent;

    Outcome Decide(Workout sent, Stored<Workout>? stored, ref Workout row, ref Guid? replacedId, ref RowChange change)
    {
        if (IsDeletedLater(ItemTypes.Workouts, sent.Source, sent.StartAt, sent.OffsetMinutes) || stored?.Push > number)
            return Outcome.Unchanged;
        if (stored is null)
        {
            row = sent.Id is null ? sent with { Id = WorkoutMerge.MakeId(sent), IdIsMade = true } : sent;
            change = RowChange.Insert;
            return Outcome.Inserted;
        }
        row = WorkoutMerge.Merge(stored.Row, sent);
        if (ReferenceEquals(row, stored.Row))
        {
            if (transaction.EarlierIsPending && stored.Push < number) change = RowChange.Touch;
            return Outcome.Unchanged;
        }
        if (row.Id != stored.Row.Id) replacedId = stored.Row.Id;
        change = RowChange.Update;
        return Outcome.Updated;
    }

    /// <summary>Adds a part to the workout that it was recorded along.</summary>
    async ValueTask ApplyAsync(WorkoutPart part)
    {
        if (part.Series is null) Tally.Parts.RoutePoints += part.Points;
        else Tally.Parts.WorkoutSeriesPoints += part.Points;
        var own = part.FindOwn(await transaction.FindAroundAsync(
            part.Starts.First, part.Starts.Last, cancellationToken));
        var stored = own is null ? null : (await transaction.FindAsync([own], cancellationToken))[0];
        if (stored is null)
        {
            _rejects.Add(NoWorkout(part));
            return;
        }
        if (part.FindNews(stored.Row) is not { } row)
        {
            Tally.Add(ItemTypes.Workouts, Outcome.Unchanged);
            return;
        }
        var isRefused = false;
        await WriteOrBisectAsync(
            0, 1,
            (_, _) => transaction.WriteAsync([row], [null], new[] { RowChange.Amend }, cancellationToken),
            _ => isRefused = true);
        if (isRefused) _rejects.Add(Refused(ItemTypes.Workouts, part.ItemIndex, default));
        else Tally.Add(ItemTypes.Workouts, Outcome.Updated);
    }

    static Reject NoWorkout(WorkoutPart part) => new(
        ItemTypes.Workouts, part.ItemIndex, RejectCodes.NoWorkout,
        $"No workout is stored during which this {(part.Series is null ? "route" : "series")} was recorded: "
            + $"{part.StartAt.At(0):yyyy-MM-dd HH:mm:ss} to {part.EndAt.At(0):yyyy-MM-dd HH:mm:ss} UTC"
            + (part.Activity is null ? "" : $", {part.Activity}"),
        "Send the workout, then replay this ingestion.", null, null, default);
}
