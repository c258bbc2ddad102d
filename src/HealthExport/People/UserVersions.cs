namespace HealthExport.People;

/// <summary>
/// What tells one state of a person's data and settings from every other: whatever changes what a read answers changes
/// one of the two numbers, and nothing else does. Neither comes again, not even after a store was put back to an
/// earlier state, since both keep up with the clock.
/// </summary>
/// <param name="PublicId">The person, as the world sees them: no other person of any store has it.</param>
/// <param name="Data">Grows with every push, replay and deletion that changed something.</param>
/// <param name="Settings">Grows with every change of what the person sets.</param>
/// <param name="TimeZone">IANA id of where the person's days begin; null if none is set.</param>
public sealed record UserVersions(Guid PublicId, long Data, long Settings, string? TimeZone);
