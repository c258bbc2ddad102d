using System.Globalization;
using HealthExport.Catalogue;
using HealthExport.Pushes;
using HealthExport.Samples;

namespace HealthExport.Reading;

/// <summary>Why an item cannot be stored; see <see cref="Reject"/> for the parts.</summary>
readonly record struct Fault(
    string Code, string Error, string? Hint = null, string? Field = null, double[]? Allowed = null)
{
    public static Fault Unreadable(string what) => new(RejectCodes.UnreadableItem, what);

    /// <param name="bytes">More than <see cref="Item.LongestBytes"/>.</param>
    public static Fault TooLong(long bytes) => Unreadable(
        $"The item has {bytes} bytes, and {Item.LongestBytes} is the most; a workout's route and series do not count");

    public static Fault Missing(string what, string? field = null) => new(RejectCodes.MissingValue, what, Field: field);

    public static Fault NotANumber(string field, string found) => new(
        RejectCodes.NotANumber, $"{field} is {Short(found)}, which is not a finite number",
        "Numbers have a decimal point and no separators between digits.", field);

    public static Fault NoDate(string field) => new(RejectCodes.UnreadableDate, $"{field} is missing", null, field);

    public static Fault UnreadableDate(string field, string found, bool lacksZone) => lacksZone
        ? new(RejectCodes.UnreadableDate,
            $"{field} '{Short(found)}' has no offset from UTC, and the user has no time zone",
            "Set the user's time zone, then replay the ingestion.", field)
        : new(RejectCodes.UnreadableDate, $"{field} '{Short(found)}' is not a date that is known",
            found.Contains('/')
                ? "Dates with slashes are read in CSV only, day first and on a 24-hour clock: 15/01/2026 14:30."
                : "Dates look like 2026-01-15 14:30:00 +0100 or 2026-01-15T14:30:00+01:00.", field);

    public static Fault DateOutOfRange(string field, string found) => new(
        RejectCodes.DateOutOfRange, $"{field} '{Short(found)}' is before 1900 or more than a year ahead",
        "The clock of the device that recorded it may have been wrong.", field);

    public static Fault EndBeforeStart(string field) => new(
        RejectCodes.EndBeforeStart, $"{field} is not after the start", null, field);

    public static Fault OutOfRange(string field, double value, string unit, Bounds bounds, Grain grain = Grain.Sample)
    {
        var lower = bounds.Lower;
        var upper = bounds.Basis == BoundsBasis.Day && grain > Grain.Day ? double.PositiveInfinity : bounds.Upper;
        var where = double.IsPositiveInfinity(upper) ? $"is below {Text(lower)}"
            : double.IsNegativeInfinity(lower) ? $"is above {Text(upper)}"
            : $"is outside {Text(lower)} to {Text(upper)}";
        return new(
            RejectCodes.OutOfRange, unit.Length == 0 ? $"{Text(value)} {where}" : $"{Text(value)} {unit} {where}",
            "If the value is right, check which unit it was sent in.", field,
            double.IsFinite(lower) && double.IsFinite(upper) ? [lower, upper] : null);
    }

    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>As much of a text as a message holds.</summary>
    public static string Short(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
