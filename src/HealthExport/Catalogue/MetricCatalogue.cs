using System.Globalization;
using System.Text;

namespace HealthExport.Catalogue;

/// <summary>
/// Every metric the project knows, from the embedded <c>metrics.csv</c>; the only place that knows one. Read once, at
/// first use. Safe for any number of threads.
/// </summary>
public static class MetricCatalogue
{
    const int LongestOnStack = 128;

    static readonly Metric[] Metrics = Array.ConvertAll(CatalogueFile.ReadRows("Catalogue/metrics.csv"), Read);
    static readonly Dictionary<string, Metric> ByName = Index(Metrics);
    static readonly Dictionary<string, Metric>.AlternateLookup<ReadOnlySpan<char>> BySpan =
        ByName.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>
    /// All known metrics, in the file's order. Includes the composites (blood pressure, sleep, sexual activity), whose
    /// points are more than one value: see <see cref="MetricShape"/>.
    /// </summary>
    public static IReadOnlyList<Metric> All => Metrics;

    /// <summary>The metric of a name or alias in any spelling that normalises to it; null for an unknown one.</summary>
    public static Metric? Find(string name) =>
        ByName.GetValueOrDefault(name) ?? ByName.GetValueOrDefault(Normalise(name));

    /// <summary>As <see cref="Find"/>, from UTF-8; allocates nothing for a name that is already normal.</summary>
    /// <param name="name">The name, unescaped. Invalid UTF-8 counts as characters that no name holds.</param>
    public static Metric? FindUtf8(ReadOnlySpan<byte> name)
    {
        if (name.Length > LongestOnStack) return Find(Encoding.UTF8.GetString(name));
        Span<char> chars = stackalloc char[LongestOnStack];
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] > 0x7F) return Find(Encoding.UTF8.GetString(name));
            chars[i] = (char)name[i];
        }
        chars = chars[..name.Length];
        if (BySpan.TryGetValue(chars, out var metric)) return metric;
        return IsNormal(chars) ? null : Find(new string(chars));
    }

    /// <summary>
    /// The form in which names are compared: lower case, each run of anything but <c>a</c> to <c>z</c> and digits
    /// one underscore, none at the ends. <c>Stair Speed: Up</c> becomes <c>stair_speed_up</c>.
    /// </summary>
    /// <returns>
    /// The same instance if it is normal already. A name without a single such letter or digit would be nothing: it
    /// stays as it is, trimmed and in lower case, so that unknown names in another script stay apart.
    /// </returns>
    public static string Normalise(string name)
    {
        if (IsNormal(name)) return name;
        var normal = new StringBuilder(name.Length);
        var gap = false;
        foreach (var c in name)
        {
            var lower = char.ToLowerInvariant(c);
            if (!char.IsAsciiLetterLower(lower) && !char.IsAsciiDigit(lower))
            {
                gap = true;
                continue;
            }
            if (gap && normal.Length > 0) normal.Append('_');
            gap = false;
            normal.Append(lower);
        }
        return normal.Length > 0 ? normal.ToString() : name.Trim().ToLowerInvariant();
    }

    static bool IsNormal(ReadOnlySpan<char> name)
    {
        var afterGap = true;
        foreach (var c in name)
        {
            if (c == '_' ? afterGap : !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c)) return false;
            afterGap = c == '_';
        }
        return !afterGap;
    }

    static Dictionary<string, Metric> Index(Metric[] metrics)
    {
        var index = new Dictionary<string, Metric>(metrics.Length * 3, StringComparer.Ordinal);
        foreach (var metric in metrics)
        {
            index.Add(metric.Name, metric);
            foreach (var alias in metric.Aliases) index.Add(alias, metric);
        }
        return index;
    }

    static Metric Read(string[] fields)
    {
        var accepts = CatalogueFile.List(fields[5]);
        return new()
        {
            Name = fields[0],
            DisplayName = fields[1],
            Shape = fields[2] switch
            {
                "plain" => MetricShape.Plain,
                "min_avg_max" => MetricShape.MinAvgMax,
                "blood_pressure" => MetricShape.BloodPressure,
                "sexual_activity" => MetricShape.SexualActivity,
                "sleep" => MetricShape.Sleep,
                _ => throw Unreadable(fields, 2),
            },
            Kind = fields[3] switch
            {
                "cumulative" => MetricKind.Cumulative,
                "discrete" => MetricKind.Discrete,
                _ => throw Unreadable(fields, 3),
            },
            Unit = fields[4],
            Accepts = accepts.Length == 0 ? [] : Array.ConvertAll(accepts, CatalogueFile.ReadConversion),
            Bounds = new(Number(fields[6]), Number(fields[7]), fields[8] switch
            {
                "sample" => BoundsBasis.Sample,
                "day" => BoundsBasis.Day,
                "session" => BoundsBasis.Session,
                _ => throw Unreadable(fields, 8),
            }),
            Usual = new(
                fields[9] is "" ? double.NegativeInfinity : Number(fields[9]),
                fields[10] is "" ? double.PositiveInfinity : Number(fields[10]),
                BoundsBasis.Sample),
            Category = fields[11],
            HealthKitIdentifier = OrNull(fields[12]),
            Loinc = OrNull(fields[13]),
            CsvLabel = OrNull(fields[14]),
            Aliases = CatalogueFile.List(fields[15]),
            IsKnown = true,
        };

        static double Number(string field) => double.Parse(field, NumberStyles.Float, CultureInfo.InvariantCulture);
        static string? OrNull(string field) => field.Length == 0 ? null : field;
        static InvalidDataException Unreadable(string[] fields, int column) =>
            new($"In the catalogue, '{fields[0]}' has '{fields[column]}' in column {column + 1}.");
    }
}
