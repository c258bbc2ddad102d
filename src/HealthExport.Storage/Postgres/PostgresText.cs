using System.Text;
using HealthExport.Pushes;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// Text that a column can take: no NUL, no half of a surrogate pair. The driver would break off half way through a
/// message on the latter.
/// </summary>
static class PostgresText
{
    static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    public static bool IsStorable(string? text)
    {
        if (text is null || System.Text.Ascii.IsValid(text)) return text is null || !text.Contains('\0');
        if (text.Contains('\0')) return false;
        try
        {
            s_strict.GetByteCount(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>The text itself.</summary>
    /// <exception cref="StoreRefusedException">It cannot be stored.</exception>
    public static string? Check(string? text) => IsStorable(text)
        ? text
        : throw new StoreRefusedException("A text holds NUL or half of a surrogate pair.") { IsOfRowsAlone = true };

    /// <summary>The text with U+FFFD instead of what cannot be stored.</summary>
    public static string Clean(string text) =>
        IsStorable(text) ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Replace('\0', '\uFFFD')));
}
