namespace HealthExport.Keys;

/// <summary>What a key looks like.</summary>
public enum KeyFormat
{
    /// <summary><c>hx_id_secret</c>, with a public id that may be shown. On the wire: <c>hx</c>.</summary>
    Hx,

    /// <summary>A random UUID (RFC 9562, version 4), for clients that want one. On the wire: <c>uuid</c>.</summary>
    Uuid,
}

/// <summary>The names of key formats on the wire and on the command line.</summary>
public static class KeyFormats
{
    /// <summary>Reads <c>hx</c> or <c>uuid</c>, in any case.</summary>
    public static bool TryParse(string? text, out KeyFormat format) =>
        KeyNames.TryFind(["hx", "uuid"], text, out format);
}
