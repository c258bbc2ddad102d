using HealthExport.Pushes;
using HealthExport.Storage.Sqlite;
using HealthExport.Stores;
using HealthExport.Time;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Support;

/// <summary>The real store, with a place to go wrong before each of its doings.</summary>
sealed class UnsteadyStore(IIngestionStore store) : IIngestionStore
{
    public Func<ReceivedPush, Task>? BeforeKeep { get; set; }
    public Func<Task>? BeforeClaim { get; set; }
    public Func<ClaimedPush, CancellationToken, Task>? BeforeBegin { get; set; }
    public Func<Task>? BeforeRenew { get; set; }
    public Func<Task>? BeforeGiveBack { get; set; }
    public Func<Task>? BeforeFind { get; set; }

    /// <summary>Set to say of every lease that it is lost.</summary>
    public bool LosesLeases { get; set; }

    public int GivenBack { get; private set; }
    public int Renewed { get; private set; }

    /// <summary>Puts it in front of the container's store.</summary>
    public static void Wrap(IServiceCollection services) =>
        services
            .AddSingleton(provider =>
                new UnsteadyStore(ActivatorUtilities.CreateInstance<SqliteIngestionStore>(provider)))
            .AddSingleton<IIngestionStore>(provider => provider.GetRequiredService<UnsteadyStore>());

    public async ValueTask<KeptPush> KeepAsync(ReceivedPush push, CancellationToken cancellationToken)
    {
        if (BeforeKeep is { } before) await before(push);
        return await store.KeepAsync(push, cancellationToken);
    }

    public async ValueTask<ClaimedPush?> ClaimAsync(TimeSpan lease, CancellationToken cancellationToken)
    {
        if (BeforeClaim is { } before) await before();
        return await store.ClaimAsync(lease, cancellationToken);
    }

    public async ValueTask<bool> RenewAsync(ClaimedPush push, TimeSpan lease, CancellationToken cancellationToken)
    {
        if (BeforeRenew is { } before) await before();
        if (LosesLeases) return false;
        var isOurs = await store.RenewAsync(push, lease, cancellationToken);
        Renewed++;
        return isOurs;
    }

    public async ValueTask GiveBackAsync(
        ClaimedPush push, TimeSpan delay, bool countAttempt, CancellationToken cancellationToken)
    {
        if (BeforeGiveBack is { } before) await before();
        await store.GiveBackAsync(push, delay, countAttempt, cancellationToken);
        GivenBack++;
    }

    public ValueTask FailAsync(ClaimedPush push, CancellationToken cancellationToken) =>
        store.FailAsync(push, cancellationToken);

    public async ValueTask<IPushTransaction> BeginAsync(ClaimedPush push, CancellationToken cancellationToken)
    {
        if (BeforeBegin is { } before) await before(push, cancellationToken);
        return await store.BeginAsync(push, cancellationToken);
    }

    public Stream OpenPayload(long userId, long number) => store.OpenPayload(userId, number);

    public ValueTask<Ingestion?> FindAppliedAsync(ReceivedPush push, CancellationToken cancellationToken) =>
        store.FindAppliedAsync(push, cancellationToken);

    public async ValueTask<Ingestion?> FindAsync(long userId, Guid id, CancellationToken cancellationToken)
    {
        if (BeforeFind is { } before) await before();
        return await store.FindAsync(userId, id, cancellationToken);
    }

    public ValueTask<Page<Ingestion>> ListAsync(
        long userId, IngestionFilter filter, string? cursor, int limit, CancellationToken cancellationToken) =>
        store.ListAsync(userId, filter, cursor, limit, cancellationToken);

    public ValueTask<IReadOnlyList<Arrival>> ListArrivalsAsync(
        long userId, Instant since, int limit, CancellationToken cancellationToken) =>
        store.ListArrivalsAsync(userId, since, limit, cancellationToken);

    public ValueTask<IReadOnlyList<(int MetricId, Instant ReceivedAt)>> ListLastPushesAsync(
        long userId, CancellationToken cancellationToken) => store.ListLastPushesAsync(userId, cancellationToken);

    public ValueTask<Page<Reject>> ListRejectsAsync(
        long userId, Guid id, string? cursor, int limit, CancellationToken cancellationToken) =>
        store.ListRejectsAsync(userId, id, cursor, limit, cancellationToken);

    public ValueTask<Ingestion?> ReplayAsync(long userId, Guid id, CancellationToken cancellationToken) =>
        store.ReplayAsync(userId, id, cancellationToken);

    public ValueTask<IReadOnlyList<(long UserId, Guid Id)>> ListByStatusAsync(
        IngestionStatus status, int limit, CancellationToken cancellationToken) =>
        store.ListByStatusAsync(status, limit, cancellationToken);

    public ValueTask<IReadOnlyDictionary<IngestionStatus, long>> CountByStatusAsync(
        CancellationToken cancellationToken) => store.CountByStatusAsync(cancellationToken);
}
