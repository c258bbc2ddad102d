using System.Globalization;
using System.Text;

namespace HealthExport.Benchmarks;

/// <summary>One point of a payload, for the reference to insert.</summary>
/// <param name="Metric">Number of the metric within the payload.</param>
/// <param name="Second">Unix seconds.</param>
readonly record struct Point(int Metric, long Second, double Min, double Avg, double Max);

/// <summary>Makes payloads as phones write them, from a seed: the same every time.</summary>
static class Payloads
{
    const long Start = 1_700_000_000;

    /// <summary>Heart rate, one point every so many seconds, about 90 bytes each.</summary>
    public static (byte[] Body, Point[] Points) HeartRate(
        int count, int seed = 7, long start = Start, int stride = 30)
    {
        var random = new Random(seed);
        var points = new Point[count];
        var body = new MemoryStream(count * 92 + 200);
        Write(body, """{"data":{"metrics":[{"name":"heart_rate","units":"count/min","data":[""");
        for (var i = 0; i < count; i++)
        {
            var b = random.Next(50, 121);
            points[i] = new(0, start + i * (long)stride, b - 5, b + 0.5, b + 8);
            Write(body, string.Create(
                CultureInfo.InvariantCulture,
                $$"""{{(i > 0 ? "," : "")}}{"date":"{{DateOf(points[i].Second)}}","Min":{{b - 5}},"Avg":{{b + 0.5:0.0}},"Max":{{b + 8}},"source":"Apple Watch"}"""));
        }
        Write(body, """]}],"workouts":[]}}""");
        return (body.ToArray(), points);
    }

    static readonly (string Name, string Unit, double Low, double High)[] Kinds =
    [
        ("step_count", "count", 0, 120), ("active_energy", "kJ", 0, 40), ("basal_energy_burned", "kcal", 0.5, 2),
        ("walking_running_distance", "mi", 0, 0.1), ("respiratory_rate", "count/min", 12, 18),
        ("blood_oxygen_saturation", "%", 94, 100), ("heart_rate_variability", "ms", 20, 90),
        ("walking_speed", "km/hr", 3, 6), ("walking_step_length", "cm", 50, 80),
        ("environmental_audio_exposure", "dBASPL", 40, 80), ("physical_effort", "kcal/hr·kg", 1, 6),
        ("time_in_daylight", "min", 0, 1), ("flights_climbed", "count", 0, 3), ("apple_exercise_time", "min", 0, 1),
    ];

    /// <summary>
    /// Many metrics in turn, with nights, blood pressure and <paramref name="workouts"/> workouts of a route and a
    /// heart rate series each.
    /// </summary>
    public static (byte[] Body, Point[] Points) Mixed(int count, int workouts, int seed = 7, long start = Start)
    {
        var random = new Random(seed);
        var points = new List<Point>(count);
        var body = new StringBuilder("""{"data":{"metrics":[""");
        var each = count / (Kinds.Length + 1);
        for (var kind = 0; kind < Kinds.Length; kind++)
        {
            var (name, unit, low, high) = Kinds[kind];
            body.Append(kind > 0 ? "," : "").Append("""{"data":[""");
            for (var i = 0; i < each; i++)
            {
                var value = Math.Round(low + random.NextDouble() * (high - low), 3);
                var second = start + i * 60L;
                points.Add(new(kind, second, double.NaN, value, double.NaN));
                body.Append(i > 0 ? "," : "").Append(CultureInfo.InvariantCulture,
                    $$"""{"qty":{{value}},"source":"Watch|Phone","date":"{{DateOf(second)}}"}""");
            }
            body.Append("],\"units\":\"").Append(unit).Append("\",\"name\":\"").Append(name).Append("\"}");
        }
        body.Append(""",{"name":"blood_pressure","units":"mmHg","data":[""");
        var pressures = count - each * Kinds.Length;
        for (var i = 0; i < pressures; i++)
        {
            var (systolic, diastolic, second) = (random.Next(105, 140), random.Next(65, 90), start + i * 3600L);
            points.Add(new(Kinds.Length, second, double.NaN, systolic, double.NaN));
            body.Append(i > 0 ? "," : "").Append(CultureInfo.InvariantCulture,
                $$"""{"systolic":{{systolic}},"diastolic":{{diastolic}},"date":"{{DateOf(second)}}"}""");
        }
        body.Append("""]},{"name":"sleep_analysis","units":"hr","data":[""");
        for (var night = 0; night < 30; night++)
        {
            var (from, to) = (start + night * 86_400L, start + night * 86_400L + 27_000);
            body.Append(night > 0 ? "," : "").Append(
                $$"""{"date":"{{DateOf(to)}}","sleepStart":"{{DateOf(from)}}","sleepEnd":"{{DateOf(to)}}","core":4.5,"deep":1.5,"rem":1.25,"awake":0.25,"asleep":0,"source":"Watch"}""");
        }
        body.Append("""]}],"workouts":[""");
        for (var i = 0; i < workouts; i++) AppendWorkout(body, random, i, start + i * 43_200L);
        return (Encoding.UTF8.GetBytes(body.Append("]}}").ToString()), [.. points]);
    }

    static void AppendWorkout(StringBuilder body, Random random, int ordinal, long start)
    {
        const int Minutes = 30;
        var id = new byte[16];
        random.NextBytes(id);
        body.Append(ordinal > 0 ? "," : "").Append(CultureInfo.InvariantCulture,
            $$"""{"id":"{{new Guid(id)}}","name":"Outdoor Run","start":"{{DateOf(start)}}","end":"{{DateOf(start + Minutes * 60)}}","duration":{{Minutes * 60}},"distance":{"qty":5.02,"units":"km"},"activeEnergyBurned":{"qty":1500.5,"units":"kJ"},"heartRateData":[""");
        for (var i = 0; i < Minutes; i++)
            body.Append(i > 0 ? "," : "").Append(
                $$"""{"date":"{{DateOf(start + i * 60)}}","Min":{{140 + i % 5}},"Avg":{{143 + i % 5}},"Max":{{150 + i % 5}},"units":"count/min"}""");
        body.Append("""],"route":[""");
        for (var i = 0; i < 100; i++)
            body.Append(i > 0 ? "," : "").Append(CultureInfo.InvariantCulture,
                $$"""{"latitude":{{-15 + i * 1e-4:0.######}},"longitude":{{-30 + i * 1e-4:0.######}},"altitude":12.3,"horizontalAccuracy":4.7,"verticalAccuracy":3.1,"timestamp":"{{DateOf(start + i * 18)}}","speed":2.8,"speedAccuracy":0.4,"course":45,"courseAccuracy":2}""");
        body.Append("]}");
    }

    static string DateOf(long second) => DateTimeOffset.FromUnixTimeSeconds(second).ToString(
        "yyyy-MM-dd HH:mm:ss '+0000'", CultureInfo.InvariantCulture);

    static void Write(MemoryStream body, string text) => body.Write(Encoding.UTF8.GetBytes(text));
}
