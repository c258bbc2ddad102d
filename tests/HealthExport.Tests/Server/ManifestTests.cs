using System.Reflection;
using HealthExport.Audit;
using HealthExport.Server;
using HealthExport.Server.Settings;
using HealthExport.Tests.Support;
using Microsoft.Extensions.Logging;

namespace HealthExport.Tests.Server;

public sealed class ManifestTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public void Every_endpoint_is_in_the_manifest_with_scope_limit_class_audit_and_cache() => Manifest.Check(
        "endpoints.txt",
        Endpoints.Of(fixture.Server).Select(endpoint =>
            $"{endpoint.Method,-6} {endpoint.Route}  {endpoint.Scope}  {endpoint.LimitClass}  {endpoint.Audit}  {endpoint.Cache}"));

    [Fact]
    public void Every_action_of_the_audit_trail_is_in_the_manifest()
    {
        Manifest.Check("audit.txt", AuditAction.All.Select(action => action.Name));
        Assert.Equal(
            AuditAction.All.Select(action => action.Name).Order(StringComparer.Ordinal).Distinct(),
            AuditAction.All.Select(action => action.Name));
        Assert.Equal(
            typeof(AuditAction).GetFields(BindingFlags.Public | BindingFlags.Static).Length, AuditAction.All.Count);
    }

    [Fact]
    public void Every_log_line_is_in_the_manifest() => Manifest.Check(
        "logs.txt",
        from type in typeof(ServerHost).Assembly.GetTypes()
        from method in type.GetMethods(
            BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic
            | BindingFlags.DeclaredOnly)
        let line = method.GetCustomAttribute<LoggerMessageAttribute>()
        where line is not null
        orderby line.EventId
        select $"{line.EventId} {line.Level} {method.Name}: {line.Message}");

    [Fact]
    public void No_two_log_lines_share_a_number()
    {
        var numbers =
            (from type in typeof(ServerHost).Assembly.GetTypes()
             from method in type.GetMethods(
                 BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
             let line = method.GetCustomAttribute<LoggerMessageAttribute>()
             where line is not null
             select line.EventId).ToList();
        Assert.Equal(numbers.Distinct().Count(), numbers.Count);
        Assert.DoesNotContain(0, numbers);
    }

    [Fact]
    public void Every_setting_is_in_the_manifest() => Manifest.Check(
        "settings.txt",
        SettingList.All.Select(
            setting => $"{setting.Name}={setting.Default}{(setting.IsSecret ? " (secret)" : "")}"));

    [Fact]
    public void The_example_file_names_every_setting_with_its_default()
    {
        var example = RepositoryFacts.Read(".env.example").Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.TrimEnd('\r')).Order();
        Assert.Equal(SettingList.All.Select(setting => $"{setting.Name}={setting.Default}").Order(), example);
    }
}
