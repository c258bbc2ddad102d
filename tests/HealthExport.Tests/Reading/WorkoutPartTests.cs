using System.Text;
using HealthExport.Pushes;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Tests.Reading;

/// <summary>Files of one workout: its series and its route as CSV, its route as GPX.</summary>
public sealed class WorkoutPartTests
{
    static Outcome Read(string text, string type, string? zone = "Europe/Berlin") =>
        Outcome.Of(text, Outcome.Context(zone: zone) with { ContentType = type });

    static Outcome Csv(string text, string? name = null, string? zone = "Europe/Berlin") =>
        Read(text, name is null ? "text/csv" : PayloadName.AddTo("text/csv", name), zone);

    static Outcome Gpx(string text, string? name = null) =>
        Read(text, name is null ? GpxType.Name : PayloadName.AddTo(GpxType.Name, name), null);

    static long Second(Instant at) =>
        (at.Microseconds - Instant.From(new DateTimeOffset(2026, 1, 15, 7, 0, 0, TimeSpan.Zero)).Microseconds)
        / Instant.PerSecond;

    [Fact]
    public void The_heart_rate_is_a_series_with_bounds_in_the_users_zone()
    {
        var outcome = Csv(
            "\uFEFFDate/Time,Min (bpm),Max (bpm),Avg (bpm),Context,Source\r\n"
            + "2026-01-15 08:00:01,101,120,110.5,Active,Watch\r\n2026-01-15 08:00:06,,,111,Active,Watch\r\n",
            "/private/var/Outdoor Run-Heart Rate-20260115_080000.csv");
        var part = Assert.Single(outcome.Parts);
        Assert.Equal(("running", "heart_rate", "/min"), (part.Activity, part.Series!.Name, part.Series.Unit));
        Assert.Equal([1, 6], part.Series.Times.Select(Second));
        Assert.Equal([110.5, 111], part.Series.Values);
        Assert.Equal([101, double.NaN], part.Series.Min!);
        Assert.Equal([120, double.NaN], part.Series.Max!);
        Assert.Empty(outcome.Rejects);
        Assert.Empty(outcome.Warnings);
    }

    [Theory]
    [InlineData("Cycling Distance (km)", "0.4", "cycling_distance", "m", 400)]
    [InlineData("Cycling Distance (mi)", "1", "cycling_distance", "m", 1609.344)]
    [InlineData("Active Energy (kJ)", "8.368", "active_energy", "kcal", 2)]
    [InlineData("Cycling Cadence (count/min)", "80", "cycling_cadence", "/min", 80)]
    [InlineData("Step Count (count)", "12", "step_count", "{steps}", 12)]
    [InlineData("Walking + Running Distance (m)", "12", "walking_running_distance", "m", 12)]
    [InlineData("Swimming Stroke Count (count)", "12", "swim_stroke", "{strokes}", 12)]
    [InlineData("Swimming Distance (yd)", "25", "swim_distance", "m", 22.86)]
    [InlineData("Paddling Power (W)", "12", "paddling_power", "W", 12)]
    public void A_quantity_is_a_series_named_and_measured_as_in_JSON(
        string heading, string sent, string name, string unit, double value)
    {
        foreach (var file in new[] { null, $"Indoor Cycling-{heading[..heading.IndexOf(" (", StringComparison.Ordinal)]}-20260115_080000.csv" })
        {
            var part = Assert.Single(
                Csv($"Date/Time,{heading},Source\n2026-01-15T07:00:00Z,{sent},Watch\n", file, zone: null).Parts);
            Assert.Equal(
                (file is null ? null : "cycling", name, unit), (part.Activity, part.Series!.Name, part.Series.Unit));
            Assert.Equal(value, Assert.Single(part.Series.Values), 1e-9);
        }
    }

    [Fact]
    public void A_file_of_one_quantity_without_sources_is_of_a_workout_only_by_its_name()
    {
        const string File = "Date/Time,Step Count (count)\n2026-01-15 08:00:00,12\n";
        Assert.Single(Csv(File, "Walking-Step Count-20260115_080000.csv").Parts);
        Assert.Single(Csv(File, "HealthMetrics-2026-01-15.csv").Rows);
        Assert.Single(Csv(File).Rows);
    }

    [Fact]
    public void A_route_is_read_in_metres_whatever_the_profile_and_without_what_was_not_measured()
    {
        var outcome = Csv(
            "Timestamp,Latitude,Longitude,Altitude (ft),Vertical Accuracy (ft),Horizontal Accuracy (m),Speed (km/hr),Course (deg)\n"
            + "2026-01-15 08:00:02,52.5,13.4,100,10,4,36,270\n2026-01-15 08:00:01,52.6,13.5,,,-1,-1,-1\n"
            + "2026-01-15 08:00:03,95,13.5,,,,,\nnever,52.6,13.5,,,,,\n2026-01-15 08:00:04,north,13.5,,,,,\n",
            "Outdoor Walk-Route-20260115_080000.csv");
        var part = Assert.Single(outcome.Parts);
        var route = part.Route!;
        Assert.Equal("walking", part.Activity);
        Assert.Equal([1, 2], route.Times.Select(Second));
        Assert.Equal([52.6, 52.5], route.Latitudes);
        Assert.Equal([13.5, 13.4], route.Longitudes);
        Assert.Equal([double.NaN, 30.48], route.Altitudes);
        Assert.Equal([double.NaN, 10], route.Speeds!);
        Assert.Equal([double.NaN, 270], route.Courses!);
        Assert.Equal([double.NaN, 4], route.HorizontalAccuracies!);
        Assert.Equal([double.NaN, 3.048], route.VerticalAccuracies!.Select(metres => Math.Round(metres, 9)));
        Assert.StartsWith("3 points", Assert.Single(outcome.Warnings).Warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_and_units_that_are_not_known_are_counted_as_drift()
    {
        Assert.Equal(
            ["Field workouts.route Mood 1", "Unit workouts.route.Speed parsec 1"],
            Drift("Timestamp,Latitude,Longitude,Speed (parsec),Mood\n2026-01-15 08:00:00,1,2,3,4\n"));
        Assert.Equal(
            ["Field workouts.heart_rate Mood 1", "Unit workouts.heart_rate parsec 1"],
            Drift("Date/Time,Avg (parsec),Mood,Context,Source\n2026-01-15 08:00:00,1,2,3,4\n"));
        Assert.Empty(Drift("Date/Time,Min (bpm),Max (bpm),Avg (bpm),Context,Source\n2026-01-15 08:00:00,1,2,3,4,5\n"));

        static IEnumerable<string> Drift(string file) => Csv(file).Drift
            .Select(note => $"{note.Kind} {note.ItemType} {note.Name} {note.Items}").Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Times_without_a_zone_are_rejected_with_what_to_do_and_a_broken_file_whole()
    {
        var file = "Date/Time,Active Energy (kcal),Source\n2026-01-15 08:00:00,1,Watch\n";
        var outcome = Csv(file, zone: null);
        Assert.Equal(["0 unreadable_item"], outcome.Codes);
        Assert.Contains("zone", outcome.Rejects[0].Hint, StringComparison.Ordinal);
        Assert.Empty(outcome.Parts);

        outcome = Csv(file + "\"2026-01-15 08:00:00,1,Watch\n");
        Assert.Equal(["1 unreadable_item"], outcome.Codes);
        Assert.Empty(outcome.Parts);
        Assert.Empty(Csv("Date/Time,Active Energy (kcal),Source\n").Lines());
    }

    [Fact]
    public void The_tracks_of_a_GPX_file_are_routes_with_what_Apple_adds()
    {
        var outcome = Gpx(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">
              <metadata><name>not a track</name><time>2019-11-07T03:43:52Z</time></metadata>
              <wpt lat="1" lon="2"><ele>3</ele><time>2026-01-15T07:00:00Z</time></wpt>
              <trk><name>Route 2026-01-15</name><type>Outdoor Run</type>
                <trkseg>
                  <trkpt lon="13.4" lat="52.5"><ele>34.5</ele><time>2026-01-15T07:00:02Z</time>
                    <extensions><speed>2.5</speed><course>90</course><hAcc>8.1</hAcc><vAcc>-1</vAcc></extensions></trkpt>
                </trkseg>
                <trkseg>
                  <trkpt lon="13.5" lat="52.6"><time>2026-01-15T07:00:03</time></trkpt>
                  <trkpt lon="13.5" lat="52.6"/>
                  <trkpt lon="13.5" lat="north"><time>2026-01-15T07:00:03Z</time></trkpt>
                </trkseg>
              </trk>
              <trk><trkseg/></trk>
              <trk/>
              <trk><trkseg><trkpt lat="1" lon="2"><ele>1</ele></trkpt></trkseg></trk>
              <trk><trkseg><trkpt lat="1" lon="2"><time>2026-01-15T08:00:00.5+01:00</time></trkpt></trkseg></trk>
            </gpx>
            """);
        Assert.Equal(PayloadFormat.Gpx, outcome.Format);
        Assert.Equal(["running", null], outcome.Parts.Select(part => part.Activity));
        Assert.Equal([0, 2], outcome.Parts.Select(part => part.ItemIndex));
        var route = outcome.Parts[0].Route!;
        Assert.Equal([2, 3], route.Times.Select(Second));
        Assert.Equal([52.5, 52.6], route.Latitudes);
        Assert.Equal([13.4, 13.5], route.Longitudes);
        Assert.Equal([34.5, double.NaN], route.Altitudes);
        Assert.Equal([2.5, double.NaN], route.Speeds!);
        Assert.Equal([90, double.NaN], route.Courses!);
        Assert.Equal([8.1, double.NaN], route.HorizontalAccuracies!);
        Assert.Null(route.VerticalAccuracies);
        Assert.StartsWith("2 points", Assert.Single(outcome.Warnings).Warning, StringComparison.Ordinal);
        Assert.Equal(["1 unreadable_item"], outcome.Codes);
    }

    [Fact]
    public void The_name_of_a_GPX_file_says_the_activity()
    {
        const string File =
            """<gpx><trk><trkseg><trkpt lat="1" lon="2"><time>2026-01-15T07:00:00Z</time></trkpt></trkseg></trk></gpx>""";
        Assert.Equal("walking", Assert.Single(Gpx(File, "Walk-Route-20260115_080000.gpx").Parts).Activity);
        Assert.Equal(
            "cross_country_skiing",
            Assert.Single(Gpx(File, "Cross-Country Skiing-Route-20260115_080000.gpx").Parts).Activity);
        Assert.Null(Assert.Single(Gpx(File, "route_2026-01-15_8.00am.gpx").Parts).Activity);
    }

    [Theory]
    [InlineData("", "well-formed")]
    [InlineData("<html></html>", "root")]
    [InlineData("<!DOCTYPE gpx [<!ENTITY a \"b\">]><gpx>&a;</gpx>", "XML")]
    [InlineData("<!DOCTYPE gpx SYSTEM \"file:///etc/passwd\"><gpx/>", "XML")]
    [InlineData("<gpx>\n<trk>\n<trkseg></gpx>", "line 3")]
    public void What_is_no_GPX_is_one_reject_that_says_where(string file, string where)
    {
        var outcome = Gpx(file);
        Assert.Equal(["0 unreadable_item"], outcome.Codes);
        Assert.Contains(where, outcome.Rejects[0].Error, StringComparison.Ordinal);
        Assert.Empty(outcome.Parts);
    }

    [Fact]
    public void A_tag_that_does_not_end_is_not_held_in_memory()
    {
        var outcome = Gpx("<gpx><trk><trkseg><trkpt lat=\"1\" lon=\">" + new string('1', 3 << 20) + "\"/></trkseg></trk></gpx>");
        Assert.Equal(["0 unreadable_item"], outcome.Codes);
    }

    [Fact]
    public void Depth_and_names_without_end_are_refused_as_soon_as_there_are_too_many()
    {
        var deep = Gpx("<gpx>" + string.Concat(Enumerable.Repeat("<a>", 100_000)));
        Assert.Equal(["0 unreadable_item"], deep.Codes);
        Assert.Equal(
            "The file has elements within more than 32 others at its line 1, column 103, as none of GPX has",
            deep.Rejects[0].Error);
        foreach (var many in (string[])
            [
                string.Concat(Enumerable.Range(0, 50_000).Select(n => $"<n{n}/>")),
                string.Concat(Enumerable.Range(0, 50_000).Select(n => $"<a n{n}=\"\"/>")),
                string.Concat(Enumerable.Range(0, 50_000).Select(n => $"<a xmlns=\"n{n}\"/>")),
                string.Concat(Enumerable.Range(0, 50).Select(n => $"<{new string('x', 50_000 + n)}/>")),
            ])
        {
            var outcome = Gpx($"<gpx>\n{many}</gpx>");
            Assert.Equal(["0 unreadable_item"], outcome.Codes);
            Assert.Contains("names", outcome.Rejects[0].Error, StringComparison.Ordinal);
            Assert.Contains(" at its line 2, column ", outcome.Rejects[0].Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Tracks_before_the_fault_hold()
    {
        var outcome = Gpx(
            """<gpx><trk><trkseg><trkpt lat="1" lon="2"><time>2026-01-15T07:00:00Z</time></trkpt></trkseg></trk><trk>""");
        Assert.Single(outcome.Parts);
        Assert.Equal(["1 unreadable_item"], outcome.Codes);
    }

    [Fact]
    public void However_the_bytes_arrive_and_whatever_they_are_nothing_is_thrown()
    {
        var file = Encoding.UTF8.GetBytes(
            """
            <gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><name>Run &amp; walk</name><trkseg>
            <trkpt lat="1" lon="2"><ele>3</ele><time>2026-01-15T07:00:00Z</time><extensions><speed>1</speed></extensions></trkpt>
            </trkseg></trk></gpx>
            """);
        var context = Outcome.Context() with { ContentType = GpxType.Name };
        var whole = Outcome.Of(file, context);
        Assert.Equal(whole.Lines(), Outcome.Of(TricklingStream.ByteByByte(file), context).Lines());
        Assert.Single(whole.Parts);
        var random = new Random(1);
        for (var run = 0; run < 500; run++)
        {
            var bytes = (byte[])file.Clone();
            for (var change = random.Next(1, 5); change > 0; change--)
                bytes[random.Next(bytes.Length)] = "<>/\"&;=x0\0\u00ff !-"u8[random.Next(15)];
            var outcome = Outcome.Of(bytes, context);
            Assert.True(outcome.Parts.Count + outcome.Rejects.Count <= 2);
        }
    }

    static readonly Workout s_run = new()
    {
        NameAsSent = "Run", Activity = "running", StartAt = At(0), EndAt = At(1_800), OffsetMinutes = 0,
    };

    static Instant At(long second) => new(second * Instant.PerSecond);

    static WorkoutPart Part(long from, long to, string? activity = null) => new()
    {
        Activity = activity, Series = new("heart_rate", "/min", [At(from), At(to)], [1, 2], null, null),
    };

    [Theory]
    [InlineData(0, 1_800, null, true)]
    [InlineData(0, 1_800, "running", true)]
    [InlineData(0, 1_800, "walking", false)]
    [InlineData(-60, -60, null, true)] // a watch starts a little early
    [InlineData(-61, -61, null, false)]
    [InlineData(1_801, 2_100, "running", true)] // the heart rate's recovery
    [InlineData(2_102, 2_200, null, false)]
    [InlineData(-60, 3_700, null, true)]
    [InlineData(-60, 4_300, null, false)] // a hike of which the run is the smaller part
    public void A_part_belongs_to_a_workout_that_holds_at_least_half_of_it(
        long from, long to, string? activity, bool isOwn)
    {
        Assert.Equal(isOwn ? s_run : null, Part(from, to, activity).FindOwn([s_run]));
        var unknown = s_run with { Activity = null };
        Assert.Equal(isOwn || activity == "walking" ? unknown : null, Part(from, to, activity).FindOwn([unknown]));
    }

    [Fact]
    public void Of_several_it_belongs_to_the_nearest()
    {
        var cooldown = s_run with { StartAt = At(1_800), EndAt = At(2_100), Activity = "cooldown" };
        var walk = s_run with { StartAt = At(0), EndAt = At(41), Activity = "walking" };
        Workout[] all = [walk, cooldown, s_run];
        Assert.Equal(s_run, Part(3, 1_790).FindOwn(all));
        Assert.Equal(cooldown, Part(1_805, 2_095).FindOwn(all));
        Assert.Equal(walk, Part(1, 40).FindOwn(all));
        Assert.Equal(s_run, Part(1, 40, "running").FindOwn(all));
        Assert.Null(Part(5_000, 6_000).FindOwn(all));
    }

    [Fact]
    public void What_is_there_gives_way_only_to_what_says_as_much()
    {
        var sent = Part(0, 10);
        var stored = s_run with { Series = [sent.Series!] };
        Assert.Null(sent.FindNews(stored));
        Assert.NotNull(sent.FindNews(s_run));
        var other = sent with { Series = sent.Series! with { Values = [3, 4] } };
        Assert.Equal([3.0, 4], other.FindNews(stored)!.Series.Single().Values);
        var fuller = stored with { Series = [sent.Series! with { Min = [0, 0] }] };
        Assert.Null(other.FindNews(fuller));
        var shorter = Part(0, 10) with { Series = new("heart_rate", "/min", [At(1)], [9], [8], [10]) };
        Assert.Null(shorter.FindNews(stored));
    }
}
