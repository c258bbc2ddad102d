using HealthExport.Catalogue;

namespace HealthExport.Tests.Catalogue;

public sealed class UnitsTests
{
    /// <summary>
    /// Definitions, each exact: international yard and pound (1959), thermochemical calorie, US gallon of 231 cubic
    /// inches, imperial gallon of 4.54609 L, millimetre of mercury at 13,595.1 kg/m³, nautical mile of 1,852 m.
    /// </summary>
    const string Definitions = """
        1000 cal = 1 kcal
        4.184 kJ = 1 kcal
        4184 J = 1 kcal
        4.184 MJ = 1000 kcal
        4.184 kJ/kg/h = 1 kcal/kg/h
        1 m = 100 cm
        100 cm = 1 m
        1000 mm = 1 m
        10 mm = 1 cm
        1 km = 1000 m
        1 km = 100000 cm
        1 [mi_i] = 1609.344 m
        1 [mi_i] = 160934.4 cm
        1 [yd_i] = 0.9144 m
        1 [yd_i] = 91.44 cm
        1 [ft_i] = 0.3048 m
        1 [ft_i] = 30.48 cm
        1 [in_i] = 0.0254 m
        1 [in_i] = 2.54 cm
        100 cm/s = 1 m/s
        60 m/min = 1 m/s
        3.6 km/h = 1 m/s
        36 km/h = 10 m/s
        1 [mi_i]/h = 0.44704 m/s
        1 [ft_i]/s = 0.3048 m/s
        3600 [kn_i] = 1852 m/s
        1 kg = 1000 g
        1 kg = 1000000 mg
        1 kg = 1000000000 ug
        1000 g = 1 kg
        1 g = 1000 mg
        1 g = 1000000 ug
        1000000 mg = 1 kg
        1000 mg = 1 g
        1 mg = 1000 ug
        1000000000 ug = 1 kg
        1000000 ug = 1 g
        1000 ug = 1 mg
        1 [lb_av] = 0.45359237 kg
        1 [lb_av] = 453.59237 g
        1 [lb_av] = 453592.37 mg
        1 [lb_av] = 453592370 ug
        1 [oz_av] = 0.028349523125 kg
        1 [oz_av] = 28.349523125 g
        1 [oz_av] = 28349.523125 mg
        1 [oz_av] = 28349523.125 ug
        1 [stone_av] = 6.35029318 kg
        1 [stone_av] = 6350.29318 g
        1000 mL = 1 L
        1 cL = 10 mL
        100 cL = 1 L
        1 dL = 100 mL
        10 dL = 1 L
        1 L = 1000 mL
        1 [foz_us] = 29.5735295625 mL
        1 [foz_us] = 0.0295735295625 L
        1 [foz_br] = 28.4130625 mL
        1 [foz_br] = 0.0284130625 L
        1 [cup_us] = 236.5882365 mL
        1 [cup_us] = 0.2365882365 L
        1 cup_imp = 284.130625 mL
        1 cup_imp = 0.284130625 L
        1 [pt_us] = 473.176473 mL
        1 [pt_us] = 0.473176473 L
        1 [pt_br] = 568.26125 mL
        1 [pt_br] = 0.56826125 L
        1 L/s = 60 L/min
        1000 mL/min = 1 L/min
        1000 mL/s = 60 L/min
        1000 ms = 1 s
        60000 ms = 1 min
        3600000 ms = 1 h
        1 s = 1000 ms
        60 s = 1 min
        3600 s = 1 h
        1 min = 60000 ms
        1 min = 60 s
        60 min = 1 h
        1 h = 3600000 ms
        1 h = 3600 s
        1 h = 60 min
        1 d = 86400 s
        1 d = 1440 min
        1 d = 24 h
        1 /s = 60 /min
        1 fraction = 100 %
        0.5 fraction = 50 %
        10 [ppth] = 1 %
        32 [degF] = 0 Cel
        212 [degF] = 100 Cel
        -40 [degF] = -40 Cel
        273.15 K = 0 Cel
        0 K = -273.15 Cel
        0.133322387415 kPa = 1 mm[Hg]
        133.322387415 Pa = 1 mm[Hg]
        1 g/L = 100 mg/dL
        10 mg/L = 1 mg/dL
        1 kW = 1000 W
        1 mS = 1000 uS
        1 S = 1000000 uS
        1 mV = 1000 uV
        1 V = 1000000 uV
        """;

    static readonly (double Value, string From, double Expected, string To)[] Table =
    [
        .. Definitions.ReplaceLineEndings("\n").Split('\n').Select(line => line.Split(' ')).Select(words =>
            (double.Parse(words[0]), words[1], double.Parse(words[3]), words[4])),
    ];

    [Fact]
    public void Every_factor_is_the_defined_one() => Assert.All(Table, row =>
    {
        Assert.True(Units.TryGetConversion(row.From, row.To, out var conversion));
        Assert.Equal(row.Expected, conversion.Apply(row.Value));
    });

    [Fact]
    public void No_factor_is_without_a_definition() => Assert.Equal(
        Units.ConvertiblePairs.Order(),
        Table.Select(row => (row.From, row.To)).Distinct().Order());

    [Fact]
    public void Every_conversion_leads_back() => Assert.All(Table, row =>
    {
        Assert.True(Units.TryGetConversion(row.From, row.To, out var conversion));
        Assert.Equal(row.Value, conversion.Invert(row.Expected), 1e-9 * Math.Max(1, Math.Abs(row.Value)));
        foreach (var value in (double[])[0, 1, 0.0083333333333333332, 139.00000000000003, 98.6, -12.5, 1e6])
            Assert.Equal(value, conversion.Invert(conversion.Apply(value)), 1e-12 * Math.Max(1_000, Math.Abs(value)));
    });

    [Fact]
    public void The_identity_changes_no_bit()
    {
        Assert.True(Units.TryGetConversion("kcal", "kcal", out var same));
        Assert.True(same.IsIdentity);
        foreach (var value in (double[])[0.1, -0.0, double.MaxValue, double.Epsilon, 139.00000000000003])
        {
            Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(same.Apply(value)));
            Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(same.Invert(value)));
        }
    }

    [Theory]
    [InlineData("Cal", "kcal")]
    [InlineData("cal", "cal")]
    [InlineData("CAL", null)]
    [InlineData("KCAL", "kcal")]
    [InlineData("mg", "mg")]
    [InlineData("Mg", "Mg")]
    [InlineData("MG", null)]
    [InlineData("ml", "mL")]
    [InlineData("ML", "ML")]
    [InlineData("ms", "ms")]
    [InlineData("mS", "mS")]
    [InlineData("MS", null)]
    [InlineData("s", "s")]
    [InlineData("S", "S")]
    [InlineData("m", "m")]
    [InlineData("M", null)]
    [InlineData("KG", "kg")]
    [InlineData("Lbs", "[lb_av]")]
    [InlineData("mmhg", "mm[Hg]")]
    [InlineData("kpa", "kPa")]
    [InlineData("iu", "[iU]")]
    public void Letter_case_is_forgiven_only_where_one_unit_can_be_meant(string spelling, string? unit) =>
        Assert.Equal(unit, Units.Find(spelling));

    [Theory]
    [InlineData(" km / hr ", "km/h")]
    [InlineData("kcal/hr\u00B7kg", "kcal/kg/h")]
    [InlineData("kcal/hr*kg", "kcal/kg/h")]
    [InlineData("kcal/(hr\u22C5kg)", "kcal/kg/h")]
    [InlineData("MET", "kcal/kg/h")]
    [InlineData("ml/(kg\u00B7min)", "mL/kg/min")]
    [InlineData("mL/min\u00B7kg", "mL/kg/min")]
    [InlineData("ml/kg/min", "mL/kg/min")]
    [InlineData("\u00B5g", "ug")]
    [InlineData("\u03BCg", "ug")]
    [InlineData("mcg", "ug")]
    [InlineData("mcV", "uV")]
    [InlineData("\u00B0C", "Cel")]
    [InlineData("\u00BAC", "Cel")]
    [InlineData("\u00B0\u202FF", "[degF]")]
    [InlineData("\u2030", "[ppth]")]
    [InlineData("kg/m\u00B2", "kg/m2")]
    [InlineData("mmol<180.1558800000541>/L", "mmol/L")]
    public void Look_alike_characters_and_spaces_do_not_matter(string spelling, string unit) =>
        Assert.Equal(unit, Units.Find(spelling));

    [Theory]
    [InlineData("widgets")]
    [InlineData("fl oz")]
    [InlineData("calories")]
    [InlineData("1")]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData(null)]
    public void What_could_mean_two_things_or_nothing_is_not_a_unit(string? spelling)
    {
        Assert.Null(Units.Find(spelling));
        Assert.False(Units.TryGetConversion(spelling, "kcal", out var conversion));
        Assert.True(conversion.IsIdentity);
    }

    [Fact]
    public void Units_of_different_dimensions_do_not_convert() =>
        Assert.False(Units.TryGetConversion("km", "kcal", out _));
}
