namespace HealthExport.Keys;

/// <summary>What a key may do. No scope includes another. The numbers are stored with keys: never renumber.</summary>
[Flags]
public enum KeyScopes : byte
{
    None = 0,

    /// <summary>Push, and see the receipts of its own pushes. On the wire: <c>ingest</c>.</summary>
    Ingest = 1,

    /// <summary>Read health data. On the wire: <c>read</c>.</summary>
    Read = 2,

    /// <summary>Change keys, settings and stored data. On the wire: <c>admin</c>.</summary>
    Admin = 4,

    /// <summary>All three.</summary>
    All = Ingest | Read | Admin,
}
