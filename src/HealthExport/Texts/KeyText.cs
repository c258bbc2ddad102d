using System.Text;

namespace HealthExport.Texts;

/// <summary>
/// Texts that rows are told apart by. Engines differ in how long a key may be, and answer the same: what all of them
/// take, with ample room for what people and phones write, is the limit here. Other texts have none.
/// </summary>
static class KeyText
{
    /// <summary>Of what an event is, in bytes of UTF-8.</summary>
    public const int LongestKind = 500;

    /// <summary>Of what makes an event the same again, with its name and source, in bytes of UTF-8.</summary>
    public const int LongestIdentity = 2_000;

    /// <summary>Of a stage of sleep and of a workout's series, in bytes of UTF-8.</summary>
    public const int LongestName = 1_000;

    /// <summary>Characters of a name that a receipt repeats.</summary>
    const int MostShown = 200;

    /// <param name="what">The text, as a sentence begins with it.</param>
    /// <param name="longest">In bytes.</param>
    /// <returns>What is wrong with it, as a sentence; null if nothing is.</returns>
    public static string? FindFault(string what, string text, int longest)
    {
        if (text.Length <= longest / 3) return null;
        var bytes = Encoding.UTF8.GetByteCount(text);
        return bytes > longest ? $"{what} has {bytes} bytes in UTF-8, of which no more than {longest} are kept" : null;
    }

    /// <summary>As much of a name as there is room for: there may be one for each of a million items.</summary>
    public static string Shorten(string text) =>
        text.Length <= MostShown ? text
        : text[..(MostShown - (char.IsHighSurrogate(text[MostShown - 1]) ? 1 : 0))] + "…";
}
