using HealthExport.Moving;
using HealthExport.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Support;

/// <summary>What a store holds of one person, asked of its schema, so that no table can be forgotten.</summary>
static class UserRows
{
    /// <summary>How many rows of a person there are in each table, and what they say, to the last bit.</summary>
    public static async Task<SortedDictionary<string, TableFigures>> OfAsync(string databaseUrl, long userId)
    {
        await using var services = new ServiceCollection().AddHealthExportStorage(databaseUrl).BuildServiceProvider();
        var copy = services.GetRequiredService<IStoreCopy>();
        var tables = await copy.ListTablesAsync(default);
        await using var snapshot = await copy.OpenSnapshotAsync(default);
        var figures = new SortedDictionary<string, TableFigures>(StringComparer.Ordinal);
        foreach (var table in tables)
        {
            var column = table.Name == "users" ? "id" : "user_id";
            if (table.Columns.All(one => one.Name != column)) continue;
            var index = table.IndexOf(column);
            var sum = default(TableFigures);
            await foreach (var batch in snapshot.ReadAsync(table, isOrdered: false, default))
            {
                for (var i = 0; i < batch.Count; i++)
                    if (RowReader.At(batch[i], index).Integer == userId) sum = sum.With(batch[i]);
                batch.Dispose();
            }
            figures.Add(table.Name, sum);
        }
        return figures;
    }

    /// <summary>Tables without a row of the person.</summary>
    public static IEnumerable<string> Empty(this SortedDictionary<string, TableFigures> figures) =>
        figures.Where(table => table.Value.Rows == 0).Select(table => table.Key);
}
