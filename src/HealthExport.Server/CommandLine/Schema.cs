using HealthExport.Migrations;
using HealthExport.Pushes;
using HealthExport.Server.Health;
using HealthExport.Server.Settings;
using HealthExport.Storage;

namespace HealthExport.Server.CommandLine;

/// <summary>Whether the store's schema is fit for this program.</summary>
static class Schema
{
    /// <summary>
    /// As <see cref="PrepareAsync"/>, for a server: one on a database that is away or not migrated yet serves all the
    /// same, and /ready says what is missing, so that replicas may start in any order.
    /// </summary>
    /// <returns>What is missing; null when the store is ready.</returns>
    public static async ValueTask<string?> FindLackAsync(
        IMigrationStore migrations, ServerSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            await PrepareAsync(migrations, settings, cancellationToken);
            return null;
        }
        catch (CommandFailedException lack) when (!StorageRegistration.IsEmbedded(settings.DatabaseUrl))
        {
            return $"{lack.Message} {lack.Hint}";
        }
        catch (StoreUnavailableException) when (!StorageRegistration.IsEmbedded(settings.DatabaseUrl))
        {
            return "The database does not answer.";
        }
    }

    /// <summary>
    /// Sees to it that every step is applied. An embedded store is brought there: nobody else decides when. Where all
    /// are, nothing is written, so that a verb does not wait for a server that holds the writer.
    /// </summary>
    /// <exception cref="CommandFailedException">Steps are missing, and the operator must say when.</exception>
    public static async ValueTask PrepareAsync(
        IMigrationStore migrations, ServerSettings settings, CancellationToken cancellationToken)
    {
        var state = SchemaWatch.Compare(await migrations.ListAsync(cancellationToken));
        if (state == SchemaState.Fits) return;
        if (state == SchemaState.Newer)
            throw new CommandFailedException(
                "The store's schema is newer than this program knows: a newer one has migrated it.",
                "Run that program, or restore a backup of before.");
        if (!StorageRegistration.IsEmbedded(settings.DatabaseUrl))
            throw new CommandFailedException("The store's schema is not up to date.", "Run: health-export migrate");
        await migrations.MigrateAsync(downTo: null, dryRun: false, cancellationToken);
    }
}
