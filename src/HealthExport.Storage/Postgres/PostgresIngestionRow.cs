using System.Text.Json;
using HealthExport.Pushes;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// A row of raw_ingestions. Its table is partitioned by time of receipt: every statement bounds that time by
/// parameters, because the planner leaves out the other partitions for those, and for what a join brings only after
/// planning them all. </summary>
/// <param name="Own">As it stands in the row: without what a duplicate has from its original.</param>
/// <param name="Original">Number of the ingestion whose duplicate it is.</param>
readonly record struct PostgresIngestionRow(Ingestion Own, long? Original)
{
    /// <summary>What <see cref="Read"/> takes, of raw_ingestions as <c>i</c>.</summary>
    public const string Columns = """
        i.user_id, i.number, i.public_id, i.key_id, i.status, i.received_at, i.started_at, i.finished_at, i.attempts,
        i.size_bytes, i.sha256, i.content_type, i.headers, i.time_zone, i.has_payload, i.receipt, i.duplicate_of
        """;

    public static PostgresIngestionRow Read(NpgsqlDataReader row) => new(
        new()
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
            Receipt = ReadReceipt(row.FindString(15)),
        },
        row.FindInt64(16));

    public static async ValueTask<Ingestion> GetAsync(
        NpgsqlConnection connection, long userId, long number, CancellationToken cancellationToken)
    {
        var found = await ListAsync(connection, userId, [number], cancellationToken);
        if (found is not [var row]) throw new InvalidOperationException($"Ingestion {number} is missing.");
        return (await CompleteAsync(connection, [row], cancellationToken))[0];
    }

    /// <summary>Gives duplicates of one user the id and receipt of their originals.</summary>
    public static async ValueTask<IReadOnlyList<Ingestion>> CompleteAsync(
        NpgsqlConnection connection, IReadOnlyList<PostgresIngestionRow> rows, CancellationToken cancellationToken)
    {
        long[] numbers = [.. rows.Where(row => row.Original is not null).Select(row => row.Original!.Value).Distinct()];
        if (numbers.Length == 0) return [.. rows.Select(row => row.Own)];
        var originals = (await ListAsync(connection, rows[0].Own.UserId, numbers, cancellationToken))
            .ToDictionary(row => row.Own.Number, row => row.Own);
        return
        [
            .. rows.Select(row => row.Original is { } number && originals.GetValueOrDefault(number) is { } original
                ? row.Own with { DuplicateOf = original.Id, Receipt = row.Own.Receipt ?? original.Receipt }
                : row.Own),
        ];
    }

    /// <summary>The public ids of a user's pushes, by number.</summary>
    public static async ValueTask<IReadOnlyDictionary<long, Guid>> FindIdsAsync(
        NpgsqlConnection connection, long userId, long[] numbers, CancellationToken cancellationToken) =>
        (await ListAsync(connection, userId, numbers, cancellationToken))
            .ToDictionary(row => row.Own.Number, row => row.Own.Id);

    /// <summary>When a push was received, by its number.</summary>
    public static NpgsqlCommand FindReceivedAt(NpgsqlConnection connection, long userId, long number)
    {
        var find = new NpgsqlCommand(
            "select received_at from ingestion_times where user_id = $1 and number = $2", connection);
        find.Parameters.Bind(userId).Bind(number);
        return find;
    }

    public static Receipt? ReadReceipt(string? json) =>
        json is null ? null : JsonSerializer.Deserialize(json, ReceiptJson.Default.Receipt);

    public static string? WriteReceipt(Receipt? receipt) =>
        receipt is null ? null : JsonSerializer.Serialize(receipt, ReceiptJson.Default.Receipt);

    public static string WriteHeaders(IReadOnlyDictionary<string, string> headers) =>
        JsonSerializer.Serialize(new(headers), StoredHeadersJson.Default.DictionaryStringString);

    static async ValueTask<List<PostgresIngestionRow>> ListAsync(
        NpgsqlConnection connection, long userId, long[] numbers, CancellationToken cancellationToken)
    {
        List<long> times = [];
        await using (var find = new NpgsqlCommand(
            "select received_at from ingestion_times where user_id = $1 and number = any($2)", connection))
        {
            find.Parameters.Bind(userId).Bind(numbers);
            await using var time = await find.ExecuteReaderAsync(cancellationToken);
            while (await time.ReadAsync(cancellationToken)) times.Add(time.GetInstant(0).ToServer());
        }
        await using var list = new NpgsqlCommand(
            $"""
            select {Columns}
            from raw_ingestions i
            where i.user_id = $1 and i.number = any($2) and i.received_at = any($3)
            """,
            connection);
        list.Parameters.Bind(userId).Bind(numbers).BindTimes([.. times]);
        List<PostgresIngestionRow> rows = [];
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) rows.Add(Read(row));
        return rows;
    }
}
