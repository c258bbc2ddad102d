using HealthExport.Catalogue;

namespace HealthExport.Reading;

/// <summary>
/// What the app's name for a file of one workout says: <c>Outdoor Run-Heart Rate-20260115_073000.csv</c>. Its stamp is
/// left out: versions of the app write local time or UTC.
/// </summary>
/// <param name="Activity">Canonical; null if the text has no mapping.</param>
/// <param name="Label">Of what was recorded: <c>Heart Rate</c>, <c>Route</c>.</param>
readonly record struct WorkoutFileName(string? Activity, string Label)
{
    const int StampLength = 15; // yyyyMMdd_HHmmss

    /// <returns>Null for a name of another kind.</returns>
    public static WorkoutFileName? Find(string? name)
    {
        if (name is null) return null;
        var dot = name.LastIndexOf('.');
        var text = dot < 0 ? name : name[..dot];
        if (text.Length < StampLength + 4 || text[^(StampLength + 1)] != '-' || !IsStamp(text.AsSpan()[^StampLength..]))
            return null;
        text = text[..^(StampLength + 1)];
        // Either part may hold a dash of its own; then the one that leaves a known activity parts them.
        WorkoutFileName? last = null;
        for (var dash = text.IndexOf('-'); dash >= 0; dash = text.IndexOf('-', dash + 1))
        {
            var (activity, label) = (text[..dash].Trim(), text[(dash + 1)..].Trim());
            if (activity.Length == 0 || label.Length == 0) continue;
            last = new(TextCodes.Activities.Find(activity), label);
            if (last is { Activity: not null }) return last;
        }
        return last;
    }

    static bool IsStamp(ReadOnlySpan<char> text) =>
        text[8] == '_' && !text[..8].ContainsAnyExceptInRange('0', '9') && !text[9..].ContainsAnyExceptInRange('0', '9');
}
