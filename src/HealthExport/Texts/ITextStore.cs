using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Texts;

/// <summary>
/// The texts of a user's rows that have no canonical code, and what gives them one. A text as sent stays beside its
/// code. Every method but one is scoped to one user; another user's rows are neither seen nor changed.
/// </summary>
public interface ITextStore
{
    /// <summary>Texts without a code, by kind, then by text as bytes; of the rows as they are stored now.</summary>
    /// <param name="after">Only those after this one; null for all.</param>
    /// <param name="limit">At least 1.</param>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    ValueTask<IReadOnlyList<UnmappedText>> ListAsync(
        long userId, TextPlace? after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Gives every row of this text without a code a code, in steps of about a twentieth of a second, each a
    /// transaction of its own, beside whoever pushes. Where the text is a part of the key and there is a row under the
    /// code already, the one that the later push wrote stays and the other is kept among the removed. May be broken off
    /// and repeated. Raises the user's data version with every step that changed a row.
    /// </summary>
    /// <param name="text">Shorter than <see cref="TextKind.MostShown"/>.</param>
    /// <returns>How many rows; 0 for a person who is gone, or being erased.</returns>
    /// <exception cref="StoreUnavailableException">The store is away; steps already taken stay.</exception>
    ValueTask<long> MapAsync(
        long userId, TextKind kind, string text, string code, CancellationToken cancellationToken);

    /// <summary>Events of a kind without a value in words, by identity: before version 12 of the schema none had one.
    /// </summary>
    /// <param name="afterIdentity">Only those after it; empty for all.</param>
    /// <param name="limit">At least 1.</param>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    ValueTask<IReadOnlyList<EventWithoutValue>> ListWithoutValueAsync(
        long userId, string eventKind, string afterIdentity, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Gives events their values, those that have not changed since they were listed, in one transaction. Raises the
    /// user's data version if there were any.
    /// </summary>
    /// <returns>How many.</returns>
    /// <exception cref="StoreUnavailableException">The store is away; none has changed.</exception>
    ValueTask<int> SetValuesAsync(
        long userId, IReadOnlyList<(EventWithoutValue Event, EventValue Value)> values,
        CancellationToken cancellationToken);

    /// <summary>The first user after one whose rows were last mapped by another table, or never; null if there is none.
    /// </summary>
    /// <param name="table">As <see cref="Catalogue.TextCodes.Table"/>.</param>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    ValueTask<long?> FindUserToMapAsync(long afterUserId, long table, CancellationToken cancellationToken);

    /// <summary>Remembers that every row of the user has been mapped by a table.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    ValueTask MarkMappedAsync(long userId, long table, CancellationToken cancellationToken);
}

/// <summary>A text without a code.</summary>
/// <param name="Text">As sent, <see cref="TextKind.MostShown"/> characters at most: what they are the first of counts
/// as one.</param>
/// <param name="Count">Rows.</param>
/// <param name="FirstAt">The earliest start; <see cref="Instant.None"/> if no row has one.</param>
public sealed record UnmappedText(TextKind Kind, string Text, long Count, Instant FirstAt, Instant LastAt);

/// <summary>Where a text stands in the list.</summary>
/// <param name="Kind">A name of <see cref="TextKind.All"/>.</param>
public readonly record struct TextPlace(string Kind, string Text)
{
    public static TextPlace Of(UnmappedText text) => new(text.Kind.Name, text.Text);
}

/// <summary>An event that may say more than its columns.</summary>
/// <param name="Push">That wrote it.</param>
public sealed record EventWithoutValue(string Kind, string Identity, ReadOnlyMemory<byte> Payload, long Push);
