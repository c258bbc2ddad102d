using HealthExport.Storage.Postgres;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace HealthExport.Tests.Support;

/// <summary>
/// A trigger in a store, at which an import stays when so many files are kept, for longer than any test lasts. Disposing
/// takes it away; the import must have been killed.
/// </summary>
sealed class ImportBarrier : IAsyncDisposable
{
    readonly string _url;

    ImportBarrier(string url) => _url = url;

    public static async Task<ImportBarrier> SetAsync(StorePlace place, int afterFiles)
    {
        var barrier = new ImportBarrier(place.Url);
        await barrier.RunAsync(
            // Pairs of pairs of pairs: SQLite can only be kept busy.
            $"""
            create trigger barrier before insert on raw_ingestions
            when (select count(*) from raw_ingestions) >= {afterFiles}
            begin
                select count(*)
                from raw_ingestions a, raw_ingestions b, raw_ingestions c, raw_ingestions d, raw_ingestions e,
                    raw_ingestions f, raw_ingestions g, raw_ingestions h, raw_ingestions i, raw_ingestions j
                where a.number + b.number + c.number + d.number + e.number + f.number + g.number + h.number + i.number
                    + j.number < 0;
            end
            """,
            $"""
            create function barrier() returns trigger language plpgsql as
            $$ begin
                if (select count(*) from raw_ingestions) >= {afterFiles} then
                    perform pg_sleep(600);
                end if;
                return new;
            end $$;
            create trigger barrier before insert on raw_ingestions for each row execute function barrier()
            """);
        return barrier;
    }

    public async ValueTask DisposeAsync() => await RunAsync(
        "drop trigger barrier",
        // What a killed process has asked for goes on without it.
        """
        select pg_terminate_backend(pid, 5000)
        from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid();
        drop function barrier() cascade
        """);

    async Task RunAsync(string onSqlite, string onPostgres)
    {
        if (_url.StartsWith("sqlite:", StringComparison.Ordinal))
        {
            await using var connection = new SqliteConnection($"Data Source={_url["sqlite:".Length..]};Pooling=False");
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = onSqlite;
            await command.ExecuteNonQueryAsync();
        }
        else
        {
            var settings = PostgresUrl.Parse(_url);
            settings.Pooling = false;
            await using var source = NpgsqlDataSource.Create(settings);
            await using var command = source.CreateCommand(onPostgres);
            await command.ExecuteNonQueryAsync();
        }
    }
}
