namespace HealthExport.People;

/// <summary>An e-mail as the name of a person. Whether it can be written to is not looked at.</summary>
public static class EmailAddress
{
    public const int MaxLength = 254;

    /// <summary>Whether a text looks like name@host: one @ with something before and after it, nothing blank, plain
    /// (<see cref="ShownText.IsPlain"/>), at most <see cref="MaxLength"/> characters.</summary>
    public static bool IsOne(string? text) =>
        text is { Length: <= MaxLength } && !text.Any(char.IsWhiteSpace) && ShownText.IsPlain(text)
        && text.IndexOf('@') is > 0 and var at && at == text.LastIndexOf('@') && at < text.Length - 1;

    /// <summary>The form in which two of one person are equal.</summary>
    public static string KeyOf(string email) => email.Trim().ToLowerInvariant();
}
