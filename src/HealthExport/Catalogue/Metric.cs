namespace HealthExport.Catalogue;

/// <summary>
/// What is known of one metric: what it is called, how its values combine, the unit they are stored in, and what is
/// possible. Immutable. Two are equal if name and unit are: values are stored under that pair.
/// </summary>
public sealed class Metric : IEquatable<Metric>
{
    /// <summary>Characters that a name or a unit may have.</summary>
    public const int LongestText = 200;

    /// <summary>The canonical name: lower case letters, digits, single underscores, if it is known.</summary>
    public required string Name { get; init; }

    /// <summary>What people read.</summary>
    public required string DisplayName { get; init; }

    public required MetricKind Kind { get; init; }

    public required MetricShape Shape { get; init; }

    /// <summary>
    /// The unit that values are stored in. A UCUM code for a known metric; for an unknown one, whatever was sent,
    /// which may be empty.
    /// </summary>
    public required string Unit { get; init; }

    /// <summary>
    /// The part of health that it belongs to: <c>activity</c>, <c>body</c>, <c>environment</c>, <c>hearing</c>,
    /// <c>heart</c>, <c>mindfulness</c>, <c>mobility</c>, <c>nutrition</c>, <c>reproductive</c>, <c>respiratory</c>,
    /// <c>sleep</c> or <c>other</c>.
    /// </summary>
    public required string Category { get; init; }

    /// <summary>Apple's name of the type, such as <c>HKQuantityTypeIdentifierStepCount</c>.</summary>
    public string? HealthKitIdentifier { get; init; }

    /// <summary>The LOINC code, where it is sure.</summary>
    public string? Loinc { get; init; }

    /// <summary>The heading of its column in the app's CSV, without the unit; null where none was ever seen.</summary>
    public string? CsvLabel { get; init; }

    /// <summary>What is possible, in <see cref="Unit"/>.</summary>
    public Bounds Bounds { get; init; } = Bounds.None;

    /// <summary>What is usual, in <see cref="Unit"/>: a value outside it is stored, with a warning.</summary>
    public Bounds Usual { get; init; } = Bounds.None;

    /// <summary>False for a name or a unit that the catalogue does not have.</summary>
    public bool IsKnown { get; init; }

    /// <summary>
    /// Why no store should keep values under it, as a sentence; null if they can. Engines differ in what a key may hold:
    /// this is what all of them take.
    /// </summary>
    public string? FindFault() =>
        IsKnown ? null : FindFault("name", Name) ?? FindFault("unit", Unit);

    /// <summary>The other names it goes by, normalised; the name itself is not among them.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Units and words that mean something for this metric only, beside <see cref="Units"/>.</summary>
    internal (string Spelling, UnitConversion Conversion)[] Accepts { get; init; } = [];

    /// <summary>A count of something, whose unit is only a word for what is counted.</summary>
    internal bool IsCount => Unit is ['{', ..];

    /// <summary>A metric as it was sent, for a name the catalogue lacks or a unit that does not convert.</summary>
    /// <param name="name">
    /// The canonical name if there is one, else <see cref="MetricCatalogue.Normalise"/> of the one sent.
    /// </param>
    /// <param name="unit">The unit as sent; empty if none was.</param>
    /// <param name="kind">That of the known metric; discrete if nothing is known.</param>
    public static Metric Unknown(string name, string unit, MetricKind kind) => new()
    {
        Name = name,
        DisplayName = name,
        Kind = kind,
        Shape = MetricShape.Plain,
        Unit = unit,
        Category = "other",
    };

    static string? FindFault(string what, string text)
    {
        if (text.Length > LongestText)
            return $"The metric's {what} has {text.Length} characters, of which no more than {LongestText} are kept";
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i])) return $"The metric's {what} has a control character, as its character {i + 1}";
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return $"The metric's {what} has half of a character, as its character {i + 1}";
            i++;
        }
        return null;
    }

    /// <summary>How values sent in a unit become values of <see cref="Unit"/>.</summary>
    /// <param name="sentUnit">
    /// The unit as sent, in any accepted spelling. None at all means the unit of a count, and is unknown otherwise.
    /// </param>
    /// <param name="conversion">The identity where the answer is false.</param>
    /// <returns>False when the unit is unknown or does not convert: store under <see cref="Unknown"/>.</returns>
    public bool TryGetConversion(string? sentUnit, out UnitConversion conversion)
    {
        conversion = UnitConversion.Identity;
        if (sentUnit == Unit) return true;
        if (!IsKnown) return false;
        if (string.IsNullOrWhiteSpace(sentUnit)) return IsCount;

        var spelling = Units.Fold(sentUnit);
        var unit = Units.Find(spelling);
        foreach (var (accepted, found) in Accepts)
        {
            var isWord = spelling.Equals(accepted, StringComparison.OrdinalIgnoreCase);
            if (!isWord && (unit is null || unit != Units.Find(accepted))) continue;
            conversion = found;
            return true;
        }
        return Units.TryGetConversion(spelling, Unit, out conversion);
    }

    /// <summary>The units that convert to and from <see cref="Unit"/>, by their code; the unit itself first.</summary>
    public IEnumerable<string> ConvertibleUnits() => IsKnown
        ? Accepts.Select(accepted => accepted.Spelling)
            .Concat(Units.ConvertiblePairs.Where(pair => pair.To == Unit).Select(pair => pair.From))
            .Prepend(Unit).Distinct(StringComparer.Ordinal)
        : [Unit];

    /// <summary>Whether a value is possible but rare enough to ask a person about. In <see cref="Unit"/>.</summary>
    public bool IsSuspicious(double value) => value < Usual.Lower || value > Usual.Upper;

    public bool Equals(Metric? other) => other is not null && Name == other.Name && Unit == other.Unit;

    public override bool Equals(object? obj) => Equals(obj as Metric);

    public override int GetHashCode() => HashCode.Combine(Name, Unit);

    /// <summary>Name and unit.</summary>
    public override string ToString() => $"{Name} ({Unit})";
}
