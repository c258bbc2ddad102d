using HealthExport.Audit;
using HealthExport.Time;

namespace HealthExport.People;

/// <summary>A person who owns data.</summary>
/// <param name="Id">Inside the store only.</param>
/// <param name="PublicId">What the world sees.</param>
/// <param name="TimeZone">IANA id for stamps without an offset; null if none is set.</param>
public sealed record User(
    long Id, Guid PublicId, string Email, string? DisplayName, string? TimeZone, Instant CreatedAt);

/// <summary>
/// People. Every method may throw <see cref="Pushes.StoreUnavailableException"/>. Those that change somebody take what the
/// audit trail shall say of it, and write that in the same transaction, with the person's public id as resource; where
/// nothing is changed nothing is written.
/// </summary>
public interface IUserStore
{
    /// <summary>Adds a person, whose trail begins with <paramref name="entry"/>.</summary>
    /// <param name="email">Unique, ignoring case.</param>
    /// <returns>Null when the e-mail is taken; nothing was changed.</returns>
    ValueTask<User?> AddAsync(
        string email, string? displayName, string? timeZone, AuditEntry entry, CancellationToken cancellationToken);

    ValueTask<User?> FindByEmailAsync(string email, CancellationToken cancellationToken);

    ValueTask<User?> FindAsync(long id, CancellationToken cancellationToken);

    /// <summary>Everybody, in the order they were added.</summary>
    ValueTask<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Removes every row of a person: data, payloads, sources, keys, audit trail and the person. What is left is
    /// <paramref name="entry"/>, as nobody's.
    /// </summary>
    /// <returns>False if there is none such.</returns>
    ValueTask<bool> EraseAsync(long id, AuditEntry entry, CancellationToken cancellationToken);
}
