using HealthExport.Samples;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>How a row of the table of samples is read. Sources are numbers until they are looked up.</summary>
static class PostgresSampleRow
{
    /// <summary>What a query selects that is read here, in this order.</summary>
    public const string Columns =
        "start_at, source_id, end_at, value, min, max, utc_offset, reported_source_id, sent_unit, extra, ingestion, "
        + "may_not_shrink";

    /// <summary>What the key's, else the reported source is, in SQL.</summary>
    public const string EffectiveSource =
        "case source_id when 0 then coalesce(reported_source_id, 0) else source_id end";

    public static Instant GetStart(NpgsqlDataReader row) => PostgresValues.FromServer(row.GetFieldValue<long>(0));

    public static int GetSource(NpgsqlDataReader row) => row.GetInt32(1);

    /// <summary>The key's, else the reported one.</summary>
    public static int GetEffectiveSource(NpgsqlDataReader row) =>
        row.GetInt32(1) is var source && source != 0 ? source : row.IsDBNull(7) ? 0 : row.GetInt32(7);

    public static long GetPush(NpgsqlDataReader row) => row.GetInt64(10);

    /// <summary>All but the source.</summary>
    public static void Read(NpgsqlDataReader row, Instant start, out Sample sample) => sample = new()
    {
        StartAt = start,
        EndAt = row.GetInstant(2),
        Value = GetDouble(row, 3),
        Min = GetDouble(row, 4),
        Max = GetDouble(row, 5),
        OffsetMinutes = row.GetInt16(6),
        SentUnit = row.FindString(8),
        Extra = row.FindString(9),
        MayNotShrink = !row.IsDBNull(11),
    };

    static double GetDouble(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? double.NaN : row.GetDouble(column);
}
