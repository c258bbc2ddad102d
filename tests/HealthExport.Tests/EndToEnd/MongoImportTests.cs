using System.Text;
using System.Text.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>
/// A household that comes from the app vendor's own server, and whose phone has sent the same history to this one, or has
/// not.
/// </summary>
public sealed class MongoImportTests
{
    // As phones send them, one after the other: by the day, of which one has grown; by the hour; by the minute; and all
    // that is no sum.
    static readonly string[] s_pushes =
    [
        Metric("step_count", "count", """{"date":"2026-03-28 00:00:00 +0100","qty":71,"source":"iPhone"}"""),
        Metric("step_count", "count", """
            {"date":"2026-03-28 00:00:00 +0100","qty":19794.5,"source":"iPhone|Watch"},
            {"date":"2026-03-29 00:00:00 +0100","qty":8000,"source":"iPhone|Watch"},
            {"date":"2026-03-30 00:00:00 +0200","qty":9000.25,"source":"Watch"}
            """),
        Metric("step_count", "count", """
            {"date":"2026-04-01 00:00:00 +0200","qty":5,"source":"Watch"},
            {"date":"2026-04-01 08:00:00 +0200","qty":300.125,"source":"Watch"},
            {"date":"2026-04-01 09:00:00 +0200","qty":400,"source":"Watch"}
            """),
        Metric("step_count", "count", """
            {"date":"2026-04-02 00:00:00 +0200","qty":1,"source":"Watch"},
            {"date":"2026-04-02 00:01:00 +0200","qty":2.5,"source":"Watch"},
            {"date":"2026-04-02 13:00:00 +0200","qty":30,"source":"Watch"}
            """),
        Metric("active_energy", "kJ", """{"date":"2026-03-28 00:00:00 +0100","qty":1000.5,"source":"Watch"}"""),
        Metric("active_energy", "kcal", """{"date":"2026-03-30 00:00:00 +0200","qty":300.3,"source":"Watch"}"""),
        Metric("heart_rate", "count/min", """
            {"date":"2026-03-28 08:00:07 +0100","Min":60,"Avg":61.5,"Max":63,"source":"Watch"},
            {"date":"2026-03-28 08:05:00 +0100","Min":64,"Avg":64,"Max":64,"source":"Watch"},
            {"date":"2026-03-30 08:05:00 +0200","Min":62.1,"Avg":64,"Max":64,"source":"Watch"}
            """),
        Metric("weight_body_mass", "kg", """
            {"date":"2026-03-28 07:00:00 +0100","qty":80.300000000000011,"source":"Scale"}
            """),
        Metric("blood_pressure", "mmHg", """
            {"date":"2026-03-28 07:01:00 +0100","systolic":121,"diastolic":79.5,"source":"Cuff"}
            """),
        Metric("sleep_analysis", "hr", """
            {"date":"2026-03-29 00:00:00 +0100","inBedStart":"2026-03-28 23:00:00 +0100",
             "inBedEnd":"2026-03-29 07:00:00 +0200","sleepStart":"2026-03-28 23:10:00 +0100",
             "sleepEnd":"2026-03-29 06:50:00 +0200","core":3.25,"rem":1.5,"deep":0.75,"awake":0.25,"inBed":7,"asleep":0,
             "totalSleep":5.5,"source":"Watch"}
            """),
        """
        {"data":{"workouts":[{"id":"0B5A1E0C-6F5C-4B7A-9D5E-1C2D3E4F5A6B","name":"Outdoor Run",
          "start":"2026-03-30 07:30:00 +0200","end":"2026-03-30 08:00:00 +0200","duration":1795.5,"isIndoor":false,
          "location":"Outdoor","avgHeartRate":{"qty":151,"units":"count/min"},
          "activeEnergyBurned":{"qty":1200.5,"units":"kJ"},"distance":{"qty":5.1,"units":"km"},
          "temperature":{"qty":11,"units":"degC"},"lapLength":{"qty":400,"units":"m"},
          "heartRateData":[
            {"date":"2026-03-30 07:30:10 +0200","Min":120,"Avg":121.5,"Max":123,"units":"count/min","source":"Watch"},
            {"date":"2026-03-30 07:45:10 +0200","Min":150,"Avg":151,"Max":152,"units":"count/min","source":"Watch"}],
          "route":[
            {"latitude":52.5,"longitude":13.4,"altitude":34.5,"timestamp":"2026-03-30 07:30:01 +0200","speed":2.5,
             "course":90,"horizontalAccuracy":3,"verticalAccuracy":4,"speedAccuracy":0.5,"courseAccuracy":2},
            {"latitude":52.501,"longitude":13.401,"altitude":35,"timestamp":"2026-03-30 07:31:01 +0200","speed":2.75,
             "course":91,"horizontalAccuracy":3,"verticalAccuracy":4,"speedAccuracy":0.5,"courseAccuracy":2}]}]}}
        """,
    ];

    // What is measured, as the vendor's page recommends to send it: by the day, one of which has grown.
    static readonly string[] s_days =
    [
        Metric("resting_heart_rate", "count/min", """
            {"date":"2026-03-28 00:00:00 +0100","qty":58,"source":"iPhone"}
            """),
        Metric("resting_heart_rate", "count/min", """
            {"date":"2026-03-28 00:00:00 +0100","qty":57.5,"source":"iPhone|Watch"},
            {"date":"2026-03-29 00:00:00 +0100","qty":56,"source":"Watch"},
            {"date":"2026-03-30 00:00:00 +0200","qty":55.25,"source":"Watch"}
            """),
    ];

    /// <summary>What a person sees; all of it is in what the vendor's server keeps.</summary>
    static readonly string[] s_views =
    [
        "/v1/series?metrics=step_count,active_energy,heart_rate,weight&bucket=day&from=2026-03-01&to=2026-05-01",
        "/v1/series?metrics=step_count&bucket=hour&from=2026-04-01&to=2026-04-03",
        "/v1/metrics/heart_rate/samples", "/v1/metrics/active_energy/samples", "/v1/metrics/step_count/samples",
        "/v1/metrics/resting_heart_rate/samples", "/v1/blood-pressure", "/v1/sleep?from=2026-03-01&to=2026-05-01",
        "/v1/workouts/0b5a1e0c-6f5c-4b7a-9d5e-1c2d3e4f5a6b/route",
    ];

    static string Metric(string name, string units, string points) =>
        $$$"""{"data":{"metrics":[{"name":"{{{name}}}","units":"{{{units}}}","data":[{{{points}}}]}]}}""";

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task What_the_vendors_server_kept_is_what_the_phone_sent_and_counts_once(Engine engine)
    {
        await using var place = await StorePlace.MakeAsync(engine);
        var vendor = new VendorsServer();
        foreach (var push in s_pushes.Concat(s_days)) vendor.Take(push);
        Write(place, "mongo/resting_heart_rate.json", vendor.Export("resting_heart_rate"));
        Write(place, "mongo/step_count.json", vendor.Export("step_count"));
        Write(place, "mongo/active_energy.json", vendor.Export("active_energy", isCanonical: true));
        Write(place, "mongo/health-auto-export.heart_rate.json", vendor.ExportArray("heart_rate"));
        Write(place, "mongo/weight_body_mass.jsonl", vendor.Export("weight_body_mass", isCanonical: true));
        Write(place, "mongo/blood_pressure (1).json", "\uFEFF" + vendor.ExportArray("blood_pressure", isCanonical: true));
        Write(place, "mongo/sleep_analysis.json", vendor.Export("sleep_analysis"));
        Write(place, "mongo/workout_routes.json", vendor.Export("workout_routes", isCanonical: true));
        Write(place, "mongo/workouts.json", vendor.ExportArray("workouts"));
        using var server = await ServerProcess.StartAsync(place);
        var phone = await AddPersonAsync(place, server, "phone@example.org");
        var mongo = await AddPersonAsync(place, server, "mongo@example.org");
        foreach (var push in s_pushes)
            Assert.Equal("completed", (await phone.PushAsync(Encoding.UTF8.GetBytes(push))).Text("status"));
        foreach (var push in s_days)
            await phone.PushAsync(new ByteArrayContent(Encoding.UTF8.GetBytes(push)), "application/json", "Days");
        var sent = await SeeAsync(phone);

        var imported = await ImportAsync(place, "mongo@example.org");
        Assert.Equal(9, imported.GetProperty("imported").GetInt32());
        Assert.True(imported.GetProperty("counts").GetProperty("rejected").GetInt32() == 0, imported.GetRawText());
        Assert.Equal(sent, await SeeAsync(mongo));

        // The same history by both ways: nothing is there twice, and nothing that only the phone knew is lost.
        var details = (await phone.GetAsync(s_views[^1][..^"/route".Length])).GetRawText();
        var again = await ImportAsync(place, "phone@example.org");
        Assert.Equal(0, again.GetProperty("counts").GetProperty("inserted").GetInt32());
        Assert.Equal(sent, await SeeAsync(phone));
        Assert.Equal(details, (await phone.GetAsync(s_views[^1][..^"/route".Length])).GetRawText());
    }

    [Fact]
    public async Task Without_a_time_zone_no_day_is_guessed()
    {
        await using var place = await StorePlace.MakeAsync(Engine.Sqlite);
        var vendor = new VendorsServer();
        vendor.Take(s_pushes[0]);
        Write(place, "mongo/step_count.json", vendor.Export("step_count"));
        await ServerProcess.RunAsync(place, "user", "add", "anna@example.org");

        var (code, _, error) = await ServerProcess.RunVerbAsync(place, [], "import", "mongo");
        Assert.Equal(1, code);
        Assert.Contains("import it with --time-zone", error, StringComparison.Ordinal);
        var imported = await ServerProcess.RunAsync(place, "import", "mongo", "--time-zone", "Europe/Berlin");
        Assert.Equal(1, imported.GetProperty("counts").GetProperty("inserted").GetInt32());
    }

    static void Write(StorePlace place, string name, string text)
    {
        Directory.CreateDirectory(Path.Combine(place.Folder, Path.GetDirectoryName(name)!));
        File.WriteAllText(Path.Combine(place.Folder, name), text);
    }

    static async Task<PhoneClient> AddPersonAsync(StorePlace place, ServerProcess server, string email)
    {
        await ServerProcess.RunAsync(place, "user", "add", email, "--time-zone", "Europe/Berlin");
        return PhoneClient.Connect(server.Address, await ServerProcess.AddKeyAsync(place, email));
    }

    static Task<JsonElement> ImportAsync(StorePlace place, string email) =>
        ServerProcess.RunAsync(place, "import", "mongo", "--user", email);

    static async Task<string> SeeAsync(PhoneClient person)
    {
        var seen = new StringBuilder();
        foreach (var view in s_views) seen.Append(view).Append('\n').AppendLine((await person.GetAsync(view)).GetRawText());
        return seen.ToString();
    }
}
