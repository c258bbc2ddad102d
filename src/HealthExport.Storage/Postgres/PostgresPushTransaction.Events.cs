using HealthExport.Events;
using HealthExport.Pushes;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresPushTransaction
{
    public ValueTask<Stored<HealthEvent>?[]> FindAsync(
        IReadOnlyList<HealthEvent> rows, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        _sources.Trim();
        var found = new Stored<HealthEvent>?[rows.Count];
        int[] places = [.. Enumerable.Range(0, rows.Count)
            .Where(i => PostgresText.IsStorable(rows[i].Kind) && PostgresText.IsStorable(rows[i].Identity))];
        if (places.Length == 0) return found;
        List<(int At, int Source)> sources = [];
        await using (var find = new NpgsqlCommand(
            """
            select w.at::int, e.*
            from unnest($2, $3) with ordinality w (kind, identity, at)
            cross join lateral (
                select e.start_at, e.end_at, e.utc_offset, e.code, e.text, e.value, e.source_id, e.item_type,
                    e.payload, e.ingestion, v.frequency_hz, v.start_at as first_at, v.microvolts, e.value_code,
                    e.value_text
                from health_events e
                left join ecg_voltages v on v.user_id = $1 and v.kind = w.kind and v.identity = w.identity
                where e.user_id = $1 and e.kind = w.kind and e.identity = w.identity
                offset 0) e
            """,
            _connection))
        {
            find.Parameters.Bind(User)
                .BindTexts(places.Select(at => rows[at].Kind)).BindTexts(places.Select(at => rows[at].Identity));
            await using var row = await find.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                var at = places[row.GetInt32(0) - 1];
                found[at] = ReadEvent(row, rows[at]);
                sources.Add((at, row.GetInt32(7)));
            }
        }
        await _sources.LookUpAsync(sources.Select(one => one.Source), cancellationToken);
        foreach (var (at, source) in sources)
            found[at] = found[at]! with { Row = found[at]!.Row with { Source = _sources.GetText(source) } };
        return found;
    });

    public ValueTask WriteAsync(
        IReadOnlyList<HealthEvent> rows, ReadOnlyMemory<RowChange> changes, CancellationToken cancellationToken) =>
        WriteAsync(async () =>
        {
            _sources.Trim();
            await _sources.AddAsync(rows.Select(row => row.Source), cancellationToken);
            const string Insert =
                """
                insert into health_events (
                    user_id, ingestion, kind, identity, start_at, end_at, utc_offset, code, text, value, source_id,
                    item_type, payload, value_code, value_text)
                select $1, $2, n.*
                from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) n
                """;
            await RunAsync(Insert, rows, changes, RowChange.Insert, BindEvents, cancellationToken);
            // Those are there: see UpdateSamples.
            await RunAsync(
                $"""
                {Insert}
                on conflict (user_id, kind, identity) do update
                set start_at = excluded.start_at, end_at = excluded.end_at, utc_offset = excluded.utc_offset,
                    code = excluded.code, text = excluded.text, value = excluded.value,
                    source_id = excluded.source_id, item_type = excluded.item_type, payload = excluded.payload,
                    value_code = excluded.value_code, value_text = excluded.value_text, ingestion = excluded.ingestion
                """,
                rows, changes, RowChange.Update, BindEvents, cancellationToken);
            await RunAsync(
                $"""
                {Insert}
                on conflict (user_id, kind, identity) do update
                set ingestion = excluded.ingestion
                """,
                rows, changes, RowChange.Touch, BindEvents, cancellationToken);
            await WriteVoltagesAsync(rows, changes, cancellationToken);
        }, cancellationToken);

    // Voltages once stored stay when the event comes without them.
    async ValueTask WriteVoltagesAsync(
        IReadOnlyList<HealthEvent> rows, ReadOnlyMemory<RowChange> changes, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(_connection);
        for (var i = 0; i < rows.Count; i++)
        {
            if (changes.Span[i] is not (RowChange.Insert or RowChange.Update)
                || rows[i].Voltages is not { } voltages) continue;
            batch.Add(
                """
                insert into ecg_voltages (user_id, kind, identity, frequency_hz, start_at, count, microvolts)
                values ($1, $2, $3, $4, $5, $6, $7)
                on conflict (user_id, kind, identity) do update
                set frequency_hz = excluded.frequency_hz, start_at = excluded.start_at, count = excluded.count,
                    microvolts = excluded.microvolts
                """)
                .Bind(User).BindText(rows[i].Kind).BindText(rows[i].Identity)
                .Bind(voltages.FrequencyHz).Bind(voltages.StartAt).Bind(voltages.Microvolts.Length)
                .BindArray(voltages.Microvolts);
        }
        if (batch.BatchCommands.Count > 0) await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    NpgsqlParameterCollection BindEvents(NpgsqlParameterCollection parameters, HealthEvent[] rows) => parameters
        .Bind(User).Bind(Push)
        .BindTexts(rows.Select(row => row.Kind))
        .BindTexts(rows.Select(row => row.Identity))
        .BindTimes(rows.Select(row => row.StartAt))
        .BindTimes(rows.Select(row => row.EndAt))
        .BindNumbers(rows.Select(row => row.OffsetMinutes))
        .BindTexts(rows.Select(row => row.Code))
        .BindTexts(rows.Select(row => row.Text))
        .BindNumbers(rows.Select(row => row.Value))
        .BindNumbers(rows.Select(row => _sources.Get(row.Source)))
        .BindTexts(rows.Select(row => row.ItemType))
        .BindBlobs(rows.Select(row => row.Payload))
        .BindTexts(rows.Select(row => row.ValueCode))
        .BindTexts(rows.Select(row => row.ValueText));

    // All but the source.
    static Stored<HealthEvent> ReadEvent(NpgsqlDataReader row, HealthEvent key) => new(
        new()
        {
            Kind = key.Kind,
            Identity = key.Identity,
            StartAt = row.GetInstant(1),
            EndAt = row.GetInstant(2),
            OffsetMinutes = row.GetInt16(3),
            Code = row.FindString(4),
            Text = row.FindString(5),
            Value = row.FindDouble(6),
            ValueCode = row.FindString(14),
            ValueText = row.FindString(15),
            ItemType = row.GetString(8),
            Payload = row.GetFieldValue<byte[]>(9),
            Voltages = row.IsDBNull(11)
                ? null
                : new(row.GetDouble(11), row.GetInstant(12), row.GetFieldValue<double[]>(13)),
        },
        row.GetInt64(10));

    public ValueTask<IReadOnlyList<HealthEvent>[]> FindSimultaneousAsync(
        IReadOnlyList<HealthEvent> rows, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        var found = new IReadOnlyList<HealthEvent>[rows.Count];
        Array.Fill(found, []);
        await using var find = new NpgsqlCommand(
            """
            select w.at::int, e.*
            from unnest($2, $3) with ordinality w (kind, start_at, at)
            cross join lateral (
                select identity, value, payload, utc_offset, item_type
                from health_events
                where user_id = $1 and kind = w.kind and start_at = w.start_at
                order by identity
                limit 100) e
            order by w.at
            """,
            _connection);
        find.Parameters.Bind(User)
            .BindTexts(rows.Select(row => row.Kind)).BindTimes(rows.Select(row => row.StartAt));
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var at = row.GetInt32(0) - 1;
            found[at] =
            [
                .. found[at],
                new()
                {
                    Kind = rows[at].Kind,
                    Identity = row.GetString(1),
                    StartAt = rows[at].StartAt,
                    OffsetMinutes = row.GetInt16(4),
                    Value = row.FindDouble(2),
                    Payload = row.GetFieldValue<byte[]>(3),
                    ItemType = row.GetString(5),
                },
            ];
        }
        return found;
    });

    public ValueTask RenameAsync(HealthEvent stored, string identity, CancellationToken cancellationToken) =>
        WriteAsync(async () =>
        {
            await using var rename = new NpgsqlCommand(
                """
                update health_events
                set identity = $4
                where user_id = $1 and kind = $2 and identity = $3
                """,
                _connection);
            rename.Parameters.Bind(User).Bind(stored.Kind).Bind(stored.Identity).Bind(identity);
            MustChange(1, await rename.ExecuteNonQueryAsync(cancellationToken));
        }, cancellationToken);
}
