using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Xml;
using HealthExport.Pushes;
using HealthExport.Server.Http;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Server.Workouts;

/// <summary>
/// A route as a GPX 1.1 document: one track of one segment; elevations where known, times in UTC. GPX has no place for
/// the rest.
/// </summary>
static class GpxRoute
{
    public const string MediaType = GpxType.Name;
    public const string Namespace = "http://www.topografix.com/GPX/1/1";

    const int FlushAt = 16 << 10;

    public static Task WriteAsync(HttpResponse response, Workout workout, CancellationToken cancellationToken)
    {
        response.ContentType = MediaType;
        return WriteAsync(response.BodyWriter, workout, cancellationToken);
    }

    public static async Task WriteAsync(PipeWriter file, Workout workout, CancellationToken cancellationToken)
    {
        var route = workout.Route!;
        // Written here and sent piece by piece, because no answer takes synchronous writes.
        using var unsent = new MemoryStream(FlushAt * 2);
        using var xml = XmlWriter.Create(unsent, new() { Encoding = new UTF8Encoding(false), CloseOutput = false });
        xml.WriteStartElement("gpx", Namespace);
        xml.WriteAttributeString("version", "1.1");
        xml.WriteAttributeString("creator", "HealthExport");
        xml.WriteStartElement("trk", Namespace);
        xml.WriteElementString("name", Namespace, Clean(workout.NameAsSent));
        if (workout.Source is { } source) xml.WriteElementString("src", Namespace, Clean(source));
        if (workout.Activity is { } activity) xml.WriteElementString("type", Namespace, Clean(activity));
        xml.WriteStartElement("trkseg", Namespace);
        for (var i = 0; i < route.Count; i++)
        {
            WritePoint(xml, route, i);
            if (unsent.Length >= FlushAt) await FlushAsync();
        }
        xml.WriteEndElement();
        xml.WriteEndElement();
        xml.WriteEndElement();
        await FlushAsync();

        async ValueTask FlushAsync()
        {
            xml.Flush();
            await file.WriteAsync(unsent.GetBuffer().AsMemory(0, (int)unsent.Length), cancellationToken);
            unsent.SetLength(0);
        }
    }

    static void WritePoint(XmlWriter xml, WorkoutRoute route, int i)
    {
        xml.WriteStartElement("trkpt", Namespace);
        xml.WriteAttributeString("lat", Decimal(route.Latitudes[i]));
        // Of the two numbers of the antimeridian the schema takes one.
        xml.WriteAttributeString("lon", Decimal(route.Longitudes[i] == 180 ? -180 : route.Longitudes[i]));
        if (double.IsFinite(route.Altitudes[i]))
            xml.WriteElementString("ele", Namespace, Decimal(route.Altitudes[i]));
        xml.WriteElementString("time", Namespace, Utc(route.Times[i]));
        xml.WriteEndElement();
    }

    static string Utc(Instant at)
    {
        Span<byte> utf8 = stackalloc byte[Rfc3339.MaxLength];
        var length = Rfc3339.Write(utf8, at, 0) - "+00:00".Length;
        utf8[length++] = (byte)'Z';
        return Encoding.ASCII.GetString(utf8[..length]);
    }

    /// <summary>The shortest digits that read back as the same number, without an exponent, which xsd:decimal lacks.
    /// </summary>
    static string Decimal(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        if (text.IndexOf('E') is not (>= 0 and var at)) return text;
        var exponent = int.Parse(text.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var sign = text[0] == '-' ? "-" : "";
        var digits = text[sign.Length..at].Replace(".", "");
        return exponent < 0
            ? $"{sign}0.{new string('0', -exponent - 1)}{digits}"
            : $"{sign}{digits.PadRight(exponent + 1, '0')}";
    }

    /// <summary>XML has no place for most control characters.</summary>
    static string Clean(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune =>
            rune.Value < ' ' && rune.Value is not ('\t' or '\n' or '\r') || rune.Value is 0xFFFE or 0xFFFF
                ? Rune.ReplacementChar
                : rune));
}
