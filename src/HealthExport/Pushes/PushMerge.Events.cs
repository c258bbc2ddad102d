using HealthExport.Events;
using HealthExport.Json;

namespace HealthExport.Pushes;

sealed partial class PushMerge
{
    async ValueTask ApplyEventsAsync(IReadOnlyList<HealthEvent> events)
    {
        foreach (var sent in events) Tally.Parts.EcgVoltages += sent.Voltages?.Microvolts.Length ?? 0;
        await ApplyKeyedAsync(
            await MatchStatesOfMindAsync(events),
            new Keyed<HealthEvent>(
                Key: sent => (sent.Kind, sent.Identity),
                Type: sent => sent.ItemType,
                Index: sent => sent.ItemIndex,
                IsDeleted: sent => IsDeletedLater(sent.Kind, sent.Source, sent.StartAt, sent.OffsetMinutes),
                Find: rows => transaction.FindAsync(rows, cancellationToken),
                Merge: Merge,
                Write: (rows, changes) => transaction.WriteAsync(rows, changes, cancellationToken)));
    }

    /// <summary>
    /// Brings together states of mind that came with an id and without: one without, where one with is stored, says
    /// nothing new; one with takes over the row of one without.
    /// </summary>
    /// <returns>The events that are still to be applied.</returns>
    async ValueTask<IReadOnlyList<HealthEvent>> MatchStatesOfMindAsync(IReadOnlyList<HealthEvent> events)
    {
        var states = events.Where(sent => sent.Kind == StateOfMind.Kind).ToList();
        if (states.Count == 0) return events;
        var stored = await transaction.FindSimultaneousAsync(states, cancellationToken);
        var known = new HashSet<HealthEvent>(ReferenceEqualityComparer.Instance);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < states.Count; i++)
        {
            var sent = states[i];
            if (stored[i].Any(other => other.Identity == sent.Identity)
                || StateOfMind.FindTwin(sent, stored[i].Where(other => !taken.Contains(other.Identity)))
                    is not { } twin) continue;
            if (!StateOfMind.HasId(sent))
            {
                known.Add(sent);
                Tally.Add(sent.ItemType, Outcome.Unchanged);
                continue;
            }
            await transaction.RenameAsync(twin, sent.Identity, cancellationToken);
            taken.Add(twin.Identity);
            ChangedAnything = true;
        }
        return known.Count == 0 ? events : [.. events.Where(sent => !known.Contains(sent))];
    }

    /// <summary>
    /// The event as sent, but for what was not sent this time; the stored one itself if nothing is new.
    /// </summary>
    static HealthEvent Merge(HealthEvent stored, HealthEvent sent)
    {
        if (sent.Kind == Medication.Kind) sent = Medication.Unite(stored, sent);
        // A re-send without voltages does not delete them; equal ones keep the stored array, so that records compare.
        var voltages = sent.Voltages is { } now && !(stored.Voltages is { } before && Equal(before, now))
            ? sent.Voltages
            : stored.Voltages;
        // The phone writes the properties of an object in random order: that alone is nothing new.
        var payload = CanonicalJson.Same(stored.Payload, sent.Payload) ? stored.Payload : sent.Payload;
        return sent with
        {
            OffsetMinutes = stored.OffsetMinutes, ItemType = stored.ItemType, ItemIndex = stored.ItemIndex,
            IsOfCsv = stored.IsOfCsv, Payload = payload, Voltages = voltages,
        };
    }

    static bool Equal(EcgVoltages a, EcgVoltages b) =>
        a.FrequencyHz == b.FrequencyHz && a.StartAt == b.StartAt && a.Microvolts.AsSpan().SequenceEqual(b.Microvolts);
}
