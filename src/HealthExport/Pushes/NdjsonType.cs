using System.Globalization;

namespace HealthExport.Pushes;

/// <summary>The media type of standard items, one a line.</summary>
public static class NdjsonType
{
    public const string Name = "application/x-ndjson";

    /// <summary>How many revisions a push may have at most.</summary>
    public const int MostRevisions = 1_000_000_000;

    const string Parameter = "revisions";

    /// <summary>A media type that says how many revisions its items have.</summary>
    public static string WithRevisions(long revisions) =>
        string.Create(CultureInfo.InvariantCulture, $"{Name}; {Parameter}={revisions}");

    /// <param name="contentType">As sent, with its parameters.</param>
    public static bool Is(string? contentType) => HeaderValue.Is(contentType, Name);

    /// <summary>
    /// How many numbers a push takes of its person's: 1, unless it is NDJSON whose <c>Content-Type</c> says
    /// <c>revisions=n</c>. Then an item's <c>revision</c>, 1 to n, says with which of them its row is stored, so that
    /// rows that were received one after the other stay so. The push's own number is the last of them.
    /// </summary>
    public static int RevisionsOf(string? contentType) =>
        Is(contentType)
        && int.TryParse(
            HeaderValue.FindParameter(contentType, Parameter), NumberStyles.None, CultureInfo.InvariantCulture,
            out var revisions)
        && revisions is > 0 and <= MostRevisions
            ? revisions
            : 1;
}
