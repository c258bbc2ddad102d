using System.Globalization;
using System.IO.Pipelines;
using HealthExport.Server.Http;
using HealthExport.Server.Workouts;
using HealthExport.Workouts;

namespace HealthExport.Server.Exports;

/// <summary>Writes the files of an export, each from a reading of its own.</summary>
/// <param name="types">Some of <see cref="Types"/>.</param>
sealed class ExportFiles(ExportArchive archive, ExportSource source, IReadOnlyList<string> types)
{
    public const string Ndjson = ".ndjson";
    public const string Quantities = $"ndjson/quantities{Ndjson}";

    const int WriteAt = 64 << 10;

    const string OfQuantities = "quantities";
    const string OfStages = "sleep_stages";
    const string OfSessions = "sleep_sessions";
    const string OfWorkouts = "workouts";
    const string OfEvents = "events";

    /// <summary>What may be asked for, in the order of the files: what is imported first comes first.</summary>
    public static readonly string[] Types = [OfQuantities, OfStages, OfSessions, OfWorkouts, OfEvents];

    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        await WriteItemsAsync(cancellationToken);
        await WriteTablesAsync(cancellationToken);
        if (!types.Contains(OfWorkouts)) return;
        await foreach (var workout in source.ReadRoutesAsync(cancellationToken))
            await WriteGpxAsync(workout, cancellationToken);
    }

    async ValueTask WriteItemsAsync(CancellationToken cancellationToken)
    {
        if (types.Contains(OfQuantities))
            await WriteLinesAsync(OfQuantities, async lines =>
            {
                await foreach (var (metric, rows) in source.ReadSamplesAsync(cancellationToken))
                    for (var i = 0; i < rows.Count; i++)
                    {
                        lines.Items.Write(metric, rows[i], source.RevisionOf(metric, rows[i]));
                        await lines.EndAsync(cancellationToken);
                    }
            });
        if (types.Contains(OfStages))
            await WriteLinesAsync(OfStages, async lines =>
            {
                await foreach (var stage in source.ReadStagesAsync(cancellationToken))
                {
                    lines.Items.Write(stage);
                    await lines.EndAsync(cancellationToken);
                }
            });
        if (types.Contains(OfSessions))
            await WriteLinesAsync(OfSessions, async lines =>
            {
                await foreach (var night in source.ReadSessionsAsync(cancellationToken))
                {
                    lines.Items.Write(night);
                    await lines.EndAsync(cancellationToken);
                }
            });
        if (types.Contains(OfWorkouts))
            await WriteLinesAsync(OfWorkouts, async lines =>
            {
                await foreach (var row in source.ReadWorkoutsAsync(cancellationToken))
                {
                    lines.Items.Write(
                        row.Workout with { Route = await source.FindRouteAsync(row, cancellationToken) });
                    await lines.EndAsync(cancellationToken);
                }
            });
        if (types.Contains(OfEvents))
            await WriteLinesAsync(OfEvents, async lines =>
            {
                await foreach (var stored in source.ReadEventsAsync(cancellationToken))
                {
                    lines.Items.Write(stored);
                    await lines.EndAsync(cancellationToken);
                }
            });
    }

    async ValueTask WriteTablesAsync(CancellationToken cancellationToken)
    {
        if (types.Contains(OfQuantities))
            await WriteTableAsync(OfQuantities, ExportTables.Samples, async table =>
            {
                await foreach (var (metric, rows) in source.ReadSamplesAsync(cancellationToken))
                    for (var i = 0; i < rows.Count; i++)
                    {
                        ExportTables.Write(table.Rows, metric, rows[i]);
                        await table.EndAsync(cancellationToken);
                    }
            });
        if (types.Contains(OfStages))
            await WriteTableAsync(OfStages, ExportTables.Stages, async table =>
            {
                await foreach (var stage in source.ReadStagesAsync(cancellationToken))
                {
                    ExportTables.Write(table.Rows, stage);
                    await table.EndAsync(cancellationToken);
                }
            });
        if (types.Contains(OfSessions))
            await WriteTableAsync(OfSessions, ExportTables.Sessions, async table =>
            {
                await foreach (var night in source.ReadSessionsAsync(cancellationToken))
                {
                    ExportTables.Write(table.Rows, night);
                    await table.EndAsync(cancellationToken);
                }
            });
        if (types.Contains(OfWorkouts))
        {
            await WriteTableAsync(OfWorkouts, ExportTables.Workouts, async table =>
            {
                await foreach (var row in source.ListWorkoutsAsync(cancellationToken))
                {
                    ExportTables.Write(table.Rows, row);
                    await table.EndAsync(cancellationToken);
                }
            });
            await WriteTableAsync("workout_series", ExportTables.Series, async table =>
            {
                await foreach (var row in source.ReadWorkoutsAsync(cancellationToken))
                    foreach (var series in row.Workout.Series)
                        for (var point = 0; point < series.Times.Length; point++)
                        {
                            ExportTables.Write(table.Rows, row.Workout, series, point);
                            await table.EndAsync(cancellationToken);
                        }
            });
        }
        if (!types.Contains(OfEvents)) return;
        await WriteTableAsync(OfEvents, ExportTables.Events, async table =>
        {
            await foreach (var stored in source.ReadEventsAsync(cancellationToken))
            {
                ExportTables.Write(table.Rows, stored);
                await table.EndAsync(cancellationToken);
            }
        });
        await WriteTableAsync("ecg_voltages", ExportTables.Voltages, async table =>
        {
            await foreach (var stored in source.ReadEventsAsync(cancellationToken))
                for (var point = 0; point < stored.Voltages?.Microvolts.Length; point++)
                {
                    ExportTables.Write(table.Rows, stored, stored.Voltages, point);
                    await table.EndAsync(cancellationToken);
                }
        });
    }

    async ValueTask WriteLinesAsync(string type, Func<Lines, ValueTask> write)
    {
        await using var file = archive.Begin($"ndjson/{type}{Ndjson}");
        using var lines = new Lines(file);
        await write(lines);
        file.End(await lines.CompleteAsync());
    }

    async ValueTask WriteTableAsync(string name, string[] columns, Func<Table, ValueTask> write)
    {
        await using var file = archive.Begin($"csv/{name}.csv");
        var table = new Table(PipeWriter.Create(file, new(leaveOpen: true)), columns);
        await write(table);
        file.End(await table.CompleteAsync());
    }

    async ValueTask WriteGpxAsync(Workout workout, CancellationToken cancellationToken)
    {
        var start = workout.StartAt.At(0).ToString("yyyy-MM-dd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        await using var file = archive.Begin($"gpx/{start}_{workout.Id}.gpx");
        var text = PipeWriter.Create(file, new(leaveOpen: true));
        await GpxRoute.WriteAsync(text, workout, cancellationToken);
        await text.CompleteAsync();
        file.End(workout.Route!.Count);
    }

    sealed class Lines(ExportArchive.FileWriter file) : IDisposable
    {
        long _items;

        public StandardItemWriter Items { get; } = new();

        public ValueTask EndAsync(CancellationToken cancellationToken)
        {
            _items++;
            return Items.Lines.Length < WriteAt ? default : WriteAsync(cancellationToken);
        }

        public async ValueTask<long> CompleteAsync()
        {
            await WriteAsync(CancellationToken.None);
            return _items;
        }

        public void Dispose() => Items.Dispose();

        async ValueTask WriteAsync(CancellationToken cancellationToken)
        {
            await file.WriteAsync(Items.Lines, cancellationToken);
            Items.Clear();
        }
    }

    sealed class Table(PipeWriter file, string[] columns)
    {
        long _rows;

        public CsvRows Rows { get; } = new(file, columns);

        public ValueTask EndAsync(CancellationToken cancellationToken)
        {
            _rows++;
            return Rows.EndRowAsync(cancellationToken);
        }

        public async ValueTask<long> CompleteAsync()
        {
            await Rows.EndAsync(null, CancellationToken.None);
            await file.CompleteAsync();
            return _rows;
        }
    }
}
