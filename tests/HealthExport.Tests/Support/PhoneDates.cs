using System.Globalization;

namespace HealthExport.Tests.Support;

/// <summary>Writes an instant in one of the ways phones do; whole seconds only, unless the form holds more.</summary>
static class PhoneDates
{
    const string NarrowNoBreakSpace = "\u202F";
    const string NoBreakSpace = "\u00A0";

    /// <summary>Each writes a stamp with its offset.</summary>
    public static readonly IReadOnlyList<Func<DateTimeOffset, string>> Forms =
    [
        at => Text(at, "yyyy-MM-dd HH:mm:ss ") + Offset(at, ""),
        at => Text(at, "yyyy-MM-dd h:mm:ss") + NarrowNoBreakSpace + Half(at).ToLowerInvariant() + " " + Offset(at, ""),
        at => Text(at, "yyyy-MM-dd h:mm:ss") + NarrowNoBreakSpace + Half(at) + " " + Offset(at, ""),
        at => Text(at, "yyyy-MM-dd h:mm:ss ") + Half(at) + " " + Offset(at, ""),
        at => Text(at, "yyyy-MM-dd hh:mm:ss") + NoBreakSpace + Half(at) + " " + Offset(at, ""),
        at => Text(at, "yyyy-MM-dd h:mm:ss") + Half(at) + " " + Offset(at, ""),
        at => Text(at, "yyyy-MM-dd h:mm:ss ") + (at.Hour < 12 ? "a.m." : "p.m.") + " " + Offset(at, ""),
        at => Text(at, "yyyy-MM-dd HH:mm:ss ") + Offset(at, ":"),
        at => Text(at, "yyyy-MM-dd'T'HH:mm:ss") + Offset(at, ":"),
        at => Text(at, "yyyy-MM-dd'T'HH:mm:ss") + (at.Offset == TimeSpan.Zero ? "Z" : Offset(at, ":")),
        at => Text(at, "yyyy-MM-dd'T'HH:mm:ss.fff") + (at.Offset == TimeSpan.Zero ? "Z" : Offset(at, ":")),
    ];

    /// <summary>The form of almost every payload.</summary>
    public static string Usual(DateTimeOffset at) => Forms[0](at);

    static string Text(DateTimeOffset at, string format) => at.ToString(format, CultureInfo.InvariantCulture);

    static string Half(DateTimeOffset at) => at.Hour < 12 ? "AM" : "PM";

    static string Offset(DateTimeOffset at, string colon) =>
        (at.Offset < TimeSpan.Zero ? "-" : "+")
        + at.Offset.ToString("hh", CultureInfo.InvariantCulture) + colon
        + at.Offset.ToString("mm", CultureInfo.InvariantCulture);
}
