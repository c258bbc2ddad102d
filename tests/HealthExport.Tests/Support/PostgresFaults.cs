using System.Globalization;
using HealthExport.Storage.Postgres;
using Npgsql;

namespace HealthExport.Tests.Support;

/// <summary>
/// Triggers in a database of a test's own, which hold writes up until they are let go, or have the server refuse them.
/// </summary>
sealed class PostgresFaults : IAsyncDisposable
{
    /// <summary>A value that no push bears by chance.</summary>
    public const double HeldValue = 77.125;

    const int Key = 4711;

    readonly NpgsqlDataSource _source;
    NpgsqlConnection? _holder;

    PostgresFaults(NpgsqlDataSource source) => _source = source;

    public static PostgresFaults In(string url)
    {
        var settings = PostgresUrl.Parse(url);
        settings.Pooling = false;
        return new(NpgsqlDataSource.Create(settings));
    }

    /// <summary>
    /// Holds pushes up when all is written but the commit. Theirs wait for a standby where the server knows one, also
    /// where other commits do not.
    /// </summary>
    public Task HoldUpCommitsAsync() => HoldUpAsync("before update on raw_ingestions", "new.status in (2, 3)");

    /// <summary>Holds up whoever keeps a push, when the person's row is locked.</summary>
    public Task HoldUpReceivingAsync() => HoldUpAsync("before insert on raw_ingestions", "true");

    /// <summary>Holds up whoever keeps what a day adds up to, under the person's lock.</summary>
    public Task HoldUpTotalsAsync() => HoldUpAsync("before update on daily_totals", "new.version = new.computed");

    /// <summary>Holds up whoever writes a sample of <see cref="HeldValue"/>, amid the COPY of a batch.</summary>
    public Task HoldUpSamplesAsync() => HoldUpAsync(
        "before insert on samples", $"new.value = {HeldValue.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>Waits until somebody is held up.</summary>
    /// <param name="except">A session that does not count.</param>
    /// <returns>The session's number.</returns>
    public async Task<int> WaitForHeldAsync(int except = 0)
    {
        var pid = 0;
        await Eventually.TrueAsync(async () => (pid = (int)await ReadAsync(
            $"""
            select coalesce(max(pid), 0)
            from pg_locks
            where locktype = 'advisory' and classid = 0 and objid = {Key} and not granted and pid <> {except}
            """)) != 0);
        return pid;
    }

    public async Task LetGoAsync()
    {
        if (_holder is { } holder) await holder.DisposeAsync();
        _holder = null;
    }

    /// <summary>Has the first inserts into a table, over all sessions, refused with an SQLSTATE.</summary>
    public async Task RefuseAsync(string table, string sqlState, int times)
    {
        await ExecuteAsync(
            $"""
            create sequence refused;
            create function refuse() returns trigger language plpgsql as
            $$ begin
                if nextval('refused') <= {times} then
                    raise exception using errcode = '{sqlState}', message = 'asked for by a test';
                end if;
                return new;
            end $$;
            create trigger refuse before insert on {table} for each row execute function refuse()
            """);
    }

    public Task EndSessionAsync(int pid) => ReadAsync($"select pg_terminate_backend({pid}, 5000)::int");

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Reads the one number a select gives.</summary>
    public async Task<long> ReadAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>Fails unless each user's pushes were finished in the order of their numbers.</summary>
    public async Task AssertInOrderAsync() => Assert.Equal(0, await ReadAsync(
        """
        select count(*)
        from (
            select finished_at < lag(finished_at) over (partition by user_id order by number) as is_early
            from raw_ingestions
            where status in (2, 3)) finished
        where is_early
        """));

    public async ValueTask DisposeAsync()
    {
        await LetGoAsync();
        await _source.DisposeAsync();
    }

    async Task HoldUpAsync(string when, string condition)
    {
        await ExecuteAsync(
            $"""
            create or replace function hold_up() returns trigger language plpgsql as
            $$ begin
                perform set_config('lock_timeout', '0', true);
                perform pg_advisory_xact_lock_shared({Key});
                perform set_config('synchronous_commit', 'on', true);
                return new;
            end $$;
            create trigger hold_up {when} for each row when ({condition}) execute function hold_up()
            """);
        if (_holder is not null) return;
        _holder = await _source.OpenConnectionAsync();
        await using var hold = new NpgsqlCommand($"select pg_advisory_lock({Key})", _holder);
        await hold.ExecuteNonQueryAsync();
    }
}
