using HealthExport.Time;

namespace HealthExport.Pushes;

/// <summary>When a push came and which of the app's automations sent it, as the app's headers say.</summary>
/// <param name="Session">The run that it was a part of; null if not sent.</param>
public sealed record Arrival(Instant ReceivedAt, string? AutomationId, string? AutomationName, string? Session)
{
    /// <summary>What tells it from others: its id, or its name where it sends none. Null for what none sent.</summary>
    public string? Automation => AutomationId ?? AutomationName;
}
