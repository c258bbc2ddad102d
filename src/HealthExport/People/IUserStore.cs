using HealthExport.Audit;

namespace HealthExport.People;

/// <summary>
/// People. Every method may throw <see cref="Pushes.StoreUnavailableException"/>. Those that change somebody take what
/// the audit trail shall say of it, and write that in the same transaction, with the person's public id as resource;
/// where nothing is changed nothing is written.
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

    /// <summary>Everybody, in the order they were added; those being erased too.</summary>
    ValueTask<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken);

    /// <returns>Null if there is none such, or one being erased.</returns>
    ValueTask<UserProfile?> FindProfileAsync(long id, CancellationToken cancellationToken);

    /// <summary>Cheap enough for every request.</summary>
    /// <returns>Null if there is none such, or one being erased.</returns>
    ValueTask<UserVersions?> FindVersionsAsync(long id, CancellationToken cancellationToken);

    /// <summary>As <see cref="UserProfile.SourceRanks"/>; none if there is no such person.</summary>
    ValueTask<IReadOnlyList<string>> ListSourceRanksAsync(long id, CancellationToken cancellationToken);

    /// <summary>
    /// Changes what is given and nothing else, whole or not at all, so that of two changes at once both take effect, or
    /// of one field the later. What makes a difference raises <see cref="UserProfile.SettingsVersion"/>.
    /// </summary>
    ValueTask<UserUpdate> UpdateAsync(
        long id, UserChange change, AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>
    /// Ends everything a person can do, in one short transaction: keys and queue are gone, no push is taken or applied
    /// any more, and <see cref="User.ErasingSince"/> says so. There is no way back; <see cref="EraseAsync"/> goes on. A
    /// repeat changes nothing.
    /// </summary>
    /// <returns>False if there is none such.</returns>
    ValueTask<bool> BeginErasingAsync(long id, CancellationToken cancellationToken);

    /// <summary>Those being erased, longest first.</summary>
    ValueTask<IReadOnlyList<User>> ListBeingErasedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Removes every row of a person: data, payloads, sources, keys, audit trail and the person, and from an embedded
    /// database's files every byte. What is left is <paramref name="entry"/>, as nobody's, once. Works in short
    /// transactions, so that others are not held up, and begins with <see cref="BeginErasingAsync"/>: stopped in
    /// between, by a crash or by <paramref name="cancellationToken"/>, the person stays one being erased, and the next
    /// call goes on. Any number may be at it at once.
    /// </summary>
    /// <param name="entry">Must say nothing of the person.</param>
    /// <returns>False if there is none such, or no longer.</returns>
    /// <exception cref="Pushes.StoreUnavailableException">The store is away, or cannot let go of the bytes yet. The
    /// person stays one being erased.</exception>
    ValueTask<bool> EraseAsync(long id, AuditEntry entry, CancellationToken cancellationToken);
}
