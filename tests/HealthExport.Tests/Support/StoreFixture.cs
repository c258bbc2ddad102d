using System.Text.Json;
using HealthExport.Audit;
using HealthExport.Deletions;
using HealthExport.Drift;
using HealthExport.Keys;
using HealthExport.Migrations;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Texts;
using HealthExport.Totals;
using HealthExport.Workouts;

namespace HealthExport.Tests.Support;

/// <summary>
/// The stores of one engine over an empty database of their own, migrated, on a clock that stands. Disposing drops the
/// database. Table and column names in SQL are the same in both engines.
/// </summary>
public abstract class StoreFixture : IAsyncDisposable
{
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    internal FakeClock Clock { get; } = new();

    public abstract IUserStore Users { get; }
    public abstract IKeyStore Keys { get; }
    public abstract IAuditStore Audit { get; }
    public abstract IIngestionStore Ingestions { get; }
    public abstract IMigrationStore Migrations { get; }
    public abstract ISampleStore Samples { get; }
    public abstract IDeletionStore Deletions { get; }
    public abstract IDailyTotalStore DailyTotals { get; }
    public abstract IWorkoutStore Workouts { get; }
    public abstract ITextStore Texts { get; }
    public abstract IDriftStore Drift { get; }

    /// <summary>The ingestions as another process sees them: connections and lease holder of its own.</summary>
    public abstract IIngestionStore OpenAnother();

    /// <summary>The steps as another process sees them.</summary>
    public abstract IMigrationStore OpenAnotherMigrations();

    /// <summary>Runs one statement.</summary>
    public abstract ValueTask ExecuteAsync(string sql);

    /// <summary>Reads the one number a select gives.</summary>
    public abstract ValueTask<long> ReadAsync(string sql);

    /// <summary>Reads the texts of a select's first column.</summary>
    public abstract ValueTask<IReadOnlyList<string>> ReadTextsAsync(string sql);

    /// <summary>A UUID as a literal of the engine's SQL.</summary>
    public abstract string IdOf(Guid id);

    /// <summary>A text's UTF-8 as a literal of the engine's SQL.</summary>
    public abstract string BlobOf(string text);

    /// <summary>Inserts a row of this user into every table that has users, and a route's box.</summary>
    public abstract ValueTask FillEveryTableAsync(long userId);

    /// <summary>Has the engine refuse to delete rows of a table, until <see cref="AllowDeletingAsync"/>.</summary>
    public abstract ValueTask RefuseDeletingAsync(string table);

    public abstract ValueTask AllowDeletingAsync(string table);

    public abstract ValueTask DisposeAsync();

    public async Task<User> AddUserAsync(string email = "one@example.org") =>
        await Users.AddAsync(email, null, "Europe/Berlin", Entries.UserCreated, default)
        ?? throw new InvalidOperationException("The e-mail is taken.");

    /// <summary>Settles a claimed push as its transaction would.</summary>
    public async Task SettleAsync(ClaimedPush push, Receipt? receipt = null, bool changedAnything = true)
    {
        var json = JsonSerializer.Serialize(receipt ?? new(), ReceiptJson.Default.Receipt).Replace("'", "''");
        var status = receipt is { IsPartial: true } ? IngestionStatus.Partial : IngestionStatus.Completed;
        var (user, number) = (push.UserId, push.Number);
        if (changedAnything) await ExecuteAsync($"update users set data_version = data_version + 1 where id = {user}");
        await ExecuteAsync($"""
            update raw_ingestions
            set status = {(int)status}, receipt = '{json}', finished_at = started_at,
                data_version = (select data_version from users where id = {user})
            where user_id = {user} and number = {number}
            """);
        await ExecuteAsync($"delete from queue where user_id = {user} and number = {number}");
    }
}
