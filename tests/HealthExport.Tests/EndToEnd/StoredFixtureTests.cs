using System.Globalization;
using System.Text.Json;
using HealthExport.Storage;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>
/// Sleep, workouts and events of the fixtures, compared with what the file of the store holds, value by value.
/// </summary>
public sealed class StoredFixtureTests(SqliteHousehold household) : IClassFixture<SqliteHousehold>
{
    static readonly Dictionary<string, string> s_stages = new()
    {
        ["In Bed"] = "in_bed", ["InBed"] = "in_bed", ["Core"] = "core", ["Deep"] = "deep", ["REM"] = "rem",
        ["Awake"] = "awake",
        ["Asleep"] = "asleep", ["Unspecified"] = "unspecified",
        ["I sängen"] = "in_bed", ["Kärna"] = "core", ["Djup"] = "deep", ["Vaken"] = "awake", ["Sova"] = "asleep",
    };

    static readonly Dictionary<string, double> s_factors = new()
    {
        ["kcal"] = 1, ["kJ"] = 1 / 4.184, ["m"] = 1, ["km"] = 1_000, ["mi"] = 1_609.344, ["ft"] = 0.3048,
        ["yd"] = 0.9144,
        ["km/hr"] = 1 / 3.6, ["mi/hr"] = 0.44704, ["count/min"] = 1, ["bpm"] = 1, ["spm"] = 1, ["rpm"] = 1, ["W"] = 1,
        ["steps"] = 1, ["count"] = 1,
    };

    [Theory]
    [InlineData("sleep-nonaggregated.json")]
    [InlineData("sleep-nonaggregated-localised-sv.json")]
    public async Task Every_segment_of_sleep_is_stored_once(string name)
    {
        var (payload, tables) = await PushAsync(name);
        var sent = payload.Section("metrics").Single().GetProperty("data").EnumerateArray()
            .Select(segment => (
                Start: Stamp(segment, "startDate")!.Value.ToUniversalTime(),
                End: Stamp(segment, "endDate")!.Value.ToUniversalTime(),
                Stage: s_stages[FixturePayload.Text(segment, "value")!],
                Source: FixturePayload.Text(segment, "source")))
            .Distinct().Order();

        Assert.Equal(sent, tables.Query("""
            select s.*, t.text as source
            from sleep_stages s
            left join sources t on t.user_id = s.user_id and t.id = s.source_id
            where s.user_id = $user
            """)
            .Select(row => (
                Start: StoredTables.At(row["start_at"])!.Value, End: StoredTables.At(row["end_at"])!.Value,
                Stage: (string)row["stage"]!, Source: (string?)row["source"])).Order());
    }

    [Fact]
    public async Task Every_night_is_stored_with_the_minutes_that_were_sent()
    {
        var (payload, tables) = await PushAsync("sleep-variants.json");
        var sent = payload.Section("metrics").Single().GetProperty("data").EnumerateArray()
            .OrderBy(night => Stamp(night, "sleepStart")!.Value).ToList();
        var stored = tables.Query("select * from sleep_sessions where user_id = $user order by start_at");

        Assert.Equal(sent.Count, stored.Count);
        foreach (var (night, row) in sent.Zip(stored))
        {
            var (start, end) = (Stamp(night, "sleepStart")!.Value, Stamp(night, "sleepEnd")!.Value);
            Assert.Equal((start, end),
                (StoredTables.At(row["start_at"])!.Value, StoredTables.At(row["end_at"])!.Value));
            Assert.Equal(start.Offset.TotalMinutes, (long)row["utc_offset"]!);
            Assert.Equal(Stamp(night, "inBedStart"), StoredTables.At(row["in_bed_start_at"]));
            Assert.Equal(Stamp(night, "inBedEnd"), StoredTables.At(row["in_bed_end_at"]));
            foreach (var (field, column) in new[]
            {
                ("inBed", "in_bed_minutes"), ("core", "core_minutes"), ("deep", "deep_minutes"), ("rem", "rem_minutes"),
                ("awake", "awake_minutes"),
            })
                Assert.Equal(Minutes(night, field), row[column]);
            var stages = (Minutes(night, "core") ?? 0) + (Minutes(night, "deep") ?? 0) + (Minutes(night, "rem") ?? 0);
            var asleep = Math.Max(Math.Max(Minutes(night, "asleep") ?? 0, Minutes(night, "totalSleep") ?? 0), stages);
            Assert.Equal(Math.Min(asleep, (end - start).TotalMinutes), (double)row["asleep_minutes"]!, 1e-9);
        }
    }

    [Theory]
    [InlineData("workouts-v1-all-fields.json")]
    [InlineData("workouts-v2-all-fields.json")]
    [InlineData("workouts-v2-localised-names.json")]
    [InlineData("workouts-v2-minimal.json")]
    public async Task Every_workout_is_stored_with_its_figures_its_series_and_its_route(string name)
    {
        var (payload, tables) = await PushAsync(name);
        var sent = payload.Section("workouts").OrderBy(workout => Stamp(workout, "start")!.Value).ToList();
        var stored = tables.Query("select * from workouts where user_id = $user order by start_at");

        Assert.Equal(sent.Count, stored.Count);
        foreach (var (workout, row) in sent.Zip(stored))
        {
            Assert.Equal(FixturePayload.Text(workout, "name"), row["name_as_sent"]);
            Assert.Equal(Stamp(workout, "start"), StoredTables.At(row["start_at"]));
            Assert.Equal(Stamp(workout, "end"), StoredTables.At(row["end_at"]));
            if (FixturePayload.Text(workout, "id") is { } id)
                Assert.Equal(Guid.Parse(id), new Guid((byte[])row["id"]!, bigEndian: true));
            AssertNear(Figure(workout, "duration"), row["duration_s"]);
            AssertNear(Figure(workout, "activeEnergyBurned") ?? Figure(workout, "activeEnergy"),
                row["active_energy_kcal"]);
            AssertNear(Figure(workout, "totalEnergy"), row["total_energy_kcal"]);
            AssertNear(Figure(workout, "distance"), row["distance_m"]);
            AssertNear(Figure(workout, "avgSpeed") ?? Figure(workout, "speed"), row["speed_avg_mps"]);
            AssertNear(Figure(workout, "maxSpeed"), row["speed_max_mps"]);
            AssertNear(Figure(workout, "elevationUp"), row["elevation_up_m"]);
            AssertNear(Figure(workout, "elevationDown"), row["elevation_down_m"]);
            AssertNear(Figure(workout, "stepCadence"), row["step_cadence_per_min"]);
            AssertNear(Figure(workout, "avgHeartRate") ?? HeartRate(workout, "avg"), row["heart_rate_avg"]);
            AssertNear(Figure(workout, "maxHeartRate") ?? HeartRate(workout, "max"), row["heart_rate_max"]);
            Assert.Equal(FixturePayload.Text(workout, "location"), row["location"]);
            AssertSeries(workout, tables, (byte[])row["id"]!);
            AssertRoute(workout, tables, (byte[])row["id"]!);
        }
    }

    [Theory]
    [InlineData("cycle-tracking.json", "cycleTracking")]
    [InlineData("heart-rate-notifications-as-documented.json", "heartRateNotifications")]
    [InlineData("heart-rate-notifications-real-shape.json", "heartRateNotifications")]
    [InlineData("state-of-mind-as-documented.json", "stateOfMind")]
    [InlineData("state-of-mind.json", "stateOfMind")]
    [InlineData("symptoms.json", "symptoms")]
    [InlineData("envelopes/unknown-section.json", "audiograms")]
    public async Task Every_event_is_kept_as_it_was_sent(string name, string section)
    {
        var (payload, tables) = await PushAsync(name);
        var stored = tables.Query("select * from health_events where user_id = $user");

        Assert.Equal(payload.Section(section).Count(), stored.Count);
        foreach (var sent in payload.Section(section))
        {
            var row = Assert.Single(stored, each => Says(each, sent));
            Assert.Equal(Stamp(sent, "start"), StoredTables.At(row["start_at"]));
            Assert.Equal(Stamp(sent, "end"), StoredTables.At(row["end_at"]));
        }
    }

    [Theory]
    [InlineData("medications.json")]
    [InlineData("medications-localised-es.json")]
    public async Task Of_one_dose_the_last_word_counts(string name)
    {
        var (payload, tables) = await PushAsync(name);
        var stored = tables.Query("select * from health_events where user_id = $user");
        var last = payload.Section("medications")
            .GroupBy(dose => (FixturePayload.Text(dose, "displayText")!.Trim(),
                Stamp(dose, "scheduledDate") ?? Stamp(dose, "start")))
            .Select(dose => dose.Last()).ToList();

        Assert.Equal(last.Count, stored.Count);
        foreach (var dose in last)
        {
            var row = Assert.Single(stored, each => Says(each, dose));
            Assert.Equal(FixturePayload.Text(dose, "status"), row["text"]);
        }
        Assert.All(stored, row => Assert.NotNull(row["code"]));
    }

    [Theory]
    [InlineData("ecg-as-documented.json")]
    [InlineData("ecg-bad-epoch.json")]
    [InlineData("ecg-no-voltages.json")]
    [InlineData("ecg-small-epoch.json")]
    public async Task Every_voltage_is_stored(string name)
    {
        var (payload, tables) = await PushAsync(name);
        var ecg = payload.Section("ecg").Single();
        var sent = ecg.TryGetProperty("voltageMeasurements", out var points)
            ? points.EnumerateArray().Select(point => point.GetProperty("voltage").GetDouble()).ToArray()
            : [];
        var row = Assert.Single(tables.Query("""
            select e.*, v.frequency_hz, v.start_at as voltages_from, v.microvolts
            from health_events e
            left join ecg_voltages v on v.user_id = e.user_id and v.kind = e.kind and v.identity = e.identity
            where e.user_id = $user
            """));

        Assert.Equal(Stamp(ecg, "start"), StoredTables.At(row["start_at"]));
        Assert.Equal(FixturePayload.Text(ecg, "classification"), row["text"]);
        Assert.NotNull(row["code"]);
        Assert.Equal(sent, row["microvolts"] is null ? [] : StoredTables.Array<double>(row["microvolts"]));
        if (sent.Length == 0) return;
        Assert.Equal(512.0, row["frequency_hz"]);
        Assert.InRange(
            StoredTables.At(row["voltages_from"])!.Value, Stamp(ecg, "start")!.Value,
            Stamp(ecg, "start")!.Value.AddSeconds(1));
    }

    async Task<(FixturePayload Payload, StoredTables Tables)> PushAsync(string name)
    {
        var person = await household.AddPersonAsync("Europe/Berlin");
        var payload = new FixturePayload(name);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await person.Phone.PushAsync(payload.Body)).Code);
        return (payload, new(household.DatabasePath, person.UserId));
    }

    static void AssertSeries(JsonElement workout, StoredTables tables, byte[] id)
    {
        var stored = tables.Query("select * from workout_series where user_id = $user")
            .Where(row => ((byte[])row["workout_id"]!).AsSpan().SequenceEqual(id)).ToList();
        var sent = workout.EnumerateObject()
            .Where(field => field.Name != "route" && field.Value.ValueKind == JsonValueKind.Array)
            .Select(field => field.Value.EnumerateArray().ToList()).Where(points => points.Count > 0).ToList();

        Assert.Equal(sent.Count, stored.Count);
        foreach (var points in sent)
        {
            var values = points.Select(point => point.TryGetProperty("Avg", out _) ? Figure(point, "Avg", point)
                : Figure(point, "qty", point))
                .Select(value => value!.Value).ToArray();
            var times = points.Select(point => Stamp(point, "date")!.Value.ToUniversalTime()).ToArray();
            Assert.Single(stored, row =>
                StoredTables.Array<long>(row["times"]).Select(time => StoredTables.At(time)!.Value).SequenceEqual(times)
                && StoredTables.Array<double>(row["vals"]).Zip(values).All(pair => IsNear(pair.First, pair.Second)));
        }
    }

    static void AssertRoute(JsonElement workout, StoredTables tables, byte[] id)
    {
        var row = tables.Query("select * from workout_routes where user_id = $user")
            .SingleOrDefault(each => ((byte[])each["workout_id"]!).AsSpan().SequenceEqual(id));
        var points = workout.TryGetProperty("route", out var route) && route.ValueKind == JsonValueKind.Array
            ? route.EnumerateArray().ToList()
            : [];
        Assert.Equal(points.Count > 0, row is not null);
        if (row is null) return;
        var stored = RouteBlob.Read((byte[])row["points"]!);

        Assert.Equal(points.Select(point => Stamp(point, "timestamp")!.Value), stored.Times.Select(time => time.At(0)));
        Assert.Equal(points.Select(point => Either(point, "latitude", "lat")), stored.Latitudes);
        Assert.Equal(points.Select(point => Either(point, "longitude", "lon")), stored.Longitudes);
        Assert.Equal(points.Select(point => Either(point, "altitude", "altitude")), stored.Altitudes);
    }

    static double Either(JsonElement point, string name, string other) =>
        point.TryGetProperty(name, out var value) ? value.GetDouble() : point.GetProperty(other).GetDouble();

    /// <summary>
    /// A quantity with a unit, or a plain number, in the unit of the column; null for none and for the zero of version
    /// 1.
    /// </summary>
    static double? Figure(JsonElement workout, string name, JsonElement? units = null)
    {
        if (!workout.TryGetProperty(name, out var field)) return null;
        if (field.ValueKind == JsonValueKind.Number)
            return units is { } bearer ? field.GetDouble() * s_factors[FixturePayload.Text(bearer, "units")!]
                : field.GetDouble();
        if (field.ValueKind != JsonValueKind.Object || !field.TryGetProperty("qty", out var quantity)) return null;
        var isFirstVersion = !workout.TryGetProperty("id", out _);
        return isFirstVersion && quantity.GetDouble() == 0 ? null
            : quantity.GetDouble() * s_factors[FixturePayload.Text(field, "units")!];
    }

    static double? HeartRate(JsonElement workout, string name)
    {
        if (!workout.TryGetProperty("heartRate", out var rates)) return null;
        var rate =
            rates.EnumerateObject().First(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
        return rate.ValueKind == JsonValueKind.Object ? rate.GetProperty("qty").GetDouble() : rate.GetDouble();
    }

    static double? Minutes(JsonElement night, string name) =>
        night.TryGetProperty(name, out var hours) ? hours.GetDouble() * 60 : null;

    static void AssertNear(double? expected, object? actual) =>
        Assert.True(
            expected is null ? actual is null : actual is double value && IsNear(expected.Value, value),
            string.Create(CultureInfo.InvariantCulture, $"expected {expected}, found {actual}"));

    /// <summary>Equal but for the rounding of one multiplication in place of a division.</summary>
    static bool IsNear(double a, double b) => Math.Abs(a - b) <= Math.Abs(a) * 1e-15;

    static bool Says(Dictionary<string, object?> row, JsonElement sent)
    {
        using var kept = JsonDocument.Parse((byte[])row["payload"]!);
        return JsonElement.DeepEquals(kept.RootElement, sent);
    }

    static DateTimeOffset? Stamp(JsonElement item, string name) =>
        StampText.Read(FixturePayload.Text(item, name), null);
}
