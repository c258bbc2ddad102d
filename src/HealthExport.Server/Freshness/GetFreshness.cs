using HealthExport.Freshness;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Time;

namespace HealthExport.Server.Freshness;

/// <summary>GET /v1/freshness: what came last of each metric and automation, what is late, which days lack data.</summary>
static class GetFreshness
{
    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, FreshnessReader reader, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var report = await reader.ReadAsync(
            caller.UserId, Instant.From(clock.GetUtcNow()), cancellationToken);

        using var row = JsonRows.ForOne(context.Response);
        row.BeginRow();
        row.Time("as_of", report.At, report.OffsetMinutes);
        row.Flag("stale", report.IsStale);
        Time("last_push_at", report.LastPushAt);
        Time("last_sample_at", report.LastSampleAt);
        row.BeginList("metrics");
        foreach (var metric in report.Metrics)
        {
            row.BeginRow();
            row.Text("name", metric.Name);
            row.Text("unit", metric.Unit);
            row.Time("last_sample_at", metric.LastSampleAt, metric.OffsetMinutes);
            Time("last_push_at", metric.LastPushAt);
            Write(metric.Cadence, metric.Staleness);
            row.BeginList("gaps");
            foreach (var gap in metric.Gaps)
            {
                row.BeginRow();
                row.Date("from", gap.From);
                row.Date("to", gap.To);
                await row.EndRowAsync(cancellationToken);
            }
            row.EndList();
            await row.EndRowAsync(cancellationToken);
        }
        row.EndList();
        row.BeginList("automations");
        foreach (var automation in report.Automations)
        {
            row.BeginRow();
            row.Text("id", automation.Id);
            row.Text("name", automation.Name);
            Time("last_push_at", automation.LastPushAt);
            row.Count("pushes", automation.Pushes);
            Write(automation.Cadence, automation.Staleness);
            await row.EndRowAsync(cancellationToken);
        }
        row.EndList();
        row.BeginList("gaps");
        foreach (var gap in report.Gaps)
        {
            row.BeginRow();
            row.Date("from", gap.From);
            row.Date("to", gap.To);
            row.Texts("metrics", gap.Metrics);
            await row.EndRowAsync(cancellationToken);
        }
        row.EndList();
        await row.EndRowAsync(cancellationToken);
        await row.EndAsync(null, cancellationToken);
        return TypedResults.Empty;

        void Time(string name, Instant? at) => row.Time(name, at ?? Instant.None, report.OffsetMinutes);

        void Write(Cadence? cadence, Staleness staleness)
        {
            row.Number("usual_interval_s", cadence?.Usual.TotalSeconds ?? double.NaN);
            row.Number("usual_silence_s", cadence?.Silence.TotalSeconds ?? double.NaN);
            row.Flag("stale", staleness.IsStale);
            Time("stale_since", staleness.IsStale is true ? staleness.Since : null);
            row.Text("why", staleness.IsStale switch
            {
                null => "too_little_history",
                true => "silent_for_longer_than_usual",
                false => null,
            });
        }
    }
}
