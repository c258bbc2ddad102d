namespace HealthExport.Keys;

/// <summary>Which set of limits a key is under; stored by its name.</summary>
public enum LimitProfile
{
    /// <summary>On the wire: <c>default</c>.</summary>
    Default,

    /// <summary>For a phone with several automations every few minutes. On the wire: <c>phone</c>.</summary>
    Phone,

    /// <summary>On the wire: <c>strict</c>.</summary>
    Strict,

    /// <summary>For imports and migrations. On the wire: <c>bulk</c>.</summary>
    Bulk,
}

/// <summary>The names of limit profiles on the wire and on the command line.</summary>
public static class LimitProfiles
{
    static readonly string[] s_names = ["default", "phone", "strict", "bulk"];

    /// <summary>Every name, in the order of <see cref="LimitProfile"/>.</summary>
    public static IReadOnlyList<string> Names => s_names;

    /// <exception cref="ArgumentOutOfRangeException">The value is not a profile.</exception>
    public static string GetName(LimitProfile profile) =>
        (uint)profile < (uint)s_names.Length
            ? s_names[(int)profile]
            : throw new ArgumentOutOfRangeException(nameof(profile), profile, "Not a limit profile.");

    /// <summary>Reads one of <see cref="Names"/>, in any case.</summary>
    public static bool TryParse(string? text, out LimitProfile profile) =>
        KeyNames.TryFind(s_names, text, out profile);
}
