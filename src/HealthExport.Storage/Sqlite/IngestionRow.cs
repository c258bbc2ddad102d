using System.Text.Json;
using HealthExport.Pushes;

namespace HealthExport.Storage.Sqlite;

/// <summary>Rows of raw_ingestions as <see cref="Ingestion"/>; a duplicate's receipt is the first one's.</summary>
static class IngestionRow
{
    const string Select = """
        select i.user_id, i.number, i.public_id, i.key_id, i.status, i.received_at, i.started_at, i.finished_at,
            i.attempts, i.size_bytes, i.sha256, i.content_type, i.headers, i.time_zone, i.has_payload, o.public_id,
            coalesce(i.receipt, o.receipt)
        from raw_ingestions i
        left join raw_ingestions o on o.user_id = i.user_id and o.number = i.duplicate_of
        """;

    /// <summary>A select of the columns <see cref="Read"/> takes; the ingestion is <c>i</c>.</summary>
    /// <param name="rest">The where clause and what follows.</param>
    public static SqliteStatement Prepare(SqliteSession session, string rest) =>
        session.Prepare($"{Select}\n{rest}");

    public static Ingestion Get(SqliteSession session, long userId, long number)
    {
        using var find = Prepare(session, "where i.user_id = ?1 and i.number = ?2");
        return find.Bind(1, userId).Bind(2, number).Step()
            ? Read(find)
            : throw new InvalidOperationException($"Ingestion {number} is missing.");
    }

    public static Ingestion Read(SqliteStatement row) => new()
    {
        UserId = row.GetInt64(0),
        Number = row.GetInt64(1),
        Id = row.GetGuid(2),
        KeyId = row.GetString(3),
        Status = (IngestionStatus)row.GetInt64(4),
        ReceivedAt = row.GetInstant(5),
        StartedAt = row.GetInstant(6),
        FinishedAt = row.GetInstant(7),
        Attempts = row.GetInt32(8),
        SizeBytes = row.GetInt64(9),
        Sha256 = row.FindBytes(10)!,
        ContentType = row.FindString(11),
        Headers = JsonSerializer.Deserialize(row.GetText(12), StoredHeadersJson.Default.DictionaryStringString)!,
        TimeZone = row.FindString(13),
        HasPayload = row.GetBoolean(14),
        DuplicateOf = row.FindGuid(15),
        Receipt = row.IsNull(16) ? null : JsonSerializer.Deserialize(row.GetText(16), ReceiptJson.Default.Receipt),
    };

    public static byte[] WriteHeaders(IReadOnlyDictionary<string, string> headers) =>
        JsonSerializer.SerializeToUtf8Bytes(new(headers), StoredHeadersJson.Default.DictionaryStringString);
}
