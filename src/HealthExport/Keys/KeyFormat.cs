namespace HealthExport.Keys;

/// <summary>What a key looks like. The numbers are stored with keys: never renumber.</summary>
public enum KeyFormat
{
    /// <summary><c>hx_id_secret</c>, with a public id that may be shown. On the wire: <c>hx</c>.</summary>
    Hx = 0,

    /// <summary>A random UUID (RFC 9562, version 4), for clients that want one. On the wire: <c>uuid</c>.</summary>
    Uuid = 1,
}

/// <summary>The names of key formats on the wire and on the command line.</summary>
public static class KeyFormats
{
    static readonly string[] s_names = ["hx", "uuid"];

    /// <summary>Every name, in the order of <see cref="KeyFormat"/>.</summary>
    public static IReadOnlyList<string> Names => s_names;

    /// <exception cref="IndexOutOfRangeException">The value is not a format.</exception>
    public static string GetName(KeyFormat format) => s_names[(int)format];

    /// <summary>Reads one of <see cref="Names"/>, in any case.</summary>
    public static bool TryParse(string? text, out KeyFormat format) => KeyNames.TryFind(s_names, text, out format);
}
