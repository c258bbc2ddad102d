namespace HealthExport.Catalogue;

/// <summary>
/// Which canonical code a text means that a phone wrote, in whatever language, from the embedded <c>texts.csv</c>: one
/// vocabulary for each kind of text. The app translates by machine, so the texts are not always Apple's own words.
/// </summary>
/// <remarks>
/// Case, accents, spacing and punctuation do not count. A code is a text of its own. A row without a code holds what may
/// stand before or after a text of its kind and changes nothing of its meaning: where a workout took place, HealthKit's
/// prefix.
/// </remarks>
public sealed class TextCodes
{
    const int EnglishColumn = 2;
    const string TableName = "Catalogue/texts.csv";

    internal static readonly IReadOnlyDictionary<string, TextCodes> Kinds = ReadKinds();

    readonly List<string> _codes = [];
    readonly Dictionary<string, (string Code, bool IsEnglish)> _meanings = new(StringComparer.Ordinal);
    readonly List<string> _surroundings = [];

    TextCodes()
    {
    }

    /// <summary>A number made of the whole table: another table, another number.</summary>
    public static long Table { get; } = CatalogueFile.NumberOf(TableName);

    /// <summary>HealthKit's kinds of workout in snake case.</summary>
    public static TextCodes Activities { get; } = Kinds["activity"];

    public static TextCodes SleepStages { get; } = Kinds["sleep_stage"];
    public static TextCodes Symptoms { get; } = Kinds["symptom"];

    /// <summary>What of the cycle is noted, as <c>menstrual_flow</c>.</summary>
    public static TextCodes Cycle { get; } = Kinds["cycle"];

    /// <summary>How severe a symptom is, or whether it is there at all.</summary>
    public static TextCodes Severities { get; } = Kinds["severity"];

    /// <summary>What an entry of the cycle says: how heavy the flow is, how a test came out.</summary>
    public static TextCodes CycleValues { get; } = Kinds["cycle_value"];

    public static TextCodes MedicationStatuses { get; } = Kinds["medication_status"];
    public static TextCodes Electrocardiograms { get; } = Kinds["ecg_classification"];
    public static TextCodes HeartRateNotifications { get; } = Kinds["heart_rate_notification"];

    /// <summary>From the least pleasant to the most.</summary>
    public static TextCodes Valences { get; } = Kinds["valence"];

    /// <summary>Every code, in the order of the table.</summary>
    public IReadOnlyList<string> Codes => _codes;

    /// <summary>The code of a text; null if the table has none.</summary>
    public string? Find(string? text) => Find(text, out _);

    /// <param name="isEnglish">False for a translation, which is worth keeping beside its code; false for null.</param>
    public string? Find(string? text, out bool isEnglish)
    {
        (var code, isEnglish) = string.IsNullOrWhiteSpace(text) ? default : FindBare(BareText.Of(text));
        return code;
    }

    (string? Code, bool IsEnglish) FindBare(string bare)
    {
        if (_meanings.TryGetValue(bare, out var meaning)) return meaning;
        foreach (var surrounding in _surroundings)
        {
            if (bare.StartsWith(surrounding, StringComparison.Ordinal)
                && _meanings.TryGetValue(bare[surrounding.Length..], out meaning)) return meaning;
            if (bare.EndsWith(surrounding, StringComparison.Ordinal)
                && _meanings.TryGetValue(bare[..^surrounding.Length], out meaning)) return meaning;
        }
        return default;
    }

    static Dictionary<string, TextCodes> ReadKinds()
    {
        var kinds = new Dictionary<string, TextCodes>(StringComparer.Ordinal);
        foreach (var fields in CatalogueFile.ReadRows(TableName))
        {
            var (kind, code) = (fields[0], fields[1]);
            if (!kinds.TryGetValue(kind, out var texts)) kinds.Add(kind, texts = new());
            if (code.Length > 0)
            {
                texts._codes.Add(code);
                texts.Add(code, code, isEnglish: true);
            }
            for (var column = EnglishColumn; column < fields.Length; column++)
                foreach (var text in CatalogueFile.Alternatives(fields[column]))
                    if (code.Length > 0) texts.Add(text, code, isEnglish: column == EnglishColumn);
                    else texts._surroundings.Add(BareText.Of(text));
        }
        return kinds;
    }

    void Add(string text, string code, bool isEnglish)
    {
        var bare = BareText.Of(text);
        if (!_meanings.TryAdd(bare, (code, isEnglish)) && _meanings[bare].Code is var other && other != code)
            throw new InvalidDataException($"The text '{text}' means both {other} and {code}.");
    }
}
