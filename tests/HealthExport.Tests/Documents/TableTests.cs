using System.Reflection;
using System.Text.RegularExpressions;
using HealthExport.Audit;
using HealthExport.Pushes;
using HealthExport.Server;
using HealthExport.Server.Settings;
using HealthExport.Server.Telemetry;
using HealthExport.Tests.Server;
using HealthExport.Tests.Support;
using Microsoft.Extensions.Logging;

namespace HealthExport.Tests.Documents;

/// <summary>Tables of the pages that say again what the code says.</summary>
public sealed partial class TableTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Operations = "docs/operations.md";
    const string Api = "docs/api.md";

    [Fact]
    public void The_operations_page_lists_every_setting_with_default_unit_and_range() => Assert.Equal(
        SettingList.All.Select(setting =>
            $"`{setting.Name}` | {DescribeDefault(setting)}{DescribeRange(setting)}"),
        from row in RowsOf(Operations, "setting")
        let range = row[2].Contains(" to ", StringComparison.Ordinal) ? $" | {row[2]}" : ""
        where row[3].Length > 0
        select $"{row[0]} | {row[1]}{range}");

    [Fact]
    public void The_operations_page_marks_secrets() => Assert.Equal(
        SettingList.All.Where(setting => setting.IsSecret).Select(setting => $"`{setting.Name}`"),
        RowsOf(Operations, "setting")
            .Where(row => row[2].EndsWith(", secret", StringComparison.Ordinal)).Select(row => row[0]));

    [Fact]
    public void The_operations_page_lists_every_log_line() => Assert.Equal(
        from type in typeof(ServerHost).Assembly.GetTypes()
        from method in type.GetMethods(
            BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        let line = method.GetCustomAttribute<LoggerMessageAttribute>()
        where line is not null
        orderby line.EventId
        select $"{line.EventId} {line.Level}",
        RowsOf(Operations, "event").Select(row => $"{row[0]} {row[1]}"));

    [Fact]
    public void The_operations_page_lists_every_metric_with_its_labels()
    {
        using var instruments = new Instruments();
        using var metrics = new MetricsText(instruments);
        var lines = metrics.Write().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            from line in lines
            where line.StartsWith("# TYPE ", StringComparison.Ordinal)
            let words = line.Split(' ')
            let labels = Label().Matches(lines.First(series => series.StartsWith(words[2], StringComparison.Ordinal)))
            select $"`{words[2]}` {words[3]} {string.Join(", ", labels.Select(label => $"`{label.Groups[1]}`"))}",
            RowsOf(Operations, "metric").Select(row => $"{row[0]} {row[1]} {row[2]}"));
    }

    [GeneratedRegex("""[{,](\w+)=""")]
    private static partial Regex Label();

    [Fact]
    public void The_API_guide_lists_every_path_with_its_scope() => Assert.Equal(
        Endpoints.Of(fixture.Server)
            .Where(endpoint => !endpoint.Route.StartsWith("/api/v1/", StringComparison.Ordinal))
            .Select(endpoint =>
                $"`{endpoint.Method} {endpoint.Route.Replace(":guid", "", StringComparison.Ordinal)}` {endpoint.Scope}")
            .Order(StringComparer.Ordinal),
        RowsOf(Api, "path").Select(row => $"{row[0]} {row[1]}").Order(StringComparer.Ordinal));

    [Fact]
    public void The_API_guide_lists_every_code_of_rejects_and_warnings()
    {
        var listed = RowsOf(Api, "code").Select(row => row[0].Trim('`')).ToList();
        Assert.Equal(ConstantsOf(typeof(RejectCodes)).Concat(ConstantsOf(typeof(WarningCodes))), listed);
    }

    [Fact]
    public void The_API_guide_lists_every_action_of_the_audit_trail() => Assert.Equal(
        AuditAction.All.Select(action => action.Name), RowsOf(Api, "action").Select(row => row[0].Trim('`')));

    [Fact]
    public void The_API_guide_lists_every_code_of_problems()
    {
        var source = RepositoryFacts.Read("src/HealthExport.Server/Http/Problems.cs");
        Assert.Equal(
            ProblemCode().Matches(source).Select(match => $"{match.Groups[1]} `{match.Groups[2]}`")
                .Append("422 `invalid_request`").Distinct().Order(StringComparer.Ordinal),
            RowsOf(Api, "status").Select(row => $"{row[0]} {row[1]}").Order(StringComparer.Ordinal));
    }

    static string DescribeDefault(Setting setting) => setting.Default.Length == 0 ? "none" : $"`{setting.Default}`";

    static string DescribeRange(Setting setting)
    {
        if (setting.Range is not { } range) return "";
        var unit = setting.Name.EndsWith("MILLISECONDS", StringComparison.Ordinal) ? "milliseconds"
            : setting.Name.EndsWith("SECONDS", StringComparison.Ordinal) ? "seconds"
            : setting.Name.EndsWith("BYTESPERSECOND", StringComparison.Ordinal) ? "bytes a second"
            : setting.Name.EndsWith("BYTES", StringComparison.Ordinal) ? "bytes"
            : "count";
        return $" | {unit}, {range.Min} to {range.Max}";
    }

    static IEnumerable<string> ConstantsOf(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);

    /// <summary>The rows of every table whose first column has this heading, cell by cell.</summary>
    internal static List<string[]> RowsOf(string page, string heading)
    {
        var rows = new List<string[]>();
        var isMeant = false;
        foreach (var line in RepositoryFacts.Read(page).ReplaceLineEndings("\n").Split('\n'))
        {
            if (!line.StartsWith("| ", StringComparison.Ordinal))
            {
                isMeant = false;
                continue;
            }
            var cells = line.Split('|')[1..^1].Select(cell => cell.Trim()).ToArray();
            if (cells[0] == heading) isMeant = true;
            else if (isMeant && cells[0] != "---") rows.Add(cells);
        }
        Assert.NotEmpty(rows);
        return rows;
    }

    [GeneratedRegex("""Make\(\s*(\d{3}), "([a-z_]+)",""")]
    private static partial Regex ProblemCode();
}
