using HealthExport.Time;

namespace HealthExport.Server.Http;

/// <summary>
/// Writes the rows of a list as they come, in one representation. Every row writes the same columns in the same order.
/// Bytes go out as soon as a good part has gathered, so that memory does not grow with the list.
/// </summary>
interface IRowWriter
{
    void BeginRow();
    void Text(string column, string? value);

    /// <summary>A number that reads back as the same; nothing if it is NaN or infinite.</summary>
    void Number(string column, double value);
    void Count(string column, long value);
    void Flag(string column, bool? value);

    /// <summary>
    /// What comes until <see cref="EndGroup"/> belongs together; where a form knows no such thing, the columns stand by
    /// themselves.
    /// </summary>
    void BeginGroup(string name);
    void EndGroup();

    /// <param name="json">JSON text; null for none.</param>
    void Json(string column, string? json);

    /// <summary>A moment as a clock <paramref name="offsetMinutes"/> east of UTC shows it; none for none.</summary>
    void Time(string column, Instant at, int offsetMinutes);
    void Date(string column, DateOnly date);
    ValueTask EndRowAsync(CancellationToken cancellationToken);

    /// <param name="nextCursor">Null at the end of the list.</param>
    ValueTask EndAsync(string? nextCursor, CancellationToken cancellationToken);
}
