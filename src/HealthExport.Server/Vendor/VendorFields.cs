using System.Globalization;
using HealthExport.Server.Http;
using HealthExport.Time;

namespace HealthExport.Server.Vendor;

/// <summary>
/// An object as the app vendor's own server writes it: times in UTC with milliseconds, and only the members that the
/// client asks for.
/// </summary>
/// <param name="include">Comma-separated names of members; null for all.</param>
/// <param name="exclude">Likewise, those to leave out; null for none.</param>
sealed class VendorFields(JsonRows rows, string? include, string? exclude)
{
    readonly string[]? _only = Split(include);
    readonly string[] _not = Split(exclude) ?? [];

    public JsonRows Rows => rows;

    public void Text(string name, string? value)
    {
        if (Has(name)) rows.Text(name, value);
    }

    public void Number(string name, double value)
    {
        if (Has(name)) rows.Number(name, value);
    }

    public void Time(string name, Instant at)
    {
        if (Has(name)) rows.Text(name, Format(at));
    }

    /// <param name="json">JSON text.</param>
    public void Json(string name, string json)
    {
        if (Has(name)) rows.Json(name, json);
    }

    public bool Has(string name) => _only?.Contains(name) is not false && !_not.Contains(name);

    /// <summary>As JavaScript's <c>toISOString</c> does.</summary>
    public static string Format(Instant at) =>
        at.At(0).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    static string[]? Split(string? names) =>
        names?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
