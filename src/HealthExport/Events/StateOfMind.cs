using System.Text.Json;

namespace HealthExport.Events;

/// <summary>
/// Which states of mind are one. JSON of the app gives each an id, CSV gives none: that one's identity is made of its
/// kind and start.
/// </summary>
static class StateOfMind
{
    public const string Kind = "state_of_mind";

    /// <summary>Whether the identity is an id of the app; else it was made.</summary>
    public static bool HasId(HealthEvent state) => Guid.TryParse(state.Identity, out _);

    /// <summary>
    /// The one of those that start at the same time that <paramref name="sent"/> is, with an id where this has none or
    /// the other way round; of several, one of the same valence.
    /// </summary>
    public static HealthEvent? FindTwin(HealthEvent sent, IEnumerable<HealthEvent> simultaneous) => simultaneous
        .Where(other => HasId(other) != HasId(sent) && KindOf(other) == KindOf(sent))
        .OrderByDescending(other => other.Value.Equals(sent.Value)).ThenBy(other => other.Identity, StringComparer.Ordinal)
        .FirstOrDefault();

    /// <summary>A momentary emotion or a daily mood, as the payload says.</summary>
    static string? KindOf(HealthEvent state)
    {
        using var payload = JsonDocument.Parse(state.Payload);
        return payload.RootElement.ValueKind == JsonValueKind.Object
            && payload.RootElement.TryGetProperty("kind", out var kind) && kind.ValueKind == JsonValueKind.String
                ? kind.GetString()!.ToLowerInvariant().Replace(' ', '_') : null;
    }
}
