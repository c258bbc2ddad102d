using System.Text.Json;
using HealthExport.Pushes;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>Rows of raw_ingestions as <see cref="Ingestion"/>; a duplicate's receipt is the first one's.</summary>
static class PostgresIngestionRow
{
    // Each row of raw_ingestions is reached with its time of receipt, so that one partition is asked.
    const string Columns = """
        select i.user_id, i.number, i.public_id, i.key_id, i.status, i.received_at, i.started_at, i.finished_at,
            i.attempts, i.size_bytes, i.sha256, i.content_type, i.headers, i.time_zone, i.has_payload, o.public_id,
            coalesce(i.receipt, o.receipt)
        """;

    const string Original = """
        left join ingestion_times ot on ot.user_id = i.user_id and ot.number = i.duplicate_of
        left join raw_ingestions o
            on o.user_id = ot.user_id and o.number = ot.number and o.received_at = ot.received_at
        """;

    /// <summary>By user and number, <c>$1</c> and <c>$2</c>.</summary>
    public const string SelectByNumber = $"""
        {Columns}
        from ingestion_times t
        join raw_ingestions i on i.user_id = t.user_id and i.number = t.number and i.received_at = t.received_at
        {Original}
        where t.user_id = $1 and t.number = $2
        """;

    /// <summary>What <see cref="Read"/> takes; the ingestion is <c>i</c>.</summary>
    /// <param name="rest">The where clause and what follows. It bounds <c>i.received_at</c> where it can.</param>
    public static string Select(string rest) => $"""
        {Columns}
        from raw_ingestions i
        {Original}
        {rest}
        """;

    public static async ValueTask<Ingestion> GetAsync(
        NpgsqlConnection connection, long userId, long number, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(SelectByNumber, connection);
        find.Parameters.Bind(userId).Bind(number);
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? Read(row)
            : throw new InvalidOperationException($"Ingestion {number} is missing.");
    }

    public static Ingestion Read(NpgsqlDataReader row) => new()
    {
        UserId = row.GetInt64(0),
        Number = row.GetInt64(1),
        Id = row.GetGuid(2),
        KeyId = row.GetString(3),
        Status = (IngestionStatus)row.GetInt16(4),
        ReceivedAt = row.GetInstant(5),
        StartedAt = row.GetInstant(6),
        FinishedAt = row.GetInstant(7),
        Attempts = row.GetInt32(8),
        SizeBytes = row.GetInt64(9),
        Sha256 = row.GetFieldValue<byte[]>(10),
        ContentType = row.FindString(11),
        Headers = JsonSerializer.Deserialize(row.GetString(12), StoredHeadersJson.Default.DictionaryStringString)!,
        TimeZone = row.FindString(13),
        HasPayload = row.GetBoolean(14),
        DuplicateOf = row.FindGuid(15),
        Receipt = row.FindString(16) is { } receipt ? ReadReceipt(receipt) : null,
    };

    public static Receipt ReadReceipt(string json) =>
        JsonSerializer.Deserialize(json, ReceiptJson.Default.Receipt)!;

    public static string WriteHeaders(IReadOnlyDictionary<string, string> headers) =>
        JsonSerializer.Serialize(new(headers), StoredHeadersJson.Default.DictionaryStringString);
}
