using System.Globalization;
using System.Net;
using System.Xml.Linq;
using System.Xml.Schema;
using HealthExport.Tests.Support;
using static HealthExport.Tests.Server.WorkoutPushes;

namespace HealthExport.Tests.Server;

public sealed class WorkoutRouteTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    static readonly XNamespace Gpx = "http://www.topografix.com/GPX/1/1";

    readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task As_geojson_it_is_a_line_with_what_was_recorded_beside()
    {
        var (key, id) = await PushAsync(
            "Outdoor Run",
            """
            "route":[{"lat":52.5,"lon":13.4000000001,"altitude":34.5,"time":"2026-01-15T07:00:00Z","speed":2.5},
                     {"lat":52.6,"lon":13.5,"time":"2026-01-15T07:00:01.25Z","course":90}]
            """);

        using var response = await _server.GetAsync(key, $"/v1/workouts/{id}/route");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/geo+json", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(
            $$$"""
            {"type":"Feature","id":"{{{id}}}","geometry":{"type":"LineString","coordinates":[[13.4000000001,52.5,34.5],[13.5,52.6]]},"properties":{"activity":"running","name":"Outdoor Run","start_at":"2026-01-15T08:00:00+01:00","end_at":"2026-01-15T08:30:00+01:00","times":["2026-01-15T08:00:00+01:00","2026-01-15T08:00:01.250000+01:00"],"speeds":[2.5,null],"courses":[null,90]}}
            """,
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task As_geojson_a_single_place_is_a_point()
    {
        var (key, id) = await PushAsync("Outdoor Run", Route((52.5, 13.4, 34)));

        using var response = await _server.GetAsync(key, $"/v1/workouts/{id}/route?format=geojson");

        var geometry = (await response.ReadJsonAsync()).GetProperty("geometry");
        Assert.Equal("""{"type":"Point","coordinates":[13.4,52.5,34]}""", geometry.GetRawText());
    }

    [Fact]
    public async Task As_geojson_a_line_across_the_antimeridian_is_cut_there()
    {
        var (key, id) = await PushAsync(
            "Outdoor Run",
            """
            "route":[{"lat":10,"lon":179.75,"altitude":10,"time":"2026-01-15T07:00:00Z","speed":2.5},
                     {"lat":12,"lon":-179.25,"altitude":30,"time":"2026-01-15T07:00:04Z","speed":3},
                     {"lat":12,"lon":-180,"time":"2026-01-15T07:00:05Z"},
                     {"lat":13,"lon":179.5,"time":"2026-01-15T07:00:06Z"}]
            """);

        using var response = await _server.GetAsync(key, $"/v1/workouts/{id}/route");

        var feature = await response.ReadJsonAsync();
        Assert.Equal(
            """
            {"type":"MultiLineString","coordinates":[[[179.75,10,10],[180,10.5,15]],
            [[-180,10.5,15],[-179.25,12,30],[-180,12]],[[180,12],[179.5,13]]]}
            """.ReplaceLineEndings(""),
            feature.GetProperty("geometry").GetRawText());
        Assert.Equal(
            """
            [["2026-01-15T08:00:00+01:00","2026-01-15T08:00:01+01:00"],
            ["2026-01-15T08:00:01+01:00","2026-01-15T08:00:04+01:00","2026-01-15T08:00:05+01:00"],
            ["2026-01-15T08:00:05+01:00","2026-01-15T08:00:06+01:00"]]
            """.ReplaceLineEndings(""),
            feature.GetProperty("properties").GetProperty("times").GetRawText());
        Assert.Equal(
            "[[2.5,null],[null,3,null],[null,null]]",
            feature.GetProperty("properties").GetProperty("speeds").GetRawText());
    }

    [Fact]
    public async Task As_gpx_it_is_one_track_that_the_schema_takes()
    {
        var (key, id) = await PushAsync(
            "Lauf & <Spaß>\\u0001", Route((52.5, 13.4, 34.25), (-0.00001234, 180, double.NaN), (1e-7, -180, -3)));

        using var response = await _server.GetAsync(key, $"/v1/workouts/{id}/route?format=gpx");

        Assert.Equal("application/gpx+xml", response.Content.Headers.ContentType!.ToString());
        var document = XDocument.Load(await response.Content.ReadAsStreamAsync());
        Validate(document);
        Assert.Equal("1.1", document.Root!.Attribute("version")!.Value);
        Assert.Equal(Gpx + "gpx", document.Root.Name);
        var track = Assert.Single(document.Root.Elements(Gpx + "trk"));
        Assert.Equal("Lauf & <Spaß>\uFFFD", track.Element(Gpx + "name")!.Value);
        var points = Assert.Single(track.Elements(Gpx + "trkseg")).Elements(Gpx + "trkpt").ToList();
        Assert.Equal(
            [
                "52.5 13.4 34.25 2026-01-15T07:00:00Z", "-0.00001234 -180  2026-01-15T07:00:01Z",
                "0.0000001 -180 -3 2026-01-15T07:00:02Z",
            ],
            points.Select(point => string.Join(
                ' ', point.Attribute("lat")!.Value, point.Attribute("lon")!.Value,
                point.Element(Gpx + "ele")?.Value, point.Element(Gpx + "time")!.Value)));
    }

    /// <summary>Routes that have been seen, or could be: one place, no altitude at all, a pause of hours, parts of a
    /// second, the antimeridian, and the ends of the earth.</summary>
    public static TheoryData<string> Routes =>
    [
        """{"lat":52.5,"lon":13.4,"altitude":34,"time":"2026-01-15T07:00:00Z"}""",
        """{"lat":52.5,"lon":13.4,"time":"2026-01-15T07:00:00Z"},{"lat":52.6,"lon":13.5,"time":"2026-01-15T07:00:01Z"}""",
        """{"lat":52.5,"lon":13.4,"altitude":1,"time":"2026-01-15T07:00:00Z"},{"lat":52.5,"lon":13.4,"time":"2026-01-15T07:25:00Z"}""",
        """{"lat":1e-9,"lon":-1e-9,"altitude":1e-9,"time":"2026-01-15T07:00:00.123456789Z"}""",
        """{"lat":10,"lon":179.9,"time":"2026-01-15T07:00:00Z"},{"lat":10,"lon":180,"time":"2026-01-15T07:00:01Z"},{"lat":10,"lon":-179.9,"time":"2026-01-15T07:00:02Z"}""",
        """{"lat":90,"lon":-180,"altitude":-499.5,"time":"2026-01-15T07:00:00+14:00"},{"lat":-90,"lon":180,"altitude":8999,"time":"2026-01-15T07:00:00Z"}""",
    ];

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Whatever_the_route_its_gpx_keeps_to_the_schema(string points)
    {
        var (key, id) = await PushAsync("Outdoor Run", $"\"route\":[{points}]");
        using var response = await _server.GetAsync(key, $"/v1/workouts/{id}/route?format=gpx");
        var document = XDocument.Load(await response.Content.ReadAsStreamAsync());
        Validate(document);
        Assert.Equal(points.Split("\"lat\"").Length - 1, document.Descendants(Gpx + "trkpt").Count());
    }

    [Fact]
    public async Task A_long_route_arrives_whole_in_either_form()
    {
        var key = await _server.AddKeyAsync();
        var id = Guid.NewGuid();
        const int count = 20_000;
        var start = new DateTimeOffset(2026, 1, 15, 7, 0, 0, TimeSpan.Zero);
        var points = string.Join(",", Enumerable.Range(0, count).Select(i => string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"lat":{{50 + i / 1e5}},"lon":{{13 - i / 1e5}},"altitude":{{i % 7}},"time":"{{start.AddSeconds(i):O}}","speed":3}""")));
        await _server.PushWorkoutsAsync(
            key,
            $$"""
            {"id":"{{id}}","workout_type":"Hike","start_time":"{{start:O}}","end_time":"{{start.AddHours(10):O}}",
            "route":[{{points}}]}
            """);

        using var json = await _server.GetAsync(key, $"/v1/workouts/{id}/route");
        var feature = await json.ReadJsonAsync();
        var coordinates = feature.GetProperty("geometry").GetProperty("coordinates");
        Assert.Equal(count, coordinates.GetArrayLength());
        Assert.Equal(50 + (count - 1) / 1e5, coordinates[count - 1][1].GetDouble());
        Assert.Equal(count, feature.GetProperty("properties").GetProperty("times").GetArrayLength());
        Assert.Equal(count, feature.GetProperty("properties").GetProperty("speeds").GetArrayLength());

        using var gpx = await _server.GetAsync(key, $"/v1/workouts/{id}/route?format=gpx");
        var document = XDocument.Load(await gpx.Content.ReadAsStreamAsync());
        Validate(document);
        Assert.Equal(count, document.Descendants(Gpx + "trkpt").Count());
    }

    [Theory]
    [InlineData("*/*", "application/geo+json")]
    [InlineData("application/json", "application/geo+json")]
    [InlineData("application/gpx+xml", "application/gpx+xml")]
    [InlineData("application/gpx+xml;q=0.5, application/geo+json", "application/geo+json")]
    [InlineData("application/geo+json;q=0.5, application/gpx+xml", "application/gpx+xml")]
    public async Task The_client_says_which_form_it_would_rather_have(string accept, string type)
    {
        var (key, id) = await PushAsync("Outdoor Run", Route((52.5, 13.4, 34)));
        using var response = await _server.SendAsync(
            HttpMethod.Get, $"/v1/workouts/{id}/route", key, null, ("Accept", accept));
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("Accept", response.Headers.Vary);
        // What the query says is meant.
        using var asked = await _server.SendAsync(
            HttpMethod.Get, $"/v1/workouts/{id}/route?format=gpx", key, null, ("Accept", accept));
        Assert.Equal("application/gpx+xml", asked.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_workout_without_a_route_has_none()
    {
        var key = await _server.AddKeyAsync();
        var id = Guid.NewGuid();
        await _server.PushWorkoutsAsync(key, Run(id, "2026-01-15T08:00:00+01:00"));
        using var response = await _server.GetAsync(key, $"/v1/workouts/{id}/route");
        Assert.Contains("no route", (await response.ReadProblemAsync(404, "not_found")).Text("detail"));
    }

    [Fact]
    public async Task An_unknown_form_is_refused_with_those_there_are() => Assert.StartsWith(
        "format: must be one of geojson, gpx",
        await _server.RefusedParameterAsync(
            await _server.AddKeyAsync(), $"/v1/workouts/{Guid.NewGuid()}/route?format=kml"));

    async Task<(TestKey Key, Guid Id)> PushAsync(string type, string more)
    {
        var key = await _server.AddKeyAsync();
        var id = Guid.NewGuid();
        await _server.PushWorkoutsAsync(key, Run(id, "2026-01-15T08:00:00+01:00", type, more));
        return (key, id);
    }

    // The rules of GPX 1.1 for what we write: names, order, and which values an attribute may have.
    static void Validate(XDocument document)
    {
        const string schema =
            """
            <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:g="http://www.topografix.com/GPX/1/1"
                targetNamespace="http://www.topografix.com/GPX/1/1" elementFormDefault="qualified">
              <xs:element name="gpx">
                <xs:complexType>
                  <xs:sequence>
                    <xs:element name="trk" minOccurs="0" maxOccurs="unbounded">
                      <xs:complexType>
                        <xs:sequence>
                          <xs:element name="name" type="xs:string" minOccurs="0"/>
                          <xs:element name="src" type="xs:string" minOccurs="0"/>
                          <xs:element name="type" type="xs:string" minOccurs="0"/>
                          <xs:element name="trkseg" minOccurs="0" maxOccurs="unbounded">
                            <xs:complexType>
                              <xs:sequence>
                                <xs:element name="trkpt" minOccurs="0" maxOccurs="unbounded">
                                  <xs:complexType>
                                    <xs:sequence>
                                      <xs:element name="ele" type="xs:decimal" minOccurs="0"/>
                                      <xs:element name="time" type="xs:dateTime" minOccurs="0"/>
                                    </xs:sequence>
                                    <xs:attribute name="lat" use="required">
                                      <xs:simpleType>
                                        <xs:restriction base="xs:decimal">
                                          <xs:minInclusive value="-90"/><xs:maxInclusive value="90"/>
                                        </xs:restriction>
                                      </xs:simpleType>
                                    </xs:attribute>
                                    <xs:attribute name="lon" use="required">
                                      <xs:simpleType>
                                        <xs:restriction base="xs:decimal">
                                          <xs:minInclusive value="-180"/><xs:maxExclusive value="180"/>
                                        </xs:restriction>
                                      </xs:simpleType>
                                    </xs:attribute>
                                  </xs:complexType>
                                </xs:element>
                              </xs:sequence>
                            </xs:complexType>
                          </xs:element>
                        </xs:sequence>
                      </xs:complexType>
                    </xs:element>
                  </xs:sequence>
                  <xs:attribute name="version" type="xs:string" fixed="1.1" use="required"/>
                  <xs:attribute name="creator" type="xs:string" use="required"/>
                </xs:complexType>
              </xs:element>
            </xs:schema>
            """;
        var schemas = new XmlSchemaSet();
        schemas.Add(Gpx.NamespaceName, System.Xml.XmlReader.Create(new StringReader(schema)));
        document.Validate(schemas, (_, problem) => Assert.Fail(problem.Message));
    }
}
