using System.CommandLine;
using HealthExport.Benchmarks;

var points = new Option<int[]>("--points")
{
    Description = "How many points a push has; several sizes show whether cost is linear.",
    DefaultValueFactory = _ => [10_000, 100_000, 1_000_000],
    AllowMultipleArgumentsPerToken = true,
};
var mixed =
    new Option<bool>("--mixed") { Description = "Many metrics, sleep, blood pressure and 1,000 workouts with routes." };
var engine =
    new Option<string>("--engine") { Description = "Which store to run on.", DefaultValueFactory = _ => "sqlite" };
engine.AcceptOnlyFromAmong("sqlite", "postgres");
var reference = new Option<string?>("--reference")
{
    Description =
        "What to measure beside it: a bare SQLite insert of the same rows, InfluxDB 1.x (influxd on the path), or psql's "
        + "COPY to a temporary table and INSERT … ON CONFLICT; the engine's own if absent.",
};
reference.AcceptOnlyFromAmong("sqlite", "influx", "psql");
var runs =
    new Option<int>("--runs") { Description = "Runs of each; medians are printed.", DefaultValueFactory = _ => 3 };
var phones = new Option<int>("--phones") { Description = "Phones that push at once.", DefaultValueFactory = _ => 16 };
var pushes = new Option<int>("--pushes") { Description = "Pushes of each phone.", DefaultValueFactory = _ => 150 };

var ingest = new Command("ingest", "Pushes points over HTTP, then the same again, beside a reference.")
    { points, mixed, engine, reference, runs };
ingest.SetAction((parsed, cancellationToken) => IngestBenchmark.RunAsync(
    parsed.GetValue(points)!, parsed.GetValue(mixed), parsed.GetValue(engine)!, parsed.GetValue(reference),
    parsed.GetValue(runs), cancellationToken));

var day = new Command("phones", "A day's push of 3,000 points from many phones at once.") { phones, pushes, engine };
day.SetAction((parsed, cancellationToken) =>
    PhonesBenchmark.RunAsync(
        parsed.GetValue(phones), parsed.GetValue(pushes), parsed.GetValue(engine)!, cancellationToken));

var start = new Command("start", "From the start of the process to the first 200, and idle memory.") { runs };
start.SetAction((parsed, cancellationToken) => StartBenchmark.RunAsync(parsed.GetValue(runs), cancellationToken));

var keys = new Option<int>("--keys") { Description = "Keys in use.", DefaultValueFactory = _ => 1_000_000 };
var limits = new Command("limits", "What it costs to take a request from its key's limits, in process and in Redis.")
    { keys };
limits.SetAction((parsed, cancellationToken) => LimitsBenchmark.RunAsync(parsed.GetValue(keys), cancellationToken));

var clients = new Option<int>("--clients") { Description = "Clients of a flood.", DefaultValueFactory = _ => 32 };
var auth = new Command("auth", "Telling keys: warm, cold, unknown, and a good one amid a flood of wrong ones.")
    { engine, clients };
auth.SetAction((parsed, cancellationToken) => AuthBenchmark.RunAsync(
    parsed.GetValue(engine)!, parsed.GetValue(clients), cancellationToken));

var samples = new Option<int>("--samples")
{
    Description = "Samples of one person, over ten years.", DefaultValueFactory = _ => 5_000_000,
};
var people = new Option<int>("--people")
{
    Description = "Other people, each with a month.", DefaultValueFactory = _ => 1_000,
};
var times =
    new Option<int>("--times") { Description = "How often each read is asked for.", DefaultValueFactory = _ => 20 };
var crowd = new Option<int>("--clients") { Description = "Clients that ask at once.", DefaultValueFactory = _ => 50 };
var read = new Command("read", "What is read, of much: every kind of list, series and single thing over HTTP.")
    { samples, people, engine, times, crowd };
read.SetAction((parsed, cancellationToken) => ReadBenchmark.RunAsync(
    parsed.GetValue(samples), parsed.GetValue(people), parsed.GetValue(engine)!, parsed.GetValue(times),
    parsed.GetValue(crowd), cancellationToken));

var names = new Option<int>("--names")
{
    Description = "Metrics of the person that the catalogue does not know.", DefaultValueFactory = _ => 200,
};
var erase = new Command("erase", "Deleting a person's samples and erasing the person, beside somebody who pushes.")
    { samples, names, engine };
erase.SetAction((parsed, cancellationToken) => EraseBenchmark.RunAsync(
    parsed.GetValue(samples), parsed.GetValue(names), parsed.GetValue(engine)!, cancellationToken));

var export = new Command("export", "Everything of a person as a zip.") { samples, engine, runs };
export.SetAction((parsed, cancellationToken) => ExportBenchmark.RunAsync(
    parsed.GetValue(samples), parsed.GetValue(engine)!, parsed.GetValue(runs), cancellationToken));

return await new RootCommand("Measures HealthExport from outside, beside a reference in the same run.")
    { ingest, day, start, auth, limits, read, export, erase }.Parse(args).InvokeAsync();
