using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Data.Sqlite;

namespace HealthExport.Benchmarks;

/// <summary>What the server is measured beside, in the same run.</summary>
static class References
{
    /// <summary>
    /// Inserts the points into an empty SQLite file as an application would: one prepared statement, one row a step,
    /// one transaction, synced to disk.
    /// </summary>
    public static TimeSpan BareSqlite(Point[] points)
    {
        var folder = Directory.CreateTempSubdirectory("bench-").FullName;
        SQLitePCL.Batteries_V2.Init();
        using (var connection = new SqliteConnection($"Data Source={folder}/bare.db;Pooling=False"))
        {
            connection.Open();
            Run(connection, "pragma journal_mode=wal");
            Run(connection, "pragma synchronous=full");
            Run(connection, """
                create table samples (
                    user_id integer not null, metric_id integer not null, start_at integer not null,
                    source text not null, value real, min real, max real,
                    primary key (user_id, metric_id, start_at, source)
                ) without rowid
                """);
            var clock = Stopwatch.StartNew();
            using (var transaction = connection.BeginTransaction())
            {
                using var insert = connection.CreateCommand();
                insert.Transaction = transaction;
                insert.CommandText = """
                    insert into samples (user_id, metric_id, start_at, source, value, min, max)
                    values (1, $metric, $start, 'Apple Watch', $value, $min, $max)
                    """;
                var metric = insert.Parameters.Add("$metric", SqliteType.Integer);
                var start = insert.Parameters.Add("$start", SqliteType.Integer);
                var value = insert.Parameters.Add("$value", SqliteType.Real);
                var min = insert.Parameters.Add("$min", SqliteType.Real);
                var max = insert.Parameters.Add("$max", SqliteType.Real);
                foreach (var point in points)
                {
                    metric.Value = point.Metric;
                    start.Value = point.Second * 1_000_000;
                    value.Value = point.Avg;
                    min.Value = double.IsNaN(point.Min) ? DBNull.Value : point.Min;
                    max.Value = double.IsNaN(point.Max) ? DBNull.Value : point.Max;
                    insert.ExecuteNonQuery();
                }
                transaction.Commit();
            }
            var elapsed = clock.Elapsed;
            connection.Close();
            Directory.Delete(folder, recursive: true);
            return elapsed;
        }

        static void Run(SqliteConnection connection, string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }

    /// <summary>Milliseconds for a statement and all its rows, on a database file.</summary>
    public static double TimeOnSqlite(string path, string sql)
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        var clock = Stopwatch.StartNew();
        using var rows = command.ExecuteReader();
        while (rows.Read())
            for (var i = 0; i < rows.FieldCount; i++) _ = rows.GetValue(i);
        return clock.Elapsed.TotalMilliseconds;
    }

    /// <summary>Has InfluxDB 1.x swallow the points as ready-made line protocol, 5,000 lines a request.</summary>
    public static async Task<TimeSpan> InfluxAsync(Point[] points, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("bench-").FullName;
        var (http, rpc) = (FreePort(), FreePort());
        await File.WriteAllTextAsync($"{folder}/influx.conf", $"""
            reporting-disabled=true
            bind-address="127.0.0.1:{rpc}"
            [meta]
            dir="{folder}/meta"
            [data]
            dir="{folder}/data"
            wal-dir="{folder}/wal"
            [http]
            bind-address="127.0.0.1:{http}"
            max-body-size=0
            [monitor]
            store-enabled=false
            """, cancellationToken);
        using var influx = Process.Start(new ProcessStartInfo("influxd", ["-config", $"{folder}/influx.conf"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        influx.BeginOutputReadLine();
        influx.BeginErrorReadLine();
        try
        {
            using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{http}") };
            var started = Stopwatch.StartNew();
            while (true)
            {
                try
                {
                    using var created = await client.PostAsync("/query?q=create+database+h", null, cancellationToken);
                    break;
                }
                catch (HttpRequestException) when (started.Elapsed < TimeSpan.FromSeconds(20))
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
                }
            }
            var requests = points.Chunk(5_000).Select(LinesOf).ToList();
            var clock = Stopwatch.StartNew();
            foreach (var lines in requests)
            {
                using var answer =
                    await client.PostAsync("/write?db=h", new ByteArrayContent(lines), cancellationToken);
                if (answer.StatusCode != HttpStatusCode.NoContent)
                    throw new InvalidOperationException($"InfluxDB answered {(int)answer.StatusCode}.");
            }
            return clock.Elapsed;
        }
        finally
        {
            influx.Kill();
            await influx.WaitForExitAsync(CancellationToken.None);
            Directory.Delete(folder, recursive: true);
        }
    }

    static byte[] LinesOf(Point[] points)
    {
        var lines = new StringBuilder();
        foreach (var point in points)
            lines.Append(CultureInfo.InvariantCulture,
                $"heart_rate,user=u1,source=Apple\\ Watch min={point.Min},avg={point.Avg},max={point.Max} {point.Second}000000000\n");
        return Encoding.UTF8.GetBytes(lines.ToString());
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
