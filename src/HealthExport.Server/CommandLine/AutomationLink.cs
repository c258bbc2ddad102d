using System.Text;

namespace HealthExport.Server.CommandLine;

/// <summary>
/// The phone app's deep link that sets up an automation in one tap. The app takes one data type a link.
/// Source: https://help.healthyapps.dev, "Deep link" of Health Auto Export.
/// </summary>
static class AutomationLink
{
    const string Scheme = "com.HealthExport://automation";

    /// <summary>Data types by the names this project uses, with what the app calls them in a link.</summary>
    static readonly (string Name, string InLink, string Title)[] s_types =
    [
        (HealthMetrics, "healthmetrics", "health metrics"),
        (Workouts, "workouts", "workouts"),
        ("symptoms", "symptoms", "symptoms"),
        ("ecg", "ecg", "ECG"),
        ("heart_rate_notifications", "heartratenotifications", "heart rate notifications"),
        ("state_of_mind", "stateofmind", "state of mind"),
        ("cycle_tracking", "cycletracking", "cycle tracking"),
        ("medications", "medications", "medications"),
    ];

    public const string HealthMetrics = "health_metrics";
    public const string Workouts = "workouts";

    /// <summary>One link for each data type of the app, health metrics first.</summary>
    /// <param name="ingestUrl">Where the phone posts to.</param>
    /// <param name="key">The whole key: letters, digits, <c>_</c> and <c>-</c>.</param>
    public static IReadOnlyList<(string Name, string Link)> ForEveryType(string ingestUrl, string key) =>
        [.. s_types.Select(type => (type.Name, Make(ingestUrl, key, type.InLink, type.Title)))];

    // The header is api-key, because its value has no space and no comma: the app splits the list at commas.
    // Period "none" is the app's default, yesterday and today on every run: samples that arrive late on the phone are
    // sent again with it and missed by "lastsync". Interval "none" keeps each heart-rate sample and lets HealthKit add
    // up phone and watch for the rest.
    static string Make(string ingestUrl, string key, string type, string title) =>
        new StringBuilder(Scheme)
            .Append("?url=").Append(Uri.EscapeDataString(ingestUrl))
            .Append("&name=").Append(Uri.EscapeDataString($"HealthExport {title}"))
            .Append("&headers=api-key,").Append(Uri.EscapeDataString(key))
            .Append("&format=json&datatype=").Append(type)
            .Append("&aggregatedata=true&period=none&interval=none&syncinterval=hours&syncquantity=1")
            .Append("&enabled=true&batchrequests=true&exportversion=v2")
            .ToString();
}
