namespace HealthExport.Keys;

/// <summary>A new key, to be shown once.</summary>
/// <param name="PublicId">
/// Twelve characters of a to z and 0 to 9 that name the key in listings, logs and routes. The one inside an <c>hx</c>
/// key; drawn apart for a UUID, of which nothing may be shown.
/// </param>
/// <param name="Key">The key itself; <see cref="ApiKey.Reveal"/> is what its owner gets to see.</param>
public readonly record struct MintedKey(string PublicId, ApiKey Key);
