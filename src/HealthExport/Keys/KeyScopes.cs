namespace HealthExport.Keys;

/// <summary>What a key may do. None includes another.</summary>
[Flags]
public enum KeyScopes : byte
{
    None = 0,
    Ingest = 1,
    Read = 2,
    Admin = 4,
}
