using HealthExport.Migrations;
using HealthExport.Server.Settings;
using HealthExport.Storage;

namespace HealthExport.Server.CommandLine;

/// <summary>Whether the store's schema is fit for this program.</summary>
static class Schema
{
    /// <summary>
    /// Sees to it that every step is applied. An embedded store is brought there: nobody else decides when. Where all
    /// are, nothing is written, so that a verb does not wait for a server that holds the writer.
    /// </summary>
    /// <exception cref="CommandFailedException">Steps are missing, and the operator must say when.</exception>
    public static async ValueTask PrepareAsync(
        IMigrationStore migrations, ServerSettings settings, CancellationToken cancellationToken)
    {
        if ((await migrations.ListAsync(cancellationToken)).All(step => step.IsApplied)) return;
        if (!StorageRegistration.IsEmbedded(settings.DatabaseUrl))
            throw new CommandFailedException("The store's schema is not up to date.", "Run: health-export migrate");
        await migrations.MigrateAsync(downTo: null, dryRun: false, cancellationToken);
    }
}
