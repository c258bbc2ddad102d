using System.Globalization;
using System.Text;

namespace HealthExport.Catalogue;

/// <summary>
/// A text without what tells no word from another: case, accents, spacing, punctuation, the width of its characters.
/// Bare twice is bare once.
/// </summary>
/// <remarks>
/// Accents go where they stand on Latin, Greek and Cyrillic letters (ø, ł, đ and their like lose their strokes, ß is ss,
/// æ is ae). Elsewhere a mark makes another letter: か stays か and が stays が, however many characters が came in. The
/// tables are our own because the runtime goes without ICU, where <see cref="string.Normalize()"/> changes nothing.
/// </remarks>
static class BareText
{
    const char VoicedMark = '\u3099';
    const char HalfVoicedMark = '\u309A';
    const string Voiced = "かきくけこさしすせそたちつてとはひふへほカキクケコサシスセソタチツテトハヒフヘホ";
    const string HalfVoiced = "はひふへほハヒフヘホ";

    const char FirstFullWidth = '\uFF01', LastFullWidth = '\uFF5E';
    const char FirstHalfWidth = '\uFF66', LastHalfWidth = '\uFF9F';
    const string HalfWidth =
        "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン\u3099\u309A";

    const int Vowels = 21, Finals = 28;

    static readonly Dictionary<char, string> Bases = ReadBases("""
        a àáâãäåāăąǎǟǡǻȁȃȧạảấầẩẫậắằẳẵặª
        ae æǣǽ
        c çćĉċč
        d ďđð
        e èéêëēĕėęěȅȇȩẹẻẽếềểễệ
        g ĝğġģǧǵ
        h ĥħ
        i ìíîïĩīĭįıİǐȉȋỉị
        j ĵǰ
        k ķǩ
        l ĺļľŀł
        n ñńņňŉǹ
        o òóôõöøōŏőơǒǫǭǿȍȏȫȭȯȱọỏốồổỗộớờởỡợº
        oe œ
        r ŕŗřȑȓ
        s śŝşšșſ
        ss ßẞ
        t ţťŧț
        th þ
        u ùúûüũūŭůűųưǔǖǘǚǜȕȗụủứừửữự
        w ŵẁẃẅ
        y ýÿŷȳỳỵỷỹ
        z źżž
        α ά
        ε έ
        η ή
        ι ίϊΐ
        ο ό
        σ ς
        υ ύϋΰ
        ω ώ
        г ѓ
        е ѐё
        и йѝ
        і ї
        к ќ
        у ў
        """);

    public static string Of(string text)
    {
        var bare = new StringBuilder(text.Length);
        foreach (var c in text) Append(bare, char.ToLowerInvariant(OfUsualWidth(c)));
        return bare.ToString();
    }

    static void Append(StringBuilder bare, char c)
    {
        if (char.IsAscii(c))
        {
            if (char.IsAsciiLetterOrDigit(c)) bare.Append(c);
        }
        else if (c is >= '\u0300' and <= '\u036F') return; // the accents of Latin, Greek and Cyrillic
        else if (Bases.TryGetValue(c, out var letters)) bare.Append(letters);
        else if (bare.Length > 0 && Join(bare[^1], c) is { } joined) bare[^1] = joined;
        else if (char.IsLetterOrDigit(c) || char.IsSurrogate(c)
            || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark)
            bare.Append(c);
    }

    static char OfUsualWidth(char c) => c switch
    {
        >= FirstFullWidth and <= LastFullWidth => (char)(c - FirstFullWidth + '!'),
        >= FirstHalfWidth and <= LastHalfWidth => HalfWidth[c - FirstHalfWidth],
        _ => c,
    };

    /// <summary>
    /// The one character that two are: a kana with its mark, a Korean syllable from its parts (Unicode 3.12). Null if
    /// they stay two.
    /// </summary>
    static char? Join(char last, char next) => next switch
    {
        VoicedMark when last is 'う' or 'ウ' => (char)(last + ('ヴ' - 'ウ')),
        VoicedMark when Voiced.Contains(last) => (char)(last + 1),
        HalfVoicedMark when HalfVoiced.Contains(last) => (char)(last + 2),
        >= '\u1161' and <= '\u1175' when last is >= '\u1100' and <= '\u1112' =>
            (char)('\uAC00' + (((last - '\u1100') * Vowels) + next - '\u1161') * Finals),
        >= '\u11A8' and <= '\u11C2' when last is >= '\uAC00' and <= '\uD7A3' && (last - '\uAC00') % Finals == 0 =>
            (char)(last + (next - '\u11A7')),
        _ => null,
    };

    /// <param name="table">One line a base: what it is written as, and the letters that become it.</param>
    static Dictionary<char, string> ReadBases(string table)
    {
        var bases = new Dictionary<char, string>(256);
        foreach (var line in table.Split('\n', StringSplitOptions.TrimEntries))
        {
            var space = line.IndexOf(' ');
            foreach (var letter in line.AsSpan(space + 1)) bases.Add(letter, line[..space]);
        }
        return bases;
    }
}
