using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Pushes;

/// <summary>
/// Decides, item by item, what a push changes, and has the store write just that. One per attempt at a push; not for
/// concurrent use. Samples are here in part, other kinds in the files beside.
/// </summary>
/// <param name="zone">By which times without an offset were read; null if the user had set none.</param>
sealed partial class PushMerge(
    IPushTransaction transaction, long number, TimeZoneInfo? zone, CancellationToken cancellationToken)
{
    public Tally Tally { get; } = new();

    public bool ChangedAnything { get; private set; }

    // Of the batch at hand: written together, for each may be the only one of its array.
    readonly List<Reject> _rejects = [];

    public async ValueTask ApplyAsync(ReadBatch batch)
    {
        foreach (var run in batch.Runs) await ApplyAsync(run);
        CountComposites();
        await ApplyStagesAsync(batch.SleepStages);
        foreach (var session in batch.SleepSessions) await ApplyAsync(session);
        await ApplyWorkoutsAsync(batch.Workouts);
        foreach (var part in batch.WorkoutParts) await ApplyAsync(part);
        await ApplyEventsAsync(batch.Events);
        foreach (var array in batch.EndedArrays) NoteBuckets(array);
        _rejects.AddRange(batch.Rejects);
        await transaction.AddRejectsAsync(_rejects, cancellationToken);
        Tally.Add(_rejects);
        _rejects.Clear();
        Tally.Add(batch.Warnings);
    }

    bool IsDeletedLater(string name, string? source, Instant startAt, int offsetMinutes)
    {
        foreach (var deletion in transaction.LaterDeletions)
            if (deletion.Covers(name, source, startAt, offsetMinutes)) return true;
        return false;
    }

    bool IsDeletedLater(string metricName, in SampleRow row)
    {
        foreach (var deletion in transaction.LaterDeletions)
            if (deletion.Covers(metricName, row.Row.Source, row.StartInstant, row.LocalDate)) return true;
        return false;
    }

    /// <summary>
    /// Writes rows; when the store refuses one for what it holds, halves the write until that one is alone and rejects
    /// it.
    /// </summary>
    /// <param name="write">Writes the rows from a start, a count of them.</param>
    /// <param name="refuse">Told the index of each refused row.</param>
    async ValueTask WriteOrBisectAsync(int start, int count, Func<int, int, ValueTask> write, Action<int> refuse)
    {
        if (count == 0) return;
        await transaction.SetSavepointAsync(cancellationToken);
        try
        {
            await write(start, count);
            ChangedAnything = true;
            return;
        }
        catch (StoreRefusedException)
        {
            await transaction.RollBackToSavepointAsync(cancellationToken);
        }
        if (count == 1)
        {
            refuse(start);
            return;
        }
        await WriteOrBisectAsync(start, count / 2, write, refuse);
        await WriteOrBisectAsync(start + count / 2, count - count / 2, write, refuse);
    }

    static Reject Refused(string itemType, int itemIndex, ReadOnlyMemory<byte> item) => new(
        itemType, itemIndex, RejectCodes.StoreRefused, "The database refused this item for what it holds.",
        "The payload is kept: replay it once the cause is mended.", null, null, item);
}
