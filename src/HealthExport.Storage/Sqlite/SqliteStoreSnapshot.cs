using System.Runtime.CompilerServices;
using HealthExport.Moving;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed class SqliteStoreSnapshot : IStoreSnapshot
{
    readonly ReaderLease _reader;
    readonly TimeProvider _clock;
    readonly LeaseHolder _holder;

    public SqliteStoreSnapshot(ReaderLease reader, TimeProvider clock, LeaseHolder holder)
    {
        (_reader, _clock, _holder) = (reader, clock, holder);
        reader.Session.BeginRead();
        // The moment is that of the first read.
        using var first = reader.Session.Prepare("select count(*) from sqlite_master");
        first.Step();
    }

    public ValueTask<StoreState> DescribeAsync(CancellationToken cancellationToken)
    {
        var session = _reader.Session;
        using var version = session.Prepare("select version from keys_version where user_id = 0");
        Dictionary<string, long> counters = new(StringComparer.Ordinal);
        using (var read = session.Prepare("select name, seq from sqlite_sequence"))
            while (read.Step()) counters[read.GetString(0)] = read.GetInt64(1);
        return new(new StoreState(version.Step() ? version.GetInt64(0) : 0, CountLeases(session), counters));
    }

    public ValueTask<long> CountAsync(MovedTable table, CancellationToken cancellationToken)
    {
        using var count = _reader.Session.Prepare($"select count(*) from \"{table.Name}\"");
        count.Step();
        return new(count.GetInt64(0));
    }

    public async IAsyncEnumerable<RowBatch> ReadAsync(
        MovedTable table, bool isOrdered, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var types = table.Columns.Select(column => column.Type).ToArray();
        // Without an order the key is the fastest all the same: it is how the rows lie.
        using var read = _reader.Session.Prepare(
            $"""
            select {table.Columns.List()}
            from "{table.Name}"
            order by {table.Columns.Take(table.KeyLength).List()}
            """);
        await ValueTask.CompletedTask;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var batch = new RowBatch();
            var isEnd = !Fill(read, types, batch);
            if (batch.Count > 0) yield return batch;
            else batch.Dispose();
            if (isEnd) yield break;
        }
    }

    public ValueTask DisposeAsync()
    {
        // Ends the transaction.
        _reader.Dispose();
        return default;
    }

    static bool Fill(SqliteStatement read, MovedType[] types, RowBatch batch)
    {
        while (!batch.IsFull)
        {
            if (!read.Step()) return false;
            for (var i = 0; i < types.Length; i++)
                if (read.IsNull(i)) batch.AddNull();
                else if (types[i] == MovedType.Integer) batch.Add(read.GetInt64(i));
                else if (types[i] == MovedType.Real) batch.Add(read.GetDouble(i));
                else if (types[i] == MovedType.Text) batch.AddText(read.GetText(i));
                else batch.AddBytes(read.GetBlob(i));
            batch.EndRow();
        }
        return true;
    }

    long CountLeases(SqliteSession session)
    {
        using var read = session.Prepare(
            "select leased_by from queue where lease is not null and leased_until > ?1");
        read.Bind(1, Instant.From(_clock.GetUtcNow()));
        var live = 0L;
        while (read.Step())
            if (read.FindString(0) is not { } by || !_holder.KnowsDead(by)) live++;
        return live;
    }
}
