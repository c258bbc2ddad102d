using HealthExport.Moving;
using HealthExport.Workouts;

namespace HealthExport.Storage.Sqlite;

sealed class SqliteStoreCopy(SqliteDatabase database, TimeProvider clock, LeaseHolder holder) : IStoreCopy
{
    public string Place => database.Path;

    public bool Exists => File.Exists(database.Path);

    public ValueTask<IReadOnlyList<MovedTable>> ListTablesAsync(CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        return new(SqliteMovedTables.List(reader.Session));
    }

    public ValueTask<IStoreSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken) =>
        new(new SqliteStoreSnapshot(database.RentReader(), clock, holder));

    public ValueTask ClearAsync(IReadOnlyList<MovedTable> tables, CancellationToken cancellationToken) =>
        ChangeAsync(
            session =>
            {
                foreach (var table in tables) session.Run($"delete from \"{table.Name}\"");
                session.Run("delete from workout_route_boxes");
            },
            cancellationToken);

    public ValueTask WriteAsync(
        MovedTable table, RowBatch batch, RowWrite write, CancellationToken cancellationToken) =>
        ChangeAsync(
            session =>
            {
                var values = write == RowWrite.Remove ? table.KeyLength : table.Columns.Count;
                using var statement = session.Prepare(write == RowWrite.Remove ? MakeDelete(table) : MakeInsert(table));
                for (var i = 0; i < batch.Count; i++)
                {
                    var row = new RowReader(batch[i]);
                    for (var value = 1; value <= values; value++) Bind(statement, value, ref row);
                    statement.Run();
                }
            },
            cancellationToken);

    public ValueTask EndTableAsync(MovedTable table, CancellationToken cancellationToken) =>
        table.Name == MovedSchema.Routes ? ChangeAsync(MakeBoxes, cancellationToken) : default;

    public ValueTask FinishAsync(
        IReadOnlyDictionary<string, long> counters, long keysVersion, CancellationToken cancellationToken) =>
        ChangeAsync(
            session =>
            {
                foreach (var (table, last) in counters) RaiseCounter(session, table, last);
                using var raise = session.Prepare("""
                    update keys_version
                    set version = max(version + (version > ?1), ?1)
                    where user_id = 0 and version <> ?1
                    """);
                raise.Bind(1, keysVersion).Run();
            },
            cancellationToken);

    public ValueTask<IReadOnlyList<string>> FindFaultsAsync(CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        List<string> faults = [];
        using (var dangling = reader.Session.Prepare(
            """select "table", parent, count(*) from pragma_foreign_key_check() group by 1, 2"""))
            while (dangling.Step())
                faults.Add(
                    $"{dangling.GetInt64(2)} rows of {dangling.GetString(0)} point to nothing in "
                    + $"{dangling.GetString(1)}.");
        using var boxless = reader.Session.Prepare("""
            select count(*)
            from workout_routes
            where rowid not in (select id from workout_route_boxes)
            """);
        if (boxless.Step() && boxless.GetInt64(0) is > 0 and var count) faults.Add($"{count} routes have no box.");
        return new(faults);
    }

    /// <summary>Foreign keys are checked at the end: rows come table by table, and go so.</summary>
    async ValueTask ChangeAsync(Action<SqliteSession> change, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Execute("pragma foreign_keys = off");
        try
        {
            session.Begin();
            change(session);
            session.Commit();
        }
        finally
        {
            session.RollBack();
            session.Execute("pragma foreign_keys = on");
        }
    }

    static void Bind(SqliteStatement statement, int index, ref RowReader row)
    {
        row.Read();
        if (row.IsNull) statement.BindNull(index);
        else if (row.Type == MovedType.Integer) statement.Bind(index, row.Integer);
        else if (row.Type == MovedType.Real) statement.Bind(index, row.Real);
        else if (row.Type == MovedType.Text) statement.BindText(index, row.Bytes);
        else statement.Bind(index, row.Bytes);
    }

    static string MakeInsert(MovedTable table)
    {
        var rest = table.Columns.Skip(table.KeyLength)
            .Select(column => $"\"{column.Name}\" = excluded.\"{column.Name}\"");
        return $"""
            insert into "{table.Name}" ({table.Columns.List()})
            values ({string.Join(", ", Enumerable.Range(1, table.Columns.Count).Select(index => $"?{index}"))})
            on conflict ({table.Columns.Take(table.KeyLength).List()})
            {(table.KeyLength == table.Columns.Count ? "do nothing" : $"do update set {string.Join(", ", rest)}")}
            """;
    }

    static string MakeDelete(MovedTable table) =>
        $"""
        delete from "{table.Name}"
        where {string.Join(" and ", table.Key.Select((column, index) => $"\"{column}\" = ?{index + 1}"))}
        """;

    static void MakeBoxes(SqliteSession session)
    {
        session.Run("delete from workout_route_boxes");
        using var read = session.Prepare("select rowid, points from workout_routes");
        // The tree keeps 32-bit numbers, rounded outwards, so that the box always holds the route.
        using var box = session.Prepare("""
            insert into workout_route_boxes (id, min_lon, max_lon, min_lat, max_lat)
            values (?1, ?2, ?3, ?4, ?5)
            """);
        while (read.Step())
        {
            var (latitudes, longitudes) = RouteBlob.ReadPlaces(read.GetBlob(1));
            var bounds = GeoBox.OfLine(latitudes, longitudes);
            box.Bind(1, read.GetInt64(0))
                .Bind(2, bounds.West).Bind(3, bounds.East).Bind(4, bounds.South).Bind(5, bounds.North).Run();
        }
    }

    static void RaiseCounter(SqliteSession session, string table, long last)
    {
        using var raise = session.Prepare("update sqlite_sequence set seq = max(seq, ?2) where name = ?1");
        if (raise.Bind(1, table).Bind(2, last).Run() > 0) return;
        using var insert = session.Prepare("insert into sqlite_sequence (name, seq) values (?1, ?2)");
        insert.Bind(1, table).Bind(2, last).Run();
    }
}
