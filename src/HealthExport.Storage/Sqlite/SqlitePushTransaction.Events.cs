using HealthExport.Events;
using HealthExport.Pushes;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqlitePushTransaction
{
    public ValueTask<Stored<HealthEvent>?[]> FindAsync(
        IReadOnlyList<HealthEvent> rows, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var found = new Stored<HealthEvent>?[rows.Count];
        using var find = _session.Prepare(
            """
            select e.start_at, e.end_at, e.utc_offset, e.code, e.text, e.value, e.source_id, e.item_type, e.payload,
                e.ingestion, v.frequency_hz, v.start_at, v.microvolts, e.value_code, e.value_text
            from health_events e
            left join ecg_voltages v on v.user_id = e.user_id and v.kind = e.kind and v.identity = e.identity
            where e.user_id = ?1 and e.kind = ?2 and e.identity = ?3
            """);
        find.Bind(1, User);
        for (var i = 0; i < rows.Count; i++)
        {
            if (find.Bind(2, rows[i].Kind).Bind(3, rows[i].Identity).Step()) found[i] = ReadEvent(find, rows[i]);
            find.Reset();
        }
        return new(found);
    }

    public ValueTask WriteAsync(
        IReadOnlyList<HealthEvent> rows, ReadOnlyMemory<RowChange> changes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        for (var i = 0; i < rows.Count; i++)
        {
            switch (changes.Span[i])
            {
                case RowChange.Insert:
                    Write(
                        """
                        insert into health_events (
                            user_id, kind, identity, start_at, end_at, utc_offset, code, text, value, source_id,
                            item_type, payload, ingestion, value_code, value_text)
                        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
                        """,
                        rows[i]);
                    break;
                case RowChange.Update:
                    Write(
                        """
                        update health_events
                        set start_at = ?4, end_at = ?5, utc_offset = ?6, code = ?7, text = ?8, value = ?9,
                            source_id = ?10, item_type = ?11, payload = ?12, ingestion = ?13, value_code = ?14,
                            value_text = ?15
                        where user_id = ?1 and kind = ?2 and identity = ?3
                        """,
                        rows[i]);
                    break;
                case RowChange.Touch:
                    Touch(rows[i]);
                    break;
            }
        }
        return ValueTask.CompletedTask;
    }

    Stored<HealthEvent> ReadEvent(SqliteStatement row, HealthEvent key) => new(
        new()
        {
            Kind = key.Kind,
            Identity = key.Identity,
            StartAt = row.GetInstant(0),
            EndAt = row.GetInstant(1),
            OffsetMinutes = (short)row.GetInt64(2),
            Code = row.FindString(3),
            Text = row.FindString(4),
            Value = row.FindDouble(5),
            ValueCode = row.FindString(13),
            ValueText = row.FindString(14),
            Source = _sources.GetText(row.GetInt64(6)),
            ItemType = row.GetString(7),
            Payload = row.GetBlob(8).ToArray(),
            Voltages = row.IsNull(10)
                ? null
                : new(row.GetDouble(10), row.GetInstant(11), LittleEndian.ReadDoubles(row.GetBlob(12))),
        },
        row.GetInt64(9));

    // Voltages once stored stay when the event comes without them.
    void Write(string sql, HealthEvent row)
    {
        using var write = _session.Prepare(sql);
        MustChangeOne(write
            .Bind(1, User).Bind(2, row.Kind).Bind(3, row.Identity)
            .Bind(4, row.StartAt).Bind(5, row.EndAt).Bind(6, row.OffsetMinutes)
            .Bind(7, row.Code).Bind(8, row.Text).Bind(9, row.Value).Bind(10, _sources.GetOrAdd(row.Source))
            .Bind(11, row.ItemType).Bind(12, row.Payload.Span).Bind(13, Push)
            .Bind(14, row.ValueCode).Bind(15, row.ValueText).Run());
        if (row.Voltages is not { } voltages) return;

        using var replace = _session.Prepare(
            """
            insert into ecg_voltages (user_id, kind, identity, frequency_hz, start_at, count, microvolts)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            on conflict (user_id, kind, identity) do update
            set frequency_hz = excluded.frequency_hz, start_at = excluded.start_at, count = excluded.count,
                microvolts = excluded.microvolts
            """);
        replace.Bind(1, User).Bind(2, row.Kind).Bind(3, row.Identity)
            .Bind(4, voltages.FrequencyHz).Bind(5, voltages.StartAt.Microseconds).Bind(6, voltages.Microvolts.Length)
            .Bind(7, LittleEndian.ToBytes(voltages.Microvolts)).Run();
    }

    void Touch(HealthEvent row)
    {
        using var touch = _session.Prepare(
            """
            update health_events
            set ingestion = ?4
            where user_id = ?1 and kind = ?2 and identity = ?3
            """);
        MustChangeOne(touch.Bind(1, User).Bind(2, row.Kind).Bind(3, row.Identity).Bind(4, Push).Run());
    }

    public ValueTask<IReadOnlyList<HealthEvent>[]> FindSimultaneousAsync(
        IReadOnlyList<HealthEvent> rows, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var found = new IReadOnlyList<HealthEvent>[rows.Count];
        using var find = _session.Prepare(
            """
            select identity, value, payload, utc_offset, item_type
            from health_events
            where user_id = ?1 and kind = ?2 and start_at = ?3
            order by identity
            limit 100
            """);
        find.Bind(1, User);
        for (var i = 0; i < rows.Count; i++)
        {
            List<HealthEvent> those = [];
            find.Bind(2, rows[i].Kind).Bind(3, rows[i].StartAt);
            while (find.Step())
                those.Add(new()
                {
                    Kind = rows[i].Kind,
                    Identity = find.GetString(0),
                    StartAt = rows[i].StartAt,
                    OffsetMinutes = (short)find.GetInt64(3),
                    Value = find.FindDouble(1),
                    Payload = find.GetBlob(2).ToArray(),
                    ItemType = find.GetString(4),
                });
            found[i] = those;
            find.Reset();
        }
        return new(found);
    }

    public ValueTask RenameAsync(HealthEvent stored, string identity, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var rename = _session.Prepare(
            """
            update health_events
            set identity = ?4
            where user_id = ?1 and kind = ?2 and identity = ?3
            """);
        MustChangeOne(rename.Bind(1, User).Bind(2, stored.Kind).Bind(3, stored.Identity).Bind(4, identity).Run());
        return ValueTask.CompletedTask;
    }
}
