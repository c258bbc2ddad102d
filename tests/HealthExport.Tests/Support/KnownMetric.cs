namespace HealthExport.Tests.Support;

/// <summary>
/// A metric as the tests know it, written down once more and apart from the catalogue: name, spellings, and for each
/// unit the definition by which its values become canonical.
/// </summary>
/// <param name="Unit">Canonical.</param>
/// <param name="Lowest">A canonical value well inside the bounds.</param>
/// <param name="Highest">Likewise.</param>
/// <param name="TooLow">A canonical value outside them; NaN if there is none.</param>
/// <param name="TooHigh">Likewise, for a single sample.</param>
sealed record KnownMetric(
    string Name, string Unit, bool IsCumulative, double Lowest, double Highest, double TooLow, double TooHigh,
    IReadOnlyList<string> Spellings, IReadOnlyList<KnownUnit> Units)
{
    static readonly KnownUnit[] Energy =
    [
        new("kcal", x => x, x => x), new("kJ", x => x / 4.184, x => x * 4.184), new("Cal", x => x, x => x),
    ];

    static readonly KnownUnit[] Distance =
    [
        new("m", x => x, x => x), new("km", x => x * 1000, x => x / 1000),
        new("mi", x => x * 1609.344, x => x / 1609.344), new("yd", x => x * 0.9144, x => x / 0.9144),
        new("ft", x => x * 0.3048, x => x / 0.3048),
    ];

    static readonly KnownUnit[] Milligrams =
        [new("mg", x => x, x => x), new("g", x => x * 1000, x => x / 1000), new("mcg", x => x / 1000, x => x * 1000)];

    static readonly KnownUnit[] Grams = [new("g", x => x, x => x), new("mg", x => x / 1000, x => x * 1000)];

    static readonly KnownUnit[] Rate = [Same("count/min"), Same("bpm"), Same("/min")];

    static readonly KnownUnit[] Temperature =
        [Same("degC"), Same("°C"), Same("ºC"), new("degF", x => (x - 32) * 5 / 9, x => x * 9 / 5 + 32)];

    public static readonly KnownMetric StepCount =
        new("step_count", "{steps}", true, 0, 5_000, -3, double.NaN, ["Step Count", "steps"],
            [Same("count"), Same("steps")]);

    public static readonly KnownMetric ActiveEnergy =
        new("active_energy", "kcal", true, 0, 600, -0.5, 25_000, ["active_energy_burned", "Active Energy"], Energy);

    public static readonly KnownMetric HeartRate =
        new("heart_rate", "/min", false, 40, 180, 12, 412, ["Heart Rate"], Rate);

    public static readonly KnownMetric BloodPressure =
        new("blood_pressure", "mm[Hg]", false, 90, 140, 20, 300, ["Blood Pressure"], [Same("mmHg")]);

    public static readonly KnownMetric RestingHeartRate =
        new("resting_heart_rate", "/min", false, 40, 80, 12, 250, ["Resting Heart Rate"], Rate);

    /// <summary>Enough to have every kind of unit, bound and name.</summary>
    public static readonly IReadOnlyList<KnownMetric> All =
    [
        StepCount, ActiveEnergy, HeartRate, BloodPressure, RestingHeartRate,
        new("basal_energy_burned", "kcal", true, 0, 400, -1, 12_000, ["resting_energy"], Energy),
        new("dietary_energy", "kcal", true, 0, 900, -1, 30_000, ["dietary_energy_consumed"], Energy),
        new("walking_running_distance", "m", true, 0, 9_000, -1, 400_000, ["Walking + Running Distance"], Distance),
        new("cycling_distance", "m", true, 0, 40_000, -1, 2_000_000, ["distance_cycling"], Distance),
        new("flights_climbed", "{flights}", true, 0, 30, -2, 3_000, ["Flights Climbed"], [Same("count")]),
        new("apple_exercise_time", "min", true, 0, 50, -1, 2_000, [], [Same("min")]),
        new("dietary_water", "mL", true, 1, 800, -1, 50_000, ["water"],
        [
            Same("mL"), new("L", x => x * 1000, x => x / 1000),
            new("fl_oz_us", x => x * 29.5735295625, x => x / 29.5735295625),
        ]),
        new("caffeine", "mg", true, 0, 300, -1, 9_000, ["dietary_caffeine"], Milligrams),
        new("protein", "g", true, 0, 90, -1, 2_000, ["dietary_protein"], Grams),
        new("weight_body_mass", "kg", false, 45, 140, 0.2, 800, ["body_mass", "Weight/Body Mass"],
        [
            Same("kg"), new("lb", x => x * 0.45359237, x => x / 0.45359237), new("g", x => x / 1000, x => x * 1000),
            new("st", x => x * 6.35029318, x => x / 6.35029318),
        ]),
        new("height", "cm", false, 120, 205, 5, 400, [],
        [
            Same("cm"), new("m", x => x * 100, x => x / 100), new("in", x => x * 2.54, x => x / 2.54),
            new("ft", x => x * 30.48, x => x / 30.48),
        ]),
        new("blood_oxygen_saturation", "%", false, 88, 100, 12, 130, ["oxygen_saturation"], [Same("%")]),
        new("body_temperature", "Cel", false, 35, 40, 12, 70, ["Body Temperature"], Temperature),
        new("blood_glucose", "mg/dL", false, 60, 250, 1, 3_000, [],
            [Same("mg/dL"), new("mmol/L", x => x * 18.015588, x => x / 18.015588)]),
        new("walking_speed", "m/s", false, 0.4, 2.5, -1, 40, [],
        [
            Same("m/s"), new("km/hr", x => x * 5 / 18, x => x * 18 / 5),
            new("mi/hr", x => x * 0.44704, x => x / 0.44704),
            new("ft/s", x => x * 0.3048, x => x / 0.3048),
        ]),
        new("heart_rate_variability", "ms", false, 10, 150, -1, 900, ["Heart Rate Variability"], [Same("ms")]),
        new("respiratory_rate", "/min", false, 8, 30, 0.5, 150, [], Rate),
        new("physical_effort", "kcal/kg/h", false, 1, 12, -1, 90, [], [Same("kcal/hr·kg"), Same("MET")]),
        new("vo2_max", "mL/kg/min", false, 20, 60, 1, 200, ["vo2max", "VO₂ Max"],
            [Same("ml/(kg·min)"), Same("mL/min·kg")]),
        new("environmental_audio_exposure", "dB[SPL]", false, 30, 100, -4, 200, [], [Same("dBASPL")]),
    ];

    static KnownUnit Same(string spelling) => new(spelling, x => x, x => x);
}

/// <summary>One way to write a unit of a metric.</summary>
/// <param name="ToCanonical">By definition, in the order the definition multiplies.</param>
/// <param name="FromCanonical">Near enough to make a value of a wanted size.</param>
sealed record KnownUnit(string Spelling, Func<double, double> ToCanonical, Func<double, double> FromCanonical)
{
    /// <summary>Whether values in this unit are stored as they are.</summary>
    public bool IsCanonical => ToCanonical(7) == 7;
}
