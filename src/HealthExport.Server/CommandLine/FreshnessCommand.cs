using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using HealthExport.Freshness;
using HealthExport.People;
using HealthExport.Time;

namespace HealthExport.Server.CommandLine;

/// <summary>freshness: whether data still come, for cron. Exit code 1 if somebody's do not.</summary>
static class FreshnessCommand
{
    public static Command Make(Shell shell)
    {
        var maxAge = new Option<TimeSpan?>("--max-age")
        {
            Description = "How old the newest push and the newest sample may be: 36h, 2d; if absent, what is usual "
                + "for each automation",
            HelpName = "SPAN",
            CustomParser = result =>
            {
                if (SpanText.TryRead(result.Tokens[0].Value, TimeSpan.FromDays(3650), out var span)) return span;
                result.AddError("--max-age must be a number with d, h or m, such as 36h, up to 3650d.");
                return null;
            },
        };
        var user = new Option<string?>("--user") { Description = "Only this person's", HelpName = "EMAIL" };
        return new Command("freshness", "Says whether data still come; exit code 1 if not, for cron")
        {
            maxAge, user,
        }
            .Run(shell, async (call, cancellationToken) =>
            {
                await using var store = await call.OpenStoreAsync(cancellationToken);
                IEnumerable<User> people = call.Get(user) is { } email
                    ? [await store.GetUserAsync(email, cancellationToken)]
                    : (await store.Users.ListAsync(cancellationToken)).Where(person => !person.IsBeingErased);
                var now = Instant.From(shell.Clock.GetUtcNow());
                var reports = new List<(User User, FreshnessReport Report, bool IsStale)>();
                foreach (var person in people)
                {
                    var report = await store.Freshness.ReadAsync(person.Id, now, cancellationToken);
                    reports.Add((
                        person, report,
                        call.Get(maxAge) is { } age ? report.IsOlderThan(age) : report.IsStale));
                }
                if (call.IsJson) WriteJson(shell, reports);
                else WriteText(shell, reports);
                return reports.Any(report => report.IsStale) ? ExitCodes.Failed : ExitCodes.Success;
            });
    }

    static void WriteJson(Shell shell, List<(User User, FreshnessReport Report, bool IsStale)> reports) =>
        Answer.Write(shell.Out, new JsonObject
        {
            ["stale"] = reports.Any(report => report.IsStale),
            ["users"] = Answer.ToArray(reports, report => new JsonObject
            {
                ["email"] = report.User.Email,
                ["stale"] = report.IsStale,
                ["last_push_at"] = Answer.Format(report.Report.LastPushAt),
                ["last_sample_at"] = Answer.Format(report.Report.LastSampleAt),
                ["automations"] = Answer.ToArray(report.Report.Automations, automation => new JsonObject
                {
                    ["id"] = automation.Id,
                    ["name"] = automation.Name,
                    ["last_push_at"] = Answer.Format(automation.LastPushAt),
                    ["usual_interval_s"] = automation.Cadence?.Usual.TotalSeconds,
                    ["stale"] = automation.Staleness.IsStale,
                    ["stale_since"] = automation.Staleness.IsStale is true
                        ? Answer.Format(automation.Staleness.Since)
                        : null,
                }),
                ["gaps"] = Answer.ToArray(report.Report.Gaps, gap => new JsonObject
                {
                    ["from"] = Format(gap.From),
                    ["to"] = Format(gap.To),
                    ["metrics"] = Answer.ToArray(gap.Metrics, metric => metric),
                }),
            }),
        });

    static void WriteText(Shell shell, List<(User User, FreshnessReport Report, bool IsStale)> reports)
    {
        Answer.WriteTable(
            shell, ["User", "Last push", "Newest sample", "Fresh", "Late automations", "Days to export again"],
            reports.Select(report => (string?[])
            [
                report.User.Email,
                Answer.Format(report.Report.LastPushAt) ?? "never",
                Answer.Format(report.Report.LastSampleAt) ?? "none",
                report.IsStale ? "no" : "yes",
                string.Join(", ", report.Report.Automations
                    .Where(automation => automation.Staleness.IsStale is true)
                    .Select(automation => automation.Name ?? automation.Id)),
                string.Join(", ", report.Report.Gaps.Select(gap => gap.To == gap.From.AddDays(1)
                    ? Format(gap.From)
                    : $"{Format(gap.From)} to {Format(gap.To.AddDays(-1))}")),
            ]));
    }

    static string Format(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
