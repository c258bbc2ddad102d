using HealthExport.People;

namespace HealthExport.Server.People;

/// <summary>A person, as they see themselves.</summary>
/// <param name="DisplayName">Null if none is set.</param>
/// <param name="TimeZone">IANA id for stamps without an offset; null if none is set: such items are rejected.</param>
/// <param name="SourceRanks">Sources, the one believed first first; the rest by guess, after them.</param>
sealed record PersonAnswer(
    Guid Id, string Email, string? DisplayName, string? TimeZone, IReadOnlyList<string> SourceRanks,
    DateTimeOffset CreatedAt)
{
    public static PersonAnswer Of(UserProfile profile) => new(
        profile.User.PublicId, profile.User.Email, profile.User.DisplayName, profile.User.TimeZone,
        profile.SourceRanks, profile.User.CreatedAt.At(0));
}
