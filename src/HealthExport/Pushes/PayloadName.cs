namespace HealthExport.Pushes;

/// <summary>
/// The name of the file that a payload was, which the parameter <c>name</c> of its media type says. The app's files of
/// one workout say by it what they hold, so it is a part of what a push says.
/// </summary>
public static class PayloadName
{
    const string Parameter = "name";
    const int Longest = 200;

    /// <returns>The last segment of the name, which is never used as a path; null if none was sent.</returns>
    public static string? Find(string? contentType) =>
        HeaderValue.FindParameter(contentType, Parameter) is { Length: > 0 } name ? LastSegment(name) : null;

    /// <summary>A media type that says the name; the name's last segment, without control characters and cut at 200
    /// characters.</summary>
    public static string AddTo(string mediaType, string name)
    {
        var clean = string.Concat(LastSegment(name).Where(c => !char.IsControl(c) && c is not ('"' or '\\')).Take(Longest));
        return clean.Length == 0 ? mediaType : $"{mediaType}; {Parameter}=\"{clean}\"";
    }

    /// <summary>What stands behind the last slash or backslash of a path or a URL.</summary>
    public static string LastSegment(string path) => path[(path.LastIndexOfAny(['/', '\\']) + 1)..];
}
