using HealthExport.Catalogue;
using HealthExport.People;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Summaries;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Server.Summaries;

/// <summary>GET /v1/summary: the figures people look at, of a span and of the one before it.</summary>
static class GetSummary
{
    public static readonly string[] Parameters = ["from", "to"];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, SummaryReader reader, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var span = query.Span();
        if (query.Problem is { } problem) return problem;
        var summary = await reader.ReadAsync(
            caller.UserId, span, Instant.From(clock.GetUtcNow()), cancellationToken);

        using var row = JsonRows.ForOne(context.Response);
        row.BeginRow();
        WriteBound(row, "from", summary.Span.From, summary.Span.FromDate, summary.OffsetMinutes);
        WriteBound(row, "to", summary.Span.To, summary.Span.ToDate, summary.OffsetMinutes);
        WriteBound(row, "previous_from", summary.Before.From, summary.Before.FromDate, summary.OffsetMinutes);
        foreach (var (heading, metrics) in SummaryMetrics.All)
        {
            row.BeginGroup(heading);
            foreach (var metric in metrics)
                if (summary.Metrics.TryGetValue(metric.Name, out var figures)) Write(row, metric, figures);
            row.EndGroup();
        }
        Write(row, summary.Sleep);
        await WriteAsync(row, summary.Workouts, cancellationToken);
        await row.EndRowAsync(cancellationToken);
        await row.EndAsync(null, cancellationToken);
        return TypedResults.Empty;
    }

    /// <summary>What the answer depends on beside the request: on which day today is, if an end is not given.</summary>
    public static string EffectiveSpan(HttpContext context, UserVersions person, DateTimeOffset now)
    {
        var query = context.Request.Query;
        return query.ContainsKey("from") && query.ContainsKey("to") ? "" : PersonClock.DayAt(now, person.TimeZone);
    }

    static void WriteBound(JsonRows row, string name, Instant? at, DateOnly? date, int offsetMinutes)
    {
        if (date is { } day) row.Date(name, day);
        else row.Time(name, at!.Value, offsetMinutes);
    }

    static void Write(JsonRows row, Metric metric, Compared<MetricFigures> figures)
    {
        row.BeginGroup(metric.Name);
        row.Text("unit", metric.Unit);
        Write("current", figures.Now);
        Write("previous", figures.Before);
        WriteChange(row, figures, figures => figures.Mean, SummaryMetrics.HasPercent(metric), metric.Kind switch
        {
            MetricKind.Cumulative => "daily_mean",
            _ => "mean",
        });
        row.EndGroup();

        void Write(string name, MetricFigures? of)
        {
            if (of is null)
            {
                row.Json(name, null);
                return;
            }
            row.BeginGroup(name);
            row.Count("days", of.Days);
            if (of.Kind == MetricKind.Cumulative)
            {
                row.Number("total", of.Figures.Sum);
                row.Number("daily_mean", of.Mean);
                row.Number("daily_min", of.Figures.Min);
                row.Number("daily_max", of.Figures.Max);
            }
            else
            {
                row.Number("mean", of.Mean);
                row.Number("min", of.Figures.Min);
                row.Number("max", of.Figures.Max);
                row.Number("latest", of.Figures.Latest);
            }
            row.EndGroup();
        }
    }

    static void Write(JsonRows row, Compared<SleepFigures> sleep)
    {
        row.BeginGroup("sleep");
        Write("current", sleep.Now);
        Write("previous", sleep.Before);
        WriteChange(row, sleep, figures => figures.Asleep, hasPercent: true, "asleep");
        row.EndGroup();

        void Write(string name, SleepFigures? of)
        {
            if (of is null)
            {
                row.Json(name, null);
                return;
            }
            row.BeginGroup(name);
            row.Count("nights", of.Nights);
            row.Count("naps", of.Naps);
            row.Number("in_bed", of.InBed);
            row.Number("asleep", of.Asleep);
            row.Number("core", of.Core);
            row.Number("deep", of.Deep);
            row.Number("rem", of.Rem);
            row.Number("awake", of.Awake);
            row.Number("efficiency", of.Efficiency);
            row.EndGroup();
        }
    }

    static async ValueTask WriteAsync(
        JsonRows row, Compared<IReadOnlyList<WorkoutSum>> workouts, CancellationToken cancellationToken)
    {
        row.BeginGroup("workouts");
        await WriteAsync("current", workouts.Now);
        await WriteAsync("previous", workouts.Before);
        WriteChange(row, workouts, sums => sums.Sum(sum => sum.Seconds), hasPercent: true, "duration_s");
        row.EndGroup();

        async ValueTask WriteAsync(string name, IReadOnlyList<WorkoutSum>? sums)
        {
            if (sums is null)
            {
                row.Json(name, null);
                return;
            }
            row.BeginGroup(name);
            WriteSum(new(
                null, null, sums.Sum(sum => sum.Count), sums.Sum(sum => sum.Seconds),
                Add(sums.Select(sum => sum.ActiveEnergyKcal)), Add(sums.Select(sum => sum.DistanceMetres))));
            row.BeginList("by_activity");
            foreach (var sum in sums)
            {
                row.BeginRow();
                row.Text("activity", sum.Activity);
                row.Text("name", sum.NameAsSent);
                WriteSum(sum);
                await row.EndRowAsync(cancellationToken);
            }
            row.EndList();
            row.EndGroup();
        }

        void WriteSum(WorkoutSum sum)
        {
            row.Count("count", sum.Count);
            row.Number("duration_s", sum.Seconds);
            row.Number("active_energy_kcal", sum.ActiveEnergyKcal ?? double.NaN);
            row.Number("distance_m", sum.DistanceMetres ?? double.NaN);
        }

        static double? Add(IEnumerable<double?> values) =>
            values.Aggregate((double?)null, (sum, value) => value is { } known ? (sum ?? 0) + known : sum);
    }

    /// <summary>By how much a figure is greater than before; null where one of the two is missing.</summary>
    static void WriteChange<T>(
        JsonRows row, Compared<T> figures, Func<T, double> figure, bool hasPercent, string name) where T : class
    {
        var now = figures.Now is { } current ? figure(current) : double.NaN;
        var before = figures.Before is { } earlier ? figure(earlier) : double.NaN;
        if (!double.IsFinite(now - before))
        {
            row.Json("change", null);
            return;
        }
        row.BeginGroup("change");
        row.Number(name, now - before);
        if (hasPercent) row.Number("percent", before == 0 ? double.NaN : (now - before) / before * 100);
        row.EndGroup();
    }
}
