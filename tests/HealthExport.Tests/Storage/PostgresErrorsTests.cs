using HealthExport.Pushes;
using HealthExport.Storage.Postgres;
using HealthExport.Tests.Support;
using Npgsql;

namespace HealthExport.Tests.Storage;

public sealed class PostgresErrorsTests : IAsyncLifetime
{
    PostgresFixture _stores = null!;

    public async ValueTask InitializeAsync() => _stores = await PostgresFixture.OpenAsync();

    public async ValueTask DisposeAsync()
    {
        if (_stores is not null) await _stores.DisposeAsync();
    }

    [Theory]
    [InlineData("08006")]
    [InlineData("53100")]
    [InlineData("53200")]
    [InlineData("53300")]
    [InlineData("57014")]
    [InlineData("57P03")]
    [InlineData("40001")]
    [InlineData("40P01")]
    [InlineData("55P03")]
    [InlineData("58030")]
    [InlineData("25006")]
    public async Task What_the_server_says_of_itself_is_an_outage(string state) =>
        await Assert.ThrowsAsync<StoreUnavailableException>(() => RaiseAsync(state));

    [Theory]
    [InlineData("22003")]
    [InlineData("22021")]
    [InlineData("23502")]
    [InlineData("23505")]
    [InlineData("54000")]
    public async Task What_it_says_of_rows_is_a_refusal_that_does_not_quote_them(string state)
    {
        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => RaiseAsync(state));

        Assert.Contains(state, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("72.5", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistake_in_a_statement_is_ours() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync("select nothing from nowhere"));

    [Fact]
    public async Task A_lock_that_is_not_given_in_time_is_an_outage()
    {
        var user = await _stores.AddUserAsync();
        await using var holder = await _stores.Database.OpenAsync(default);
        await using var transaction = await holder.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand($"select 1 from users where id = {user.Id} for update", holder))
            await hold.ExecuteNonQueryAsync();

        await Assert.ThrowsAsync<StoreUnavailableException>(
            () => RunAsync($"set local lock_timeout = '50ms'; update users set email = '' where id = {user.Id}"));
    }

    [Fact]
    public async Task A_connection_found_dead_is_replaced_unseen()
    {
        var user = await _stores.AddUserAsync();
        for (var round = 0; round < 3; round++)
        {
            // Several that wait in the pool, all ended behind its back.
            await Task.WhenAll(Enumerable.Range(0, 5).Select(
                _ => Task.Run(async () => await RunAsync("select pg_sleep(0.05)"))));
            await EndSessionsAsync();

            await _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, user.Id, $"[{round}]"));
            await EndSessionsAsync();
            Assert.NotNull(await _stores.Users.FindAsync(user.Id, default));
            await EndSessionsAsync();
            Assert.Equal("["u8, Read(_stores.Ingestions.OpenPayload(user.Id, round + 1)).AsSpan(0, 1));
        }

        Assert.Equal(3, await _stores.ReadAsync("select count(*) from raw_ingestions"));
    }

    [Fact]
    public async Task A_wrong_password_is_an_outage_and_is_not_repeated()
    {
        var url = new UriBuilder(_stores.Url) { Password = "hunter2" }.Uri.OriginalString;
        await using var database = new PostgresDatabase(url);

        var error = await Assert.ThrowsAsync<StoreUnavailableException>(
            async () => await new PostgresMigrations(database).PingAsync(default));

        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    Task RaiseAsync(string state) => RunAsync(
        $"do $$ begin raise exception using errcode = '{state}', message = 'of 72.5', detail = 'in 72.5'; end $$");

    async Task RunAsync(string sql) => await _stores.Database.WriteAsync(
        async (connection, cancellationToken) =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteNonQueryAsync(cancellationToken);
        },
        default);

    async Task EndSessionsAsync()
    {
        await using var admin = PostgresServer.At(_stores.Url).Open();
        await using var end = admin.CreateCommand("""
            select count(pg_terminate_backend(pid, 5000))
            from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()
            """);
        await end.ExecuteNonQueryAsync();
    }

    static byte[] Read(Stream stream)
    {
        using (stream)
        {
            var all = new MemoryStream();
            stream.CopyTo(all);
            return all.ToArray();
        }
    }
}
