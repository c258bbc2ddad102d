namespace HealthExport.Keys;

/// <summary>Scopes as names: <c>ingest</c>, <c>read</c>, <c>admin</c>, always written in this order.</summary>
public static class KeyScopeNames
{
    static readonly (string Name, KeyScopes Scope)[] s_names =
        [("ingest", KeyScopes.Ingest), ("read", KeyScopes.Read), ("admin", KeyScopes.Admin)];

    /// <summary>Whether every one of <paramref name="required"/> is among <paramref name="scopes"/>.</summary>
    public static bool Include(this KeyScopes scopes, KeyScopes required) => (scopes & required) == required;

    /// <summary>The names, as a JSON array has them; empty for none.</summary>
    public static IReadOnlyList<string> ToNames(this KeyScopes scopes) =>
        [.. s_names.Where(pair => scopes.Include(pair.Scope)).Select(pair => pair.Name)];

    /// <summary>The names with commas between: <c>ingest,read</c>; empty for none.</summary>
    public static string Format(this KeyScopes scopes) => string.Join(',', scopes.ToNames());

    /// <summary>Reads names with commas between, such as <c>ingest,read</c>, as the other overload does.</summary>
    public static bool TryParse(string? text, out KeyScopes scopes) => TryParse(text?.Split(','), out scopes);

    /// <summary>Reads names of any case, with spaces around them, in any order; a repeated one counts once.</summary>
    /// <returns>False, and no scope at all, if there is no name or any of them is unknown.</returns>
    public static bool TryParse(IEnumerable<string?>? names, out KeyScopes scopes)
    {
        scopes = KeyScopes.None;
        foreach (var name in names ?? [])
        {
            var scope = Find(name);
            if (scope == KeyScopes.None)
            {
                scopes = KeyScopes.None;
                return false;
            }

            scopes |= scope;
        }

        return scopes != KeyScopes.None;
    }

    static KeyScopes Find(string? name)
    {
        foreach (var (known, scope) in s_names)
            if (known.Equals(name?.Trim(), StringComparison.OrdinalIgnoreCase)) return scope;
        return KeyScopes.None;
    }
}
