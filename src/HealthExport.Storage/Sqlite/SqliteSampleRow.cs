using HealthExport.Samples;

namespace HealthExport.Storage.Sqlite;

/// <summary>How a row of the table of samples is read.</summary>
static class SqliteSampleRow
{
    /// <summary>What a query selects that is read here, in this order.</summary>
    public const string Columns =
        "start_at, source_id, end_at, value, min, max, utc_offset, reported_source_id, sent_unit, extra, ingestion, "
        + "may_not_shrink";

    /// <summary>What the key's, else the reported source is, in SQL.</summary>
    public const string EffectiveSource =
        "case source_id when 0 then coalesce(reported_source_id, 0) else source_id end";

    public static long GetStart(SqliteStatement row) => row.GetInt64(0);
    public static long GetSource(SqliteStatement row) => row.GetInt64(1);
    public static long GetPush(SqliteStatement row) => row.GetInt64(10);

    public static void Read(SqliteStatement row, SqliteSources sources, out Sample sample)
    {
        var source = row.GetInt64(1);
        if (source == 0) source = row.GetInt64(7);
        sample = new()
        {
            StartAt = new(row.GetInt64(0)),
            EndAt = row.GetInstant(2),
            Value = GetDouble(row, 3),
            Min = GetDouble(row, 4),
            Max = GetDouble(row, 5),
            OffsetMinutes = (short)row.GetInt64(6),
            Source = sources.GetText(source),
            SentUnit = row.FindString(8),
            Extra = row.FindString(9),
            MayNotShrink = row.GetInt64(11) != 0,
        };
    }

    // SQLite reads null as 0, so most values need not be asked for their type.
    static double GetDouble(SqliteStatement row, int column)
    {
        var value = row.GetDouble(column);
        return value == 0 && row.IsNull(column) ? double.NaN : value;
    }
}
