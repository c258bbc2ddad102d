using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace HealthExport.Benchmarks;

/// <summary>
/// A throwaway PostgreSQL 15 with PostGIS on loopback, from Debian's packages; settings as a small server would have.
/// </summary>
sealed class PostgresCluster : IAsyncDisposable
{
    const string Programs = "/usr/lib/postgresql/15/bin";

    readonly string _folder;

    PostgresCluster(string folder, int port)
    {
        _folder = folder;
        Url = $"postgresql://postgres@127.0.0.1:{port}/bench";
    }

    public string Url { get; }

    public static async Task<PostgresCluster> StartAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists($"{Programs}/postgres"))
            throw new InvalidOperationException("PostgreSQL is not installed: postgresql-15, postgresql-15-postgis-3.");
        var folder = Directory.CreateTempSubdirectory("bench-pg-").FullName;
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        await AsPostgresAsync(
            $"{Programs}/initdb -D {folder}/data -A trust -E UTF8 --locale=C.UTF-8", cancellationToken);
        var options = $"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c shared_buffers=512MB -c max_wal_size=4GB";
        await AsPostgresAsync(
            $"{Programs}/pg_ctl -D {folder}/data -w -l {folder}/log -o '{options}' start", cancellationToken);
        await AsPostgresAsync($"{Programs}/createdb -h {folder} -p {port} bench", cancellationToken);
        return new(folder, port);
    }

    /// <summary>
    /// Has psql load the points: COPY into a temporary table, then INSERT … ON CONFLICT into a partitioned table keyed by
    /// user, time and source.
    /// </summary>
    public async Task<TimeSpan> StagedCopyAsync(Point[] points, CancellationToken cancellationToken)
    {
        var csv = Path.Combine(_folder, "points.csv");
        await using (var file = new StreamWriter(csv))
        {
            foreach (var point in points)
                await file.WriteAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"0f8fad5b-d9cb-469f-a165-70867728950e,{DateTimeOffset.FromUnixTimeSeconds(point.Second):yyyy-MM-dd HH:mm:ss}+00,{Field(point.Min)},{point.Avg},{Field(point.Max)},m{point.Metric}\n"));
        }
        await PsqlAsync(
            """
            drop table if exists reference cascade;
            create table reference (
                user_id uuid not null, recorded_at timestamptz not null, min_bpm real, avg_bpm real, max_bpm real,
                source text not null, primary key (user_id, recorded_at, source)
            ) partition by range (recorded_at);
            do $$ declare m date; begin
                for m in select generate_series('2020-08-01'::date, '2027-01-01', '1 month') loop
                    execute format('create table reference_%s partition of reference for values from (%L) to (%L)',
                        to_char(m, 'YYYYMM'), m, m + interval '1 month');
                end loop;
            end $$;
            """, cancellationToken);
        var clock = Stopwatch.StartNew();
        await PsqlAsync(
            $"""
            create temporary table staged (like reference);
            \copy staged from '{csv}' csv
            insert into reference select * from staged on conflict do nothing;
            """, cancellationToken);
        var elapsed = clock.Elapsed;
        await PsqlAsync("drop table reference cascade; checkpoint;", cancellationToken);
        return elapsed;

        static string Field(double value) => double.IsNaN(value) ? "" : value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Brings what the planner goes by up to date, as the server does by itself now and then.</summary>
    public Task AnalyzeAsync(CancellationToken cancellationToken) => PsqlAsync("analyze;", cancellationToken);

    /// <summary>Milliseconds that psql says each statement took.</summary>
    public async Task<double> TimeAsync(string sql, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("psql", [Url, "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        using var psql = Process.Start(start)!;
        await psql.StandardInput.WriteAsync($"\\timing on\n{sql};\n");
        psql.StandardInput.Close();
        var said = await psql.StandardOutput.ReadToEndAsync(cancellationToken);
        await psql.WaitForExitAsync(cancellationToken);
        if (psql.ExitCode != 0) throw new InvalidOperationException($"psql ended with {psql.ExitCode}.");
        const string Label = "Time: ";
        var time = said[(said.LastIndexOf(Label, StringComparison.Ordinal) + Label.Length)..];
        return double.Parse(time[..time.IndexOf(' ')], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await AsPostgresAsync($"{Programs}/pg_ctl -D {_folder}/data -m immediate stop", CancellationToken.None);
        Directory.Delete(_folder, recursive: true);
    }

    async Task PsqlAsync(string script, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("psql", [Url, "-q", "-v", "ON_ERROR_STOP=1"]) { RedirectStandardInput = true };
        using var psql = Process.Start(start)!;
        await psql.StandardInput.WriteAsync(script);
        psql.StandardInput.Close();
        await psql.WaitForExitAsync(cancellationToken);
        if (psql.ExitCode != 0) throw new InvalidOperationException($"psql ended with {psql.ExitCode}.");
    }

    // PostgreSQL refuses to run as root.
    static async Task AsPostgresAsync(string command, CancellationToken cancellationToken)
    {
        var isRoot = Environment.UserName == "root";
        var start = isRoot
            ? new ProcessStartInfo("su", ["postgres", "-c", command])
            : new ProcessStartInfo("sh", ["-c", command]);
        start.RedirectStandardOutput = true;
        start.WorkingDirectory = "/";
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0) throw new InvalidOperationException($"{command.Split(' ')[0]} failed.");
    }
}
