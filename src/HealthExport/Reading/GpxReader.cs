using System.Text;
using System.Xml;
using HealthExport.Catalogue;
using HealthExport.Pushes;
using HealthExport.Workouts;

namespace HealthExport.Reading;

/// <summary>
/// Reads the tracks of a GPX file (Topografix GPX 1.0 and 1.1), each as the route of a workout, its segments in one:
/// position, elevation, time, and what Apple's and the app's files have of speed, course and accuracies. A track is an
/// item. Waypoints and planned routes are no part of a workout.
/// </summary>
/// <remarks>No document type, no entity and no other file is ever read; memory is bounded by the points kept and by
/// <see cref="XmlBounds"/>.</remarks>
sealed class GpxReader(Stream payload, ReadContext context)
{
    const int LongestText = 200;

    readonly char[] _text = new char[LongestText];
    readonly WorkoutFileName? _name = WorkoutFileName.Find(PayloadName.Find(context.Push.ContentType));
    int _tracks;
    Track? _track;
    Point _point;

    /// <summary>The track in work.</summary>
    sealed class Track
    {
        public RoutePoints Points { get; } = new(0);
        public int Dropped { get; set; }
        public string? Activity { get; set; }
    }

    struct Point
    {
        public double Latitude, Longitude, Altitude, Speed, Course, Horizontal, Vertical;
        public Timestamp? At;
    }

    public IEnumerable<ReadBatch> ReadAll()
    {
        using var xml = XmlReader.Create(
            new XmlBounds.Tags(payload),
            new()
            {
                NameTable = new XmlBounds.Names(),
                DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true,
                IgnoreProcessingInstructions = true, IgnoreWhitespace = true,
            });
        while (TryReadTrack(xml))
            if (context.Batches.IsFull) yield return context.Batches.Take();
    }

    /// <returns>False at the end of the file, or where it cannot be read further.</returns>
    bool TryReadTrack(XmlReader xml)
    {
        try
        {
            while (xml.Read())
            {
                if (xml.Depth > XmlBounds.MostDepth)
                    throw new XmlBoundException($"The file has elements within more than {XmlBounds.MostDepth} others");
                if (xml.Depth == 0 && xml.NodeType == XmlNodeType.Element && xml.LocalName != "gpx")
                {
                    Reject(Fault.Unreadable("The file's root is none of GPX"));
                    return false;
                }
                if (xml.NodeType == XmlNodeType.EndElement) End(xml.LocalName);
                else if (xml.NodeType == XmlNodeType.Element) Begin(xml);
                if (xml.NodeType == XmlNodeType.EndElement && xml.LocalName == "trk") return true;
            }
            return false;
        }
        catch (XmlBoundException error)
        {
            var at = (IXmlLineInfo)xml;
            Reject(Fault.Unreadable($"{error.Message}{Where(at.LineNumber, at.LinePosition)}, as none of GPX has"));
            return false;
        }
        catch (XmlException error)
        {
            var where = Where(error.LineNumber, error.LinePosition);
            Reject(Fault.Unreadable($"The file is not well-formed XML{where}") with
            {
                Hint = "A document type, or entities of its own, are not read.",
            });
            return false;
        }
    }

    static string Where(int line, int column) => line > 0 ? $" at its line {line}, column {column}" : "";

    void Begin(XmlReader xml)
    {
        switch (xml.LocalName)
        {
            case "trk" when !xml.IsEmptyElement:
                _track = new();
                break;
            case "trkpt" when _track is not null:
                _point = new()
                {
                    Latitude = NumberOf(xml.GetAttribute("lat")), Longitude = NumberOf(xml.GetAttribute("lon")),
                    Altitude = double.NaN, Speed = double.NaN, Course = double.NaN, Horizontal = double.NaN,
                    Vertical = double.NaN,
                };
                if (xml.IsEmptyElement) End("trkpt");
                break;
            case "type" or "name" when _track is { Activity: null }:
                _track.Activity = TextCodes.Activities.Find(ReadText(xml).ToString());
                break;
            case "ele": _point.Altitude = NumberOf(ReadText(xml)); break;
            case "speed": _point.Speed = NumberOf(ReadText(xml)); break;
            case "course": _point.Course = NumberOf(ReadText(xml)); break;
            case "hAcc": _point.Horizontal = NumberOf(ReadText(xml)); break;
            case "vAcc": _point.Vertical = NumberOf(ReadText(xml)); break;
            case "time": _point.At = StampOf(ReadText(xml)); break;
        }
    }

    void End(string name)
    {
        if (_track is null) return;
        if (name == "trkpt") Add(_point, _track);
        else if (name == "trk") Finish(_track);
    }

    void Add(in Point point, Track track)
    {
        if (track.Points.Count == WorkoutPart.MostPoints || point.At is not { } at || !context.Stamps.IsBelievable(at.At)
            || !HealthBounds.AllowsRoutePoint(
                point.Latitude, point.Longitude, double.IsNaN(point.Altitude) ? null : point.Altitude))
            track.Dropped++;
        else
            track.Points.Add(
                at.At, point.Latitude, point.Longitude, point.Altitude, WorkoutParts.Measured(point.Speed),
                WorkoutParts.Measured(point.Course), WorkoutParts.Measured(point.Horizontal),
                WorkoutParts.Measured(point.Vertical), double.NaN, double.NaN);
    }

    void Finish(Track track)
    {
        _track = null;
        if (track.Points.Finish() is { } route)
        {
            WorkoutParts.WarnOfDropped(context, isRoute: true, track.Dropped, _tracks);
            WorkoutParts.HandOut(
                context, new() { Activity = _name?.Activity ?? track.Activity, Route = route, ItemIndex = _tracks++ });
        }
        else if (track.Dropped > 0)
            Reject(Fault.Unreadable("No point of the track has a time and a place on Earth"));
    }

    void Reject(Fault fault) => context.Batches.Reject(SectionName.Workouts, _tracks++, fault, default);

    /// <summary>The text of the element that was just begun, without what is too long for a number or a name.</summary>
    ReadOnlySpan<char> ReadText(XmlReader xml)
    {
        if (xml.IsEmptyElement || !xml.Read() || xml.NodeType is not (XmlNodeType.Text or XmlNodeType.CDATA)) return [];
        var length = 0;
        while (length < _text.Length && xml.ReadValueChunk(_text, length, _text.Length - length) is var read and > 0)
            length += read;
        return _text.AsSpan(0, length).Trim();
    }

    static double NumberOf(ReadOnlySpan<char> text)
    {
        Span<byte> utf8 = stackalloc byte[LongestText];
        return Encoding.UTF8.TryGetBytes(text, utf8, out var length)
            && Numbers.TryParse(utf8[..length], out var number) && double.IsFinite(number)
                ? number : double.NaN;
    }

    Timestamp? StampOf(ReadOnlySpan<char> text)
    {
        Span<byte> utf8 = stackalloc byte[LongestText];
        if (!Encoding.UTF8.TryGetBytes(text, utf8[..^1], out var length) || length == 0) return null;
        // Times of GPX are in UTC, also where a tool left out to say so.
        var clock = utf8[..length].IndexOf((byte)'T');
        if (clock > 0 && !utf8[clock..length].ContainsAny((byte)'Z', (byte)'+', (byte)'-')) utf8[length++] = (byte)'Z';
        return context.Stamps.TryRead(utf8[..length], out var stamp, out _) ? stamp : null;
    }
}
