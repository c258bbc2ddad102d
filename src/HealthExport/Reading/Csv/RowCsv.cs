using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using HealthExport.Pushes;

namespace HealthExport.Reading.Csv;

/// <summary>
/// A file whose rows are items: each is put as the app's JSON puts it, and read as that, so that both mean the same.
/// </summary>
sealed class RowCsv
{
    /// <summary>Puts one filled field of a row.</summary>
    delegate void Put(Utf8JsonWriter json, CsvColumn column, string text);

    static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static readonly RowCsv s_workouts = new(
        SectionName.Workouts, ["Workout Type", "Start", "End"], WorkoutCsv.Columns, WorkoutCsv.PutRest)
    {
        Complete = WorkoutCsv.Complete,
    };

    static readonly RowCsv s_medications = new(
        SectionName.Medications, ["Date", "Scheduled Date", "Medication"],
        new()
        {
            ["Date"] = Text("start"),
            ["Scheduled Date"] = Text("scheduledDate"),
            ["Medication"] = Text("displayText"),
            ["Nickname"] = Text("nickname"),
            ["Dosage"] = Number("dosage"),
            ["Scheduled Dosage"] = Number("scheduledDosage"),
            ["Unit"] = Text("unit"),
            ["Status"] = Text("status"),
            ["Archived"] = (json, _, text) => json.WriteBoolean("isArchived", IsYes(text)),
            ["Codings"] = Text("codings"),
        },
        PutText);

    static readonly RowCsv s_statesOfMind = new(
        SectionName.StateOfMind, ["Start", "End", "Kind"],
        new()
        {
            ["Start"] = Text("start"),
            ["End"] = Text("end"),
            ["Kind"] = (json, _, text) => json.WriteString("kind", Slug(text)),
            ["Labels"] = Slugs("labels"),
            ["Associations"] = Slugs("associations"),
            ["Valence"] = Number("valence"),
            ["Valence Classification"] = (json, _, text) => json.WriteString("valenceClassification", Slug(text)),
        },
        PutText);

    readonly string _section;
    readonly string[] _mark;
    readonly Dictionary<string, Put> _columns;
    readonly Put _rest;

    /// <param name="mark">The columns that the heading of such a file has, wherever.</param>
    /// <param name="columns">By label, in whatever case.</param>
    /// <param name="rest">Puts the fields of any other column.</param>
    RowCsv(string section, string[] mark, Dictionary<string, Put> columns, Put rest) =>
        (_section, _mark, _columns, _rest) = (section, mark, new(columns, StringComparer.OrdinalIgnoreCase), rest);

    /// <summary>
    /// Changes a row's fields, by label, before they are put, and says whether its times are without an offset.
    /// </summary>
    Func<ReadContext, int, Dictionary<string, string>, bool>? Complete { get; init; }

    /// <returns>Null for a heading of no such file.</returns>
    public static RowCsv? Find(string[] heading) =>
        Array.Find(
            [s_workouts, s_medications, s_statesOfMind],
            file => Array.TrueForAll(file._mark, label => heading.Contains(label, StringComparer.OrdinalIgnoreCase)));

    /// <param name="table">Disposed at the end.</param>
    public IEnumerable<ReadBatch> ReadAll(ReadContext context, CsvTable table)
    {
        using var rows = table;
        var columns = Array.ConvertAll(table.Heading, CsvColumn.Parse);
        var workouts = new WorkoutReader(context);
        var events = new EventReader(context);
        while (table.Read())
        {
            var element = ToElement(context, table, columns, out var isOnWallClock);
            if (_section == SectionName.Workouts) workouts.Read(element, table.Count - 1, isOnWallClock);
            else events.Read(_section, element, table.Count - 1);
            if (context.Batches.IsFull) yield return context.Batches.Take();
        }
        table.RejectRest(context.Batches, _section);
    }

    byte[] ToElement(ReadContext context, CsvTable table, CsvColumn[] columns, out bool isOnWallClock)
    {
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < columns.Length; i++)
            if (table.GetText(i) is { Length: > 0 } text) fields[columns[i].Label] = text;
        isOnWallClock = Complete?.Invoke(context, table.Count - 1, fields) ?? false;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, s_plain))
        {
            json.WriteStartObject();
            foreach (var column in columns)
            {
                if (!fields.Remove(column.Label, out var text)) continue;
                if (table.HasDecimalCommas && column.Unit.Length > 0) text = text.Replace(',', '.');
                _columns.GetValueOrDefault(column.Label, _rest)(json, column, text);
            }
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    static Put Text(string name) => (json, _, text) => json.WriteString(name, text);

    /// <summary>As a number if it is one; else as it is, for the reader to refuse.</summary>
    static Put Number(string name) => (json, _, text) => PutNumber(json, name, text);

    internal static void PutNumber(Utf8JsonWriter json, string name, string text)
    {
        if (Numbers.TryParse(Encoding.UTF8.GetBytes(text), out var number) && double.IsFinite(number))
            json.WriteNumber(name, number);
        else json.WriteString(name, text);
    }

    static Put Slugs(string name) => (json, _, text) =>
    {
        json.WriteStartArray(name);
        foreach (var entry in text.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            json.WriteStringValue(Slug(entry));
        json.WriteEndArray();
    };

    static void PutText(Utf8JsonWriter json, CsvColumn column, string text) => json.WriteString(column.Label, text);

    static string Slug(string text) => text.ToLowerInvariant().Replace(' ', '_');

    static bool IsYes(string text) => text.Equals("Yes", StringComparison.OrdinalIgnoreCase);

    /// <summary>The columns of the workouts' file, which is in the units of the app's profile.</summary>
    static class WorkoutCsv
    {
        const string Duration = "Duration";

        public static readonly Dictionary<string, Put> Columns = new()
        {
            ["Workout Type"] = Text("name"),
            ["Start"] = Text("start"),
            ["End"] = Text("end"),
            [Duration] = (json, _, text) =>
            {
                if (FindDuration(text) is { } duration) json.WriteNumber("duration", duration.TotalSeconds);
                else json.WriteString("duration", text);
            },
            ["Active Energy"] = Quantity("activeEnergyBurned"),
            ["Max. Heart Rate"] = Quantity("maxHeartRate"),
            ["Avg. Heart Rate"] = Quantity("avgHeartRate"),
            ["Distance"] = Quantity("distance"),
            ["Max. Speed"] = Quantity("maxSpeed"),
            ["Avg. Speed"] = Quantity("avgSpeed"),
            ["Elevation Ascended"] = Quantity("elevationUp"),
            ["Elevation Descended"] = Quantity("elevationDown"),
            ["Step Cadence"] = Quantity("stepCadence"),
            ["Location"] = (json, _, text) =>
            {
                json.WriteString("location", text);
                if (text is "Indoor" or "Outdoor") json.WriteBoolean("isIndoor", text == "Indoor");
            },
        };

        /// <summary>
        /// Leaves out zeros, which stand for what was not measured; gives a workout within one minute the end that its
        /// duration says; and says of times that the clock shows twice which pass they are of.
        /// </summary>
        public static bool Complete(ReadContext context, int index, Dictionary<string, string> fields)
        {
            foreach (var (label, text) in fields.ToArray())
                if (!label.Equals(Duration, StringComparison.OrdinalIgnoreCase)
                    && Numbers.TryParse(Encoding.UTF8.GetBytes(text), out var number) && number == 0)
                    fields.Remove(label);
            var duration = FindDuration(fields.GetValueOrDefault(Duration));
            if (duration is null && fields.TryGetValue(Duration, out var said)
                && !Numbers.TryParse(Encoding.UTF8.GetBytes(said), out _))
                context.Batches.Warn(
                    SectionName.Workouts, index, WarningCodes.UnknownUnit,
                    $"The duration '{Fault.Short(said)}' cannot be read; it is kept as sent", "duration");
            if (!fields.TryGetValue("Start", out var start) || !fields.TryGetValue("End", out var end)) return false;
            if (end == start && duration > TimeSpan.Zero && duration < TimeSpan.FromMinutes(1)
                && start.Length == "yyyy-MM-dd HH:mm".Length)
                fields["End"] = end = string.Create(CultureInfo.InvariantCulture, $"{start}:{duration.Value.Seconds:00}");
            var (startBytes, endBytes) = (Encoding.UTF8.GetBytes(start), Encoding.UTF8.GetBytes(end));
            if (WallClock.HasOffset(startBytes) || WallClock.HasOffset(endBytes)) return false;
            if (context.Push.Zone is { } zone
                && context.Stamps.TryRead(startBytes, out var from, out _)
                && context.Stamps.TryRead(endBytes, out var to, out _)
                && WallClock.FindPasses(from, to, duration, zone) is var (first, last))
            {
                fields["Start"] = $"{start} {OffsetOf(first)}";
                fields["End"] = $"{end} {OffsetOf(last)}";
            }
            return true;
        }

        static string OffsetOf(in Timestamp stamp) => string.Create(
            CultureInfo.InvariantCulture,
            $"{(stamp.OffsetMinutes < 0 ? '-' : '+')}{Math.Abs(stamp.OffsetMinutes) / 60:00}{Math.Abs(stamp.OffsetMinutes) % 60:00}");

        /// <summary>A column without a place of its own, by its label as a name of JSON.</summary>
        public static void PutRest(Utf8JsonWriter json, CsvColumn column, string text)
        {
            var name = Name(column.Label);
            if (column.Unit.Length > 0) PutQuantity(json, name, column.Unit, text);
            else PutNumber(json, name, text);
        }

        static Put Quantity(string name) => (json, column, text) => PutQuantity(json, name, column.Unit, text);

        static void PutQuantity(Utf8JsonWriter json, string name, string unit, string text)
        {
            json.WriteStartObject(name);
            PutNumber(json, "qty", text);
            json.WriteString("units", unit);
            json.WriteEndObject();
        }

        /// <summary>Hours, minutes and seconds, or minutes and seconds; these perhaps with a fraction.</summary>
        static TimeSpan? FindDuration(string? text)
        {
            if (text?.Split(':') is not [.. { Length: <= 1 } before, var minutes, var seconds]
                || !int.TryParse(minutes, NumberStyles.None, CultureInfo.InvariantCulture, out var m)
                || !double.TryParse(
                    seconds.Replace(',', '.'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var s)
                || s >= 60) return null;
            if (before is []) return m < 600_000 ? TimeSpan.FromSeconds(m * 60.0 + s) : null;
            return m < 60 && int.TryParse(before[0], NumberStyles.None, CultureInfo.InvariantCulture, out var h)
                && h < 10_000 ? TimeSpan.FromSeconds(h * 3_600.0 + m * 60 + s) : null;
        }

        static string Name(string label)
        {
            var name = new StringBuilder();
            foreach (var word in label.Split([' ', '.', '-'], StringSplitOptions.RemoveEmptyEntries))
                name.Append(name.Length == 0 ? char.ToLowerInvariant(word[0]) : char.ToUpperInvariant(word[0]))
                    .Append(word.AsSpan(1));
            return name.ToString();
        }
    }
}
