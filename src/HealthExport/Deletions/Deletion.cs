using HealthExport.Events;
using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Deletions;

/// <summary>What a user asks to delete. Null parts mean "every".</summary>
/// <param name="Name">
/// A metric's canonical name, <see cref="ItemTypes.BloodPressure"/> for both of its metrics,
/// <see cref="ItemTypes.Sleep"/>, <see cref="ItemTypes.Workouts"/>, or a kind of event.
/// </param>
/// <param name="Source">Normalised source.</param>
/// <param name="Span">
/// In which a row starts: what began before and reaches into it stays. A row without a time lies in no span.
/// </param>
public sealed record Deletion(string? Name, string? Source, TimeSpanBounds Span)
{
    /// <summary>Whether rows of a name are meant, of whatever source and time.</summary>
    public bool CoversName(string name) =>
        Name is null || Name == name || (Name == ItemTypes.BloodPressure && ItemTypes.IsBloodPressure(name));

    /// <summary>The same of what receipts count items under, where an event's section stands for its kind.</summary>
    public bool CoversType(string itemType) =>
        CoversName(itemType) || EventKinds.Find(itemType) == Name || Name == $"unknown:{itemType}"
        || (itemType == ItemTypes.BloodPressure && ItemTypes.IsBloodPressure(Name!));

    /// <param name="at">The row's instant; of a day or coarser its local date at 00:00 less the offset.</param>
    /// <param name="date">The row's local date at its own offset.</param>
    public bool Covers(string name, string? source, Instant at, DateOnly date) =>
        CoversName(name) && (Source is null || Source == source) && Span.Holds(at, date);

    /// <param name="at"><see cref="Instant.None"/> where the row has no time.</param>
    public bool Covers(string name, string? source, Instant at, int offsetMinutes) => at.IsNone
        ? CoversName(name) && (Source is null || Source == source) && Span == default
        : Covers(name, source, at, at.DateAt(offsetMinutes));
}
