using System.Globalization;

namespace HealthExport.Pushes;

/// <summary>The media type of standard items, one a line.</summary>
public static class NdjsonType
{
    public const string Name = "application/x-ndjson";

    /// <summary>How many revisions a push may have at most.</summary>
    public const int MostRevisions = 1_000_000_000;

    const string Parameter = "revisions=";

    /// <summary>A media type that says how many revisions its items have.</summary>
    public static string WithRevisions(long revisions) =>
        string.Create(CultureInfo.InvariantCulture, $"{Name}; {Parameter}{revisions}");

    /// <param name="contentType">As sent, with its parameters.</param>
    public static bool Is(string? contentType) =>
        contentType is not null && contentType.AsSpan(0, EndOfName(contentType)).Trim()
            .Equals(Name, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// How many numbers a push takes of its person's: 1, unless it is NDJSON whose <c>Content-Type</c> says
    /// <c>revisions=n</c>. Then an item's <c>revision</c>, 1 to n, says with which of them its row is stored, so that
    /// rows that were received one after the other stay so. The push's own number is the last of them.
    /// </summary>
    public static int RevisionsOf(string? contentType)
    {
        if (!Is(contentType)) return 1;
        foreach (var range in contentType.AsSpan().Split(';'))
        {
            var parameter = contentType.AsSpan()[range].Trim();
            if (parameter.StartsWith(Parameter, StringComparison.OrdinalIgnoreCase)
                && int.TryParse(
                    parameter[Parameter.Length..].Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture,
                    out var revisions)
                && revisions is > 0 and <= MostRevisions) return revisions;
        }
        return 1;
    }

    static int EndOfName(string contentType) =>
        contentType.IndexOf(';') is >= 0 and var end ? end : contentType.Length;
}
