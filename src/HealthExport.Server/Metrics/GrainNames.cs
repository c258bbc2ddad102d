using HealthExport.Samples;

namespace HealthExport.Server.Metrics;

/// <summary>Grains as the world writes them.</summary>
static class GrainNames
{
    public static readonly string[] All = [.. Enum.GetNames<Grain>().Select(name => name.ToLowerInvariant())];

    public static string Of(Grain grain) => All[(int)grain];

    /// <param name="name">One of <see cref="All"/>; null for none.</param>
    public static Grain? Find(string? name) => name is null ? null : (Grain)Array.IndexOf(All, name);
}
