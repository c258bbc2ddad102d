using System.Text.RegularExpressions;
using HealthExport.Pushes;

namespace HealthExport.Server.Importing;

/// <summary>What a file is by its name. Ordered as files are taken: what others need comes first.</summary>
enum FileKind : byte
{
    Json,
    Lines,
    Csv,

    /// <summary>Of one workout, which has to be there.</summary>
    WorkoutCsv,

    /// <summary>Where a workout went; it has to be there.</summary>
    Gpx,

    Zip,

    /// <summary>What a system or a tool left beside: passed over without a word.</summary>
    System,

    Unknown,
}

static partial class FileKinds
{
    const string Packed = ".gz";

    [GeneratedRegex(@"-\d{8}_\d{6}$", RegexOptions.CultureInvariant)]
    static partial Regex StartOfWorkout { get; }

    [GeneratedRegex(@"\s?\(\d+\)$", RegexOptions.CultureInvariant)]
    static partial Regex Copy { get; }

    /// <param name="path">Within the place that was named, by slashes of either kind.</param>
    public static FileKind Of(string path)
    {
        var segments = path.Split('/', '\\');
        return segments.Any(IsOfTheSystem) ? FileKind.System : OfName(segments[^1]);
    }

    /// <summary>Its rank among what is taken: files that belong to workouts come after all that may bring those.</summary>
    public static int RankOf(FileKind kind, string path) =>
        kind is FileKind.WorkoutCsv or FileKind.Gpx || IsRoutes(path) ? 1 : 0;

    /// <summary>What a push of it is called, its name beside where that says what is in it.</summary>
    public static string ContentTypeOf(FileKind kind, string path) => kind switch
    {
        FileKind.Lines => NdjsonType.Name,
        FileKind.Csv or FileKind.WorkoutCsv => PayloadName.AddTo(CsvType.File, Unpacked(PayloadName.LastSegment(path))),
        FileKind.Gpx => PayloadName.AddTo(GpxType.Name, Unpacked(PayloadName.LastSegment(path))),
        _ => "application/json",
    };

    /// <summary>
    /// The collection that a file of one is named for: <c>heart_rate.json</c> by mongoexport, and
    /// <c>health-auto-export.heart_rate.json</c> by MongoDB Compass.
    /// </summary>
    public static string CollectionOf(string path)
    {
        var name = Path.GetFileNameWithoutExtension(Unpacked(PayloadName.LastSegment(path)));
        name = Copy.Replace(name, "");
        return name[(name.LastIndexOf('.') + 1)..];
    }

    static bool IsRoutes(string path) =>
        CollectionOf(path).Equals(Mongo.MongoCollections.Routes, StringComparison.OrdinalIgnoreCase);

    static FileKind OfName(string name)
    {
        name = Unpacked(name);
        return Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".json" => FileKind.Json,
            ".ndjson" or ".jsonl" => FileKind.Lines,
            ".csv" => StartOfWorkout.IsMatch(Path.GetFileNameWithoutExtension(name)) ? FileKind.WorkoutCsv : FileKind.Csv,
            ".gpx" => FileKind.Gpx,
            ".zip" => FileKind.Zip,
            _ => FileKind.Unknown,
        };
    }

    static bool IsOfTheSystem(string segment) =>
        segment is ['.', ..] or "__MACOSX" or "Thumbs.db" or "desktop.ini";

    static string Unpacked(string name) =>
        name.EndsWith(Packed, StringComparison.OrdinalIgnoreCase) ? name[..^Packed.Length] : name;
}
