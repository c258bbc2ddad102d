namespace HealthExport.Tests.Support;

/// <summary>One value as it must be stored: in canonical units, under its canonical name.</summary>
/// <param name="Value">NaN where only min and max were sent; so are these where they were not.</param>
/// <param name="SentUnit">Null when the value needed no conversion.</param>
/// <param name="Source">Split, trimmed, sorted.</param>
/// <param name="Extra">A JSON object.</param>
sealed record SentRow(
    string Metric, string Unit, DateTimeOffset Start, DateTimeOffset? End, double Value, double Min, double Max,
    string? SentUnit, string? Source, string? Extra);

/// <summary>One element of a `data` array.</summary>
/// <param name="Stamp">Its date, when that can be read.</param>
/// <param name="Reject">The code it must be rejected with; null for a good one.</param>
sealed record SentItem(int Index, DateTimeOffset? Stamp, IReadOnlyList<SentRow> Rows, string? Reject);

/// <summary>One metric's `data` array.</summary>
/// <param name="Type">What a receipt counts its items under.</param>
sealed record SentArray(string Type, bool IsCumulative, IReadOnlyList<SentItem> Items);

/// <summary>A push, and what is true of it.</summary>
/// <param name="Aggregation">Header <c>automation-aggregation</c>.</param>
/// <param name="Period">Header <c>automation-period</c>.</param>
sealed record SentPush(byte[] Body, string? Aggregation, string? Period, IReadOnlyList<SentArray> Arrays);
