namespace HealthExport.Limits;

/// <summary>What a request is counted as. A key has an allowance for each, so that neither uses up the other's.</summary>
public enum LimitClass : byte
{
    /// <summary>What has a push processed: sending it, replaying it. On the wire: <c>ingest</c>.</summary>
    Ingest,

    /// <summary>Everything else, changes of keys and people included. On the wire: <c>read</c>.</summary>
    Read,
}

/// <summary>The names of limit classes on the wire.</summary>
public static class LimitClasses
{
    static readonly string[] s_names = ["ingest", "read"];

    public static IReadOnlyList<LimitClass> All { get; } = [LimitClass.Ingest, LimitClass.Read];

    /// <exception cref="ArgumentOutOfRangeException">The value is not a class.</exception>
    public static string GetName(LimitClass limitClass) =>
        (uint)limitClass < (uint)s_names.Length
            ? s_names[(int)limitClass]
            : throw new ArgumentOutOfRangeException(nameof(limitClass), limitClass, "Not a limit class.");
}
