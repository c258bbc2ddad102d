using HealthExport.Reading;

namespace HealthExport.Sleep;

/// <summary>The stages of sleep by the names that phones give them.</summary>
static class SleepStageNames
{
    const string HealthKitPrefix = "HKCategoryValueSleepAnalysis";

    static readonly TextCodes English = new("""
        in_bed: In Bed
        asleep: Asleep
        awake: Awake
        core: Core, Asleep Core, Light
        deep: Deep, Asleep Deep
        rem: REM, Asleep REM
        unspecified: Unspecified, Asleep Unspecified
        """);

    static readonly TextCodes Translated = new("""
        in_bed: I sängen
        asleep: Sova
        awake: Vaken
        core: Kärna
        deep: Djup
        """);

    /// <summary>The canonical stage, or null for a text that has no mapping.</summary>
    /// <param name="isEnglish">False for a translation, which is worth keeping beside the code.</param>
    public static string? Find(string text, out bool isEnglish)
    {
        text = text.Trim();
        if (text.StartsWith(HealthKitPrefix, StringComparison.Ordinal)) text = text[HealthKitPrefix.Length..];
        var stage = English.Find(text);
        isEnglish = stage is not null;
        return stage ?? Translated.Find(text);
    }
}
