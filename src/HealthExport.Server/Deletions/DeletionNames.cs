using HealthExport.Catalogue;
using HealthExport.Deletions;
using HealthExport.Events;
using HealthExport.Pushes;

namespace HealthExport.Server.Deletions;

/// <summary>What the <c>metric</c> of a deletion may be called.</summary>
static class DeletionNames
{
    /// <summary>
    /// A metric by its name or an alias; <c>sleep</c>, <c>workouts</c>; a kind of event, or the section that brings it.
    /// Case and underscores do not matter.
    /// </summary>
    /// <returns>As <see cref="Deletion.Name"/>; null if nothing of the user's, and nothing known, is called so.
    /// </returns>
    public static async ValueTask<string?> FindAsync(
        IDeletionStore store, long userId, string text, CancellationToken cancellationToken)
    {
        if (MetricCatalogue.Find(text) is { } known) return known.Name;
        var plain = text.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        if (plain is "sleep") return ItemTypes.Sleep;
        if (plain is "workouts" or "workout") return ItemTypes.Workouts;
        // As it is stored goes before what it may be a spelling of.
        foreach (var name in (string[])[text, MetricCatalogue.Normalise(text), $"unknown:{text}"])
            if (await store.KnowsAsync(userId, name, cancellationToken)) return name;
        return EventKinds.Find(text);
    }
}
