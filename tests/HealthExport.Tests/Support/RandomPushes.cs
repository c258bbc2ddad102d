using System.Globalization;

namespace HealthExport.Tests.Support;

/// <summary>
/// Random pushes with known truth: some metrics, each in a unit, a grain and a look of its own, some points of which
/// are bad in a known way. The same seed gives the same push.
/// </summary>
static class RandomPushes
{
    static readonly TimeSpan[] Offsets =
    [
        TimeSpan.Zero, TimeSpan.FromHours(1), TimeSpan.FromHours(-8), new(9, 30, 0), new(13, 45, 0), new(-3, -30, 0),
        new(5, 45, 0),
    ];

    static readonly string?[] Sources =
    [
        null, "Watch", "iPhone", "Watch|iPhone", "iPhone|Watch", "Watch | iPhone|Watch", "Test’s Apple\u00A0Watch",
        "Ünïcode 🏃‍♀️ \"quoted\" \\ / \t 心", "  padded ",
    ];

    static readonly string[] Extras =
        ["""{"key":"value"}""", """{"n":[1,2.5e3,null,true],"deep":{"a":{"b":"\u00e9\\"}}}"""];

    public static SentPush Create(int seed)
    {
        var random = new Random(seed);
        var builder = new PushBuilder(random);
        var day =
            new DateTimeOffset(2024, 1, 1, 0, 0, 0, Offsets[random.Next(Offsets.Length)]).AddDays(random.Next(600));
        var arrays = random.Next(1, 12);
        for (var i = 0; i < arrays; i++)
        {
            var metric = KnownMetric.All[random.Next(KnownMetric.All.Count)];
            FillArray(random, builder, metric, day);
        }
        if (random.Next(3) == 0) FillUnknown(random, builder, day);
        return builder.Build();
    }

    static void FillArray(Random random, PushBuilder builder, KnownMetric metric, DateTimeOffset day)
    {
        var unit = metric.Units[random.Next(metric.Units.Count)];
        var names = metric.Spellings.Count;
        var array =
            builder.Add(metric, unit, random.Next(2) == 0 || names == 0 ? null : metric.Spellings[random.Next(names)]);
        var grain = random.Next(4);
        var points = random.Next(12) == 0 ? 0 : random.Next(1, 60);
        // One point off every coarser boundary, so that the stamps alone tell the grain; the rest may fall anywhere.
        for (var i = 0; i < points; i++)
        {
            var at = Stamp(random, day, grain, i == 0);
            if (random.Next(12) == 0 && i > 0) AddBad(random, array, metric, unit, at);
            else AddGood(random, array, metric, unit, at);
        }
    }

    static DateTimeOffset Stamp(Random random, DateTimeOffset day, int grain, bool isFirst) => grain switch
    {
        0 => day.AddDays(random.Next(40)),
        1 => day.AddHours(isFirst ? 7 : random.Next(24 * 7)),
        2 => day.AddMinutes(isFirst ? 7 : random.Next(60 * 24)),
        _ => day.AddSeconds(isFirst ? 7 : random.Next(60 * 60 * 24)),
    };

    static void AddGood(Random random, ArrayBuilder array, KnownMetric metric, KnownUnit unit, DateTimeOffset at)
    {
        var source = Sources[random.Next(Sources.Length)];
        if (metric == KnownMetric.BloodPressure)
        {
            array.AddBloodPressure(at, Between(random, 95, 140), Between(random, 50, 90), source);
            return;
        }
        if (metric == KnownMetric.HeartRate && random.Next(5) > 0)
        {
            var min = Between(random, 40, 80);
            var max = Between(random, 120, 180);
            array.AddRange(at, min, random.Next(4) == 0 ? null : Between(random, min, max), max, source);
            return;
        }
        array.AddValue(
            at, unit.FromCanonical(Between(random, metric.Lowest, metric.Highest)), source,
            random.Next(6) == 0 ? at.AddSeconds(random.Next(1, 3600)) : null,
            random.Next(20) == 0 ? Extras[random.Next(Extras.Length)] : null);
    }

    static double Between(Random random, double lowest, double highest)
    {
        var value = lowest + random.NextDouble() * (highest - lowest);
        // Rounding on the way to the wire must not leave the bounds.
        return Math.Clamp(value, lowest, highest);
    }

    static void AddBad(Random random, ArrayBuilder array, KnownMetric metric, KnownUnit unit, DateTimeOffset at)
    {
        var good = new JsonText.Raw(
            unit.FromCanonical((metric.Lowest + metric.Highest) / 2).ToString("R", CultureInfo.InvariantCulture));
        var date = array.Date(at);
        switch (random.Next(10))
        {
            case 0:
                array.AddBad(Point(metric, new JsonText.Raw("null"), date), at, "missing_value");
                break;
            case 1:
                array.AddBad(new JsonText.Fields().With("date", date).With("source", "Watch"), at, "missing_value");
                break;
            case 2:
                array.AddBad(Point(metric, random.Next(2) == 0 ? "twelve" : "12,5", date), at, "not_a_number");
                break;
            case 3:
                array.AddBad(Point(metric, good, random.Next(2) == 0 ? "not a date" : "2026-13-45 10:00:00 +0100"),
                    null, "unreadable_date");
                break;
            case 4:
                // Without an offset, for a user without a zone.
                array.AddBad(Point(metric, good, "2026-01-15 14:30:00"), null, "unreadable_date");
                break;
            case 5:
                array.AddBad(
                    Point(metric, good, random.Next(2) == 0 ? "1812-06-24 00:00:00 +0000" : "2199-01-01 00:00:00 +0000"),
                    null, "date_out_of_range");
                break;
            case 6:
                array.AddBad(
                    Point(metric, good, date).With("start", date).With("end", PhoneDates.Usual(at.AddHours(-1))), at,
                    "end_before_start");
                break;
            case 7:
                object?[] none = [null, "text", new JsonText.Raw("17"), new JsonText.Raw("[1]")];
                array.AddBad(none[random.Next(none.Length)], null, "unreadable_item");
                break;
            default:
                var wrong = double.IsNaN(metric.TooHigh) || random.Next(2) == 0 ? metric.TooLow : metric.TooHigh;
                var text = unit.FromCanonical(wrong).ToString("R", CultureInfo.InvariantCulture);
                array.AddBad(Point(metric, new JsonText.Raw(text), date), at, "out_of_range");
                break;
        }
    }

    static JsonText.Fields Point(KnownMetric metric, object value, string date)
    {
        var point = new JsonText.Fields().With("date", date);
        return metric == KnownMetric.BloodPressure
            ? point.With("systolic", value).With("diastolic", value is JsonText.Raw ? value : new JsonText.Raw("70"))
            : point.With(metric == KnownMetric.HeartRate ? "Avg" : "qty", value);
    }

    static void FillUnknown(Random random, PushBuilder builder, DateTimeOffset day)
    {
        var unit = new KnownUnit("widgets/h", x => x, x => x);
        var metric = new KnownMetric(
            $"future_metric_{random.Next(3)}", unit.Spelling, false, -1e300, 1e300, double.NaN, double.NaN, [], [unit]);
        var array = builder.Add(metric, unit);
        for (var i = random.Next(1, 20); i > 0; i--)
            array.AddValue(day.AddSeconds(random.Next(86_400)), BitConverter.UInt64BitsToDouble(0x3FF0_0000_0000_0000UL
                | (ulong)random.NextInt64(1L << 52)), Sources[random.Next(Sources.Length)]);
    }
}
