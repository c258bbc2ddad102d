using HealthExport.Audit;
using HealthExport.Deletions;
using HealthExport.Time;

namespace HealthExport.Tests.Support;

/// <summary>Deletions as tests ask for them.</summary>
static class Deleting
{
    public static Deletion Of(string? name, string? source = null, Instant? from = null, Instant? to = null) =>
        new(name, source, new(from, null, to, null));

    public static AuditEntry Entry(long userId) =>
        AuditEntry.Create(AuditAction.DataDeleted, AuditOrigin.Nobody, TimeProvider.System.GetUtcNow(), userId);

    /// <summary>Deletes to the end, or only counts.</summary>
    /// <returns>How many rows.</returns>
    public static async Task<long> DeleteAsync(
        this IDeletionStore store, long userId, Deletion deletion, bool dryRun = false)
    {
        if (dryRun) return (await store.CountAsync(userId, deletion, default)).Values.Sum();
        var began = await store.BeginAsync(userId, deletion, withPayloads: false, Entry(userId), default);
        Assert.Equal(DeletionStage.Rows, began.Stage);
        var done = await store.DeleteRowsAsync(userId, began.Number, default);
        Assert.NotNull(done);
        Assert.Equal(DeletionStage.Done, done.Stage);
        return done.Counts.Values.Sum();
    }
}
