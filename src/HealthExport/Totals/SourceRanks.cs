namespace HealthExport.Totals;

/// <summary>
/// Which source is believed where two measured the same time: the lower the rank, the earlier. Guessed from the text
/// (a watch is worn, a phone is carried, the rest is unknown) unless the person says otherwise. Immutable.
/// </summary>
/// <param name="chosen">Ranks by normalised source text, which win over the guess.</param>
public sealed class SourceRanks(IReadOnlyDictionary<string, int>? chosen = null)
{
    public const int Watch = 0;
    public const int Phone = 1;
    public const int Other = 2;

    /// <summary>What a person chose: those named come first, in that order; the rest after them, as guessed.</summary>
    /// <param name="sources">Normalised, the one believed first first.</param>
    public static SourceRanks InOrder(IReadOnlyList<string> sources)
    {
        if (sources.Count == 0) return Guessed;
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < sources.Count; i++) ranks.TryAdd(sources[i], i - sources.Count);
        return new(ranks);
    }

    /// <summary>Nothing chosen, everything guessed.</summary>
    public static SourceRanks Guessed { get; } = new();

    /// <param name="source">Normalised; several devices joined by '|' rank as their best. Null for not sent.</param>
    public int Of(string? source)
    {
        if (source is null) return Other;
        if (chosen is not null && chosen.TryGetValue(source, out var rank)) return rank;
        if (!source.Contains('|')) return Guess(source);
        var best = int.MaxValue;
        foreach (var range in source.AsSpan().Split('|'))
        {
            var device = source[range];
            var own = chosen is not null && chosen.TryGetValue(device, out rank) ? rank : Guess(device);
            best = Math.Min(best, own);
        }
        return best;
    }

    static int Guess(string device) =>
        device.Contains("watch", StringComparison.OrdinalIgnoreCase) ? Watch
        : device.Contains("phone", StringComparison.OrdinalIgnoreCase) ? Phone
        : Other;
}
