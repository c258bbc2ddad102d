using System.Globalization;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Plans;

/// <summary>Pushes of a life that is recorded evenly: so many rows that it matters how they are found.</summary>
static class PlannedPushes
{
    /// <summary>Where the histories begin.</summary>
    public static readonly DateTimeOffset Start = new(2021, 1, 1, 0, 0, 0, TimeSpan.FromHours(1));

    /// <summary>Beats with least, mean and most: every third from a phone, the rest from a watch.</summary>
    public static string HeartRates(DateTimeOffset start, int count, TimeSpan stride) => Metric(
        "heart_rate", "count/min",
        from i in Enumerable.Range(0, count)
        let source = i % 3 == 0 ? "Phone" : "Watch"
        select FormattableString.Invariant($$"""
            {"date":"{{Date(start + i * stride)}}","Min":{{50 + i % 40}},"Avg":{{60 + i % 40}},"Max":{{70 + i % 40}},
            "source":"{{source}}"}
            """));

    /// <summary>1 to 500, again and again.</summary>
    public static string Quantities(string name, string unit, DateTimeOffset start, int count, TimeSpan stride) =>
        Metric(
            name, unit,
            from i in Enumerable.Range(0, count)
            select FormattableString.Invariant($$"""
                {"date":"{{Date(start + i * stride)}}","qty":{{i % 500 + 1}},"source":"Watch"}
                """));

    public static string BloodPressures(DateTimeOffset start, int count) => Metric(
        "blood_pressure", "mmHg",
        from i in Enumerable.Range(0, count)
        select FormattableString.Invariant($$"""
            {"date":"{{Date(start.AddDays(i))}}","systolic":{{110 + i % 30}},"diastolic":{{70 + i % 20}},
            "source":"Cuff"}
            """));

    /// <summary>Nights from 22 to 6, as sums or as what they were made of.</summary>
    public static string Nights(DateTimeOffset start, int count, bool asStages) => Metric(
        "sleep_analysis", "hr",
        from i in Enumerable.Range(0, count)
        let bed = start.AddDays(i).AddHours(22)
        from part in asStages ? Enumerable.Range(0, 8).Select(hour => Stage(bed.AddHours(hour), hour)) : [Night(bed)]
        select part);

    static string Stage(DateTimeOffset start, int hour) => $$"""
        {"startDate":"{{Date(start)}}","endDate":"{{Date(start.AddHours(1))}}","qty":1,
        "value":"{{(hour % 2 == 0 ? "Core" : "Deep")}}","source":"Watch"}
        """;

    static string Night(DateTimeOffset bed) => $$"""
        {"date":"{{Date(bed.AddHours(8))}}","asleep":7.5,"core":4,"deep":1.5,"rem":2,"awake":0.5,"inBed":8,
        "sleepStart":"{{Date(bed)}}","sleepEnd":"{{Date(bed.AddHours(8))}}","source":"Watch"}
        """;

    /// <summary>A run a day, each with a route at a place of its own.</summary>
    public static string Runs(DateTimeOffset start, int first, int count) =>
        Workouts(Enumerable.Range(first, count).Select(i => Run(start.AddDays(i), i)));

    public static string Workouts(IEnumerable<string> workouts) => Section("workouts", workouts);

    public static Guid RunId(int number) => new(number, 7, 7, new byte[8]);

    static string Run(DateTimeOffset at, int number)
    {
        var (latitude, longitude) = (40 + number % 20 * 0.5, 5 + number / 20 * 0.25);
        var route = Enumerable.Range(0, 20).Select(step => FormattableString.Invariant($$"""
            {"lat":{{latitude + step * 0.0001}},"lon":{{longitude}},"time":"{{Iso(at.AddSeconds(step))}}"}
            """));
        return $$"""
            {"type":"Workout","id":"{{RunId(number)}}","workout_type":"Outdoor Run","start_time":"{{Iso(at)}}",
            "end_time":"{{Iso(at.AddMinutes(30))}}","distance_meters":5000,"source":"Watch",
            "route":[{{string.Join(",", route)}}]}
            """;
    }

    public static string Symptoms(DateTimeOffset start, int count) =>
        Section("symptoms", Enumerable.Range(0, count).Select(i => Symptom(start.AddHours(i))));

    static string Symptom(DateTimeOffset at) => $$"""
        {"start":"{{Date(at)}}","end":"{{Date(at)}}","name":"Headache","severity":"Mild","source":"Me"}
        """;

    public static string Metric(string name, string unit, IEnumerable<string> points) =>
        $$$"""
        {"data":{"metrics":[{"name":"{{{name}}}","units":"{{{unit}}}","data":[{{{string.Join(",", points)}}}]}]}}
        """;

    static string Section(string name, IEnumerable<string> items) =>
        $$$"""{"data":{"{{{name}}}":[{{{string.Join(",", items)}}}]}}""";

    static string Date(DateTimeOffset at) => PhoneDates.Usual(at);

    static string Iso(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
}
