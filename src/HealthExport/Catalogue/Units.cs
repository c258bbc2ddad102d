using System.Text;

namespace HealthExport.Catalogue;

/// <summary>
/// Which spellings name which unit, and how units of one dimension convert, from the embedded <c>units.csv</c>.
/// Units go by their UCUM code, but for the two that UCUM does not have: <c>fraction</c> (0 to 1) and <c>cup_imp</c>
/// (10 imperial fluid ounces). A cup is the US customary one of 8 US fluid ounces, not the 240 mL of food labels.
/// </summary>
/// <remarks>
/// Letter case decides where it makes a difference (<c>Cal</c> is 1,000 <c>cal</c>, <c>mS</c> is no time). Otherwise a
/// spelling of at least two characters is also found in another case, as long as only one unit could be meant.
/// What depends on the substance (IU, mmol) is not here but with the metric that it belongs to.
/// </remarks>
public static class Units
{
    static readonly Dictionary<string, string> Exact = new(256, StringComparer.Ordinal);
    // A null value marks a spelling that different units share but for their case.
    static readonly Dictionary<string, string?> AnyCase = new(256, StringComparer.OrdinalIgnoreCase);
    static readonly Dictionary<(string From, string To), UnitConversion> Conversions = new(128);

    static Units()
    {
        foreach (var fields in CatalogueFile.ReadRows("Catalogue/units.csv"))
        {
            var unit = fields[0];
            Add(unit, unit);
            foreach (var spelling in CatalogueFile.List(fields[1])) Add(Fold(spelling), unit);
            foreach (var item in CatalogueFile.List(fields[2]))
            {
                var (target, conversion) = CatalogueFile.ReadConversion(item);
                Conversions.Add((unit, target), conversion);
            }
        }

        static void Add(string spelling, string unit)
        {
            if (!Exact.TryAdd(spelling, unit))
                throw new InvalidDataException($"The spelling '{spelling}' names two units.");
            if (spelling.Length < 2) return;
            if (!AnyCase.TryAdd(spelling, unit) && AnyCase[spelling] != unit) AnyCase[spelling] = null;
        }
    }

    /// <summary>Every pair of units that converts.</summary>
    internal static IReadOnlyCollection<(string From, string To)> ConvertiblePairs => Conversions.Keys;

    /// <summary>The unit that a spelling names: <c>[lb_av]</c> for <c>lbs</c>. Null if unknown or ambiguous.</summary>
    public static string? Find(string? spelling)
    {
        if (string.IsNullOrWhiteSpace(spelling)) return null;
        var folded = Fold(spelling);
        return Exact.GetValueOrDefault(folded) ?? AnyCase.GetValueOrDefault(folded);
    }

    /// <summary>How values of <paramref name="sentUnit"/>, in any accepted spelling, become values of a unit.</summary>
    /// <param name="sentUnit">The unit converted from, as sent.</param>
    /// <param name="unit">The unit converted to, as the catalogue writes it: <c>m</c>, <c>kcal</c>, <c>Cel</c>.</param>
    /// <param name="conversion">The identity where there is none.</param>
    /// <returns>False when the unit sent is unknown or of another dimension: values then stay as sent.</returns>
    public static bool TryGetConversion(string? sentUnit, string unit, out UnitConversion conversion)
    {
        conversion = UnitConversion.Identity;
        if (Find(sentUnit) is not { } from) return false;
        if (from == unit) return true;
        if (!Conversions.TryGetValue((from, unit), out var found)) return false;
        conversion = found;
        return true;
    }

    /// <summary>The form the table holds: no space of any kind, one middle dot, one micro sign.</summary>
    internal static string Fold(string spelling)
    {
        var index = 0;
        while (index < spelling.Length && Fold(spelling[index]) == spelling[index]) index++;
        if (index == spelling.Length) return spelling;

        var folded = new StringBuilder(spelling, 0, index, spelling.Length);
        for (; index < spelling.Length; index++)
        {
            if (Fold(spelling[index]) is not Dropped and var c) folded.Append(c);
        }
        return folded.ToString();
    }

    const char Dropped = '\uFFFF';

    static char Fold(char c) => c switch
    {
        '*' or '\u22C5' or '\u2219' or '\u2022' or '\u00D7' => '\u00B7',
        '\u03BC' => '\u00B5',
        _ => char.IsWhiteSpace(c) ? Dropped : c,
    };
}
