namespace HealthExport.Storage;

/// <summary>The identity of an event that has its text for a part.</summary>
static class EventKey
{
    /// <summary>What it is with the code in place of the text; the identity itself if it was not made of the text.
    /// </summary>
    public static string Canonical(string identity, string text, string code) =>
        identity.StartsWith($"{text}\n", StringComparison.Ordinal) ? code + identity[text.Length..] : identity;
}
