using HealthExport.Pushes;
using HealthExport.Storage.Sqlite;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Storage;

public sealed class SqliteDatabaseTests : IAsyncLifetime
{
    readonly SqliteFixture _stores = SqliteFixture.OpenEmpty();

    SqliteDatabase Database => _stores.Database;

    public async ValueTask InitializeAsync() => await _stores.ExecuteAsync(
        "create table things (id integer primary key, name text unique, size real, bytes blob, check (size < 100))");

    public ValueTask DisposeAsync() => _stores.DisposeAsync();

    [Fact]
    public async Task The_file_and_its_companions_are_for_their_owner_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such rights.");
            return;
        }
        using (var writer = await Database.RentWriterAsync(default))
            writer.Session.Run("insert into things (name) values ('x')");

        foreach (var path in (string[])[Database.Path, Database.Path + "-wal", Database.Path + "-shm"])
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task Values_come_back_as_bound()
    {
        using var writer = await Database.RentWriterAsync(default);
        using (var insert = writer.Session.Prepare("insert into things values (?1, ?2, ?3, ?4)"))
        {
            insert.Bind(1, long.MinValue).Bind(2, "Zoë\0\ud83d\ude00").Bind(3, -0.1).Bind(4, (byte[])[0, 255]).Run();
            insert.Bind(1, 2).Bind(2, "").BindNull(3).Bind(4, (ReadOnlySpan<byte>)[]).Run();
            insert.Bind(1, 3).Bind(2, (string?)null).Bind(3, (double?)null).Bind(4, (byte[]?)null).Run();
            insert.Bind(1, 4).Bind(2, new string('é', 5_000)).Bind(3, double.Epsilon).Bind(4, new byte[100_000]).Run();
        }

        using var read = writer.Session.Prepare("select * from things order by id");
        Assert.True(read.Step());
        Assert.Equal(
            (long.MinValue, "Zoë\0\ud83d\ude00", -0.1),
            (read.GetInt64(0), read.GetString(1), read.GetDouble(2)));
        Assert.Equal([0, 255], read.GetBlob(3).ToArray());
        Assert.True(read.Step());
        Assert.Equal(("", null), (read.FindString(1), read.FindDouble(2)));
        Assert.Empty(read.FindBytes(3)!);
        Assert.True(read.Step());
        Assert.Equal((null, null, null), (read.FindString(1), read.FindDouble(2), read.FindBytes(3)));
        Assert.True(read.Step());
        Assert.Equal(
            (5_000, double.Epsilon, 100_000),
            (read.GetString(1).Length, read.GetDouble(2), read.GetBlob(3).Length));
        Assert.False(read.Step());
    }

    [Fact]
    public async Task A_refused_row_is_named_by_its_columns_and_never_by_its_values()
    {
        using var writer = await Database.RentWriterAsync(default);
        using var insert = writer.Session.Prepare("insert into things (name, size) values (?1, ?2)");
        insert.Bind(1, "secret").Bind(2, 77.25).Run();

        var again = Assert.Throws<StoreRefusedException>(() => insert.Run());
        var tooBig = Assert.Throws<StoreRefusedException>(() => insert.Bind(1, "other secret").Bind(2, 777.25).Run());

        Assert.Contains("things.name", again.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", again + tooBig.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("77.25", again + tooBig.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_statement_goes_on_after_a_refusal()
    {
        using var writer = await Database.RentWriterAsync(default);
        using var insert = writer.Session.Prepare("insert into things (name) values (?1)");
        insert.Bind(1, "a").Run();
        Assert.Throws<StoreRefusedException>(() => insert.Run());

        Assert.Equal(1, insert.Bind(1, "b").Run());
    }

    [Fact]
    public async Task Two_uses_of_one_statement_at_once_are_a_mistake_that_shows()
    {
        using var writer = await Database.RentWriterAsync(default);
        using var outer = writer.Session.Prepare("select 1");

        Assert.Throws<InvalidOperationException>(() => writer.Session.Prepare("select 1"));
    }

    [Fact]
    public async Task Only_one_holds_the_writer_and_giving_up_the_wait_leaves_it_usable()
    {
        using var cancellation = new CancellationTokenSource();
        var writer = await Database.RentWriterAsync(default);
        var waiting = Database.RentWriterAsync(cancellation.Token).AsTask();
        Assert.False(waiting.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        var next = Database.RentWriterAsync(default).AsTask();

        writer.Dispose();

        (await next).Dispose();
    }

    [Fact]
    public async Task A_transaction_left_open_is_rolled_back_with_its_lease()
    {
        using (var writer = await Database.RentWriterAsync(default))
        {
            writer.Session.Begin();
            writer.Session.Execute("insert into things (name) values ('a')");
        }

        Assert.Equal(0, await _stores.ReadAsync("select count(*) from things"));
    }

    [Fact]
    public async Task Readers_see_what_is_committed_while_a_transaction_is_open()
    {
        using var writer = await Database.RentWriterAsync(default);
        writer.Session.Begin();
        writer.Session.Execute("insert into things (name) values ('a')");

        Assert.Equal(0, await _stores.ReadAsync("select count(*) from things"));
        writer.Session.Commit();
        Assert.Equal(1, await _stores.ReadAsync("select count(*) from things"));
    }

    [Fact]
    public async Task A_writer_waits_for_another_processs_transaction()
    {
        await using var other = new SqliteDatabase(Database.Path);
        var holding = await other.RentWriterAsync(default);
        holding.Session.Begin();
        holding.Session.Execute("insert into things (name) values ('a')");

        var waiting = Task.Run(() => _stores.ExecuteAsync("insert into things (name) values ('b')").AsTask());
        holding.Session.Commit();
        holding.Dispose();

        await waiting;
        Assert.Equal(2, await _stores.ReadAsync("select count(*) from things"));
    }

    [Fact]
    public async Task A_writer_that_waits_in_vain_says_that_the_store_is_unavailable()
    {
        await using var other = new SqliteDatabase(Database.Path);
        using var holding = await other.RentWriterAsync(default);
        holding.Session.Begin();
        using var writer = await Database.RentWriterAsync(default);
        writer.Session.SetBusyTimeout(10);

        Assert.Throws<StoreUnavailableException>(writer.Session.Begin);
    }

    [Fact]
    public void Nothing_can_be_written_through_a_reader()
    {
        using var reader = Database.RentReader();

        Assert.Throws<StoreUnavailableException>(() => reader.Session.Run("delete from things"));
    }

    [Fact]
    public async Task Every_commit_is_synced_and_none_pays_for_the_checkpoint()
    {
        using var writer = await Database.RentWriterAsync(default);

        Assert.Equal("wal", ReadText(writer.Session, "pragma journal_mode"));
        Assert.Equal("2", ReadText(writer.Session, "pragma synchronous"));
        Assert.Equal("1", ReadText(writer.Session, "pragma foreign_keys"));
        Assert.Equal("0", ReadText(writer.Session, "pragma wal_autocheckpoint"));
        Assert.Equal("0", ReadText(writer.Session, "pragma mmap_size"));
    }

    [Fact]
    public async Task A_big_commit_is_copied_into_the_file_and_a_shutdown_leaves_no_log()
    {
        await _stores.ExecuteAsync("""
            insert into things (bytes)
            with recursive n (at) as (select 1 union all select at + 1 from n where at < 3000)
            select randomblob(4000)
            from n
            """);

        await Database.DisposeAsync();

        Assert.False(File.Exists(Database.Path + "-wal"));
        Assert.True(new FileInfo(Database.Path).Length > 3000 * 4000);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Database.RentWriterAsync(default));
        Assert.Throws<ObjectDisposedException>(Database.RentReader);
    }

    [Fact]
    public async Task The_log_is_begun_anew_after_every_big_commit()
    {
        for (var commit = 0; commit < 5; commit++)
        {
            await _stores.ExecuteAsync("""
                insert into things (bytes)
                with recursive n (at) as (select 1 union all select at + 1 from n where at < 5000)
                select zeroblob(4000)
                from n
                """);
            await Eventually.TrueAsync(async () => await LogASmallCommitAsync() < 100);
        }

        Assert.InRange(new FileInfo(Database.Path + "-wal").Length, 20_000_000, 40_000_000);
    }

    [Fact]
    public async Task While_somebody_reads_in_the_log_nothing_waits_for_its_new_beginning()
    {
        await LogASmallCommitAsync();
        using (var reader = Database.RentReader())
        {
            reader.Session.BeginRead();
            var before = ReadText(reader.Session, "select count(*) from things");
            for (var commit = 0; commit < 3; commit++)
                await _stores.ExecuteAsync("insert into things (bytes) values (zeroblob(20000000))");
            Assert.InRange(await LogASmallCommitAsync(), 3 * 20_000_000 / SqliteDatabase.PageBytes, int.MaxValue);
            Assert.Equal(before, ReadText(reader.Session, "select count(*) from things"));
        }

        await _stores.ExecuteAsync("insert into things (bytes) values (zeroblob(20000000))");
        await Eventually.TrueAsync(async () => await LogASmallCommitAsync() < 100);
    }

    [Fact]
    public async Task SQLite_sleeps_as_short_as_it_asks_to()
    {
        using var writer = await Database.RentWriterAsync(default);

        Assert.Equal(1_000, Sleep(1));
        Assert.Equal(3_000, Sleep(2_001));

        static unsafe int Sleep(int microseconds)
        {
            var system = SqliteNative.FindFileSystem(SqliteFileSystem.Name);
            return system->Sleep(system, microseconds);
        }
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_told_as_an_unavailable_store()
    {
        var path = Path.Combine(_stores.Folder.FullName, "text.db");
        await File.WriteAllTextAsync(path, new string('x', 10_000));
        await using var database = new SqliteDatabase(path);

        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await database.RentWriterAsync(default));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await database.RentWriterAsync(default));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_told_as_an_unavailable_store()
    {
        var file = Path.Combine(_stores.Folder.FullName, "file");
        await File.WriteAllTextAsync(file, "");
        await using var database = new SqliteDatabase(Path.Combine(file, "health.db"));

        Assert.Throws<StoreUnavailableException>(database.RentReader);
    }

    /// <returns>Pages in the log after it.</returns>
    async Task<int> LogASmallCommitAsync()
    {
        using var writer = await Database.RentWriterAsync(default);
        writer.Session.Run("insert into things (name) values (null)");
        return writer.Session.LoggedPages;
    }

    static string ReadText(SqliteSession session, string sql)
    {
        using var read = session.Prepare(sql);
        Assert.True(read.Step());
        return read.GetString(0);
    }
}
