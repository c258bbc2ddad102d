using HealthExport.Audit;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Tests.Support;

/// <summary>The real store of the audit trail, with a place to go wrong before each batch.</summary>
sealed class UnsteadyAudit(IAuditStore store) : IAuditStore
{
    /// <summary>Gets the batch before it is added.</summary>
    public Action<IReadOnlyList<AuditEntry>>? BeforeAppend { get; set; }

    /// <summary>How many batches were asked for, those that went wrong included.</summary>
    public int Batches { get; private set; }

    public async ValueTask AppendAsync(IReadOnlyList<AuditEntry> entries, CancellationToken cancellationToken)
    {
        Batches++;
        BeforeAppend?.Invoke(entries);
        await store.AppendAsync(entries, cancellationToken);
    }

    public ValueTask<Page<AuditEntry>> ListAsync(
        AuditFilter filter, string? cursor, int limit, CancellationToken cancellationToken) =>
        store.ListAsync(filter, cursor, limit, cancellationToken);

    public ValueTask<int> RemoveBeforeAsync(Instant before, int limit, CancellationToken cancellationToken) =>
        store.RemoveBeforeAsync(before, limit, cancellationToken);
}
