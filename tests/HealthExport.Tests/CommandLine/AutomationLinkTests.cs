using System.Web;
using HealthExport.Server.CommandLine;

namespace HealthExport.Tests.CommandLine;

public sealed class AutomationLinkTests
{
    const string Key = "hx_k3v9x2m1q8az_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";

    static readonly string s_link = AutomationLink.ForEveryType("http://192.168.1.20:8080/v1/ingest", Key)[0].Link;

    // Parameters: help.healthyapps.dev, automations, deep link.
    [Fact]
    public void The_link_says_all_that_the_app_asks_for()
    {
        var query = HttpUtility.ParseQueryString(new Uri(s_link).Query);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["url"] = "http://192.168.1.20:8080/v1/ingest",
                ["name"] = "HealthExport health metrics",
                ["headers"] = $"api-key,{Key}",
                ["format"] = "json",
                ["datatype"] = "healthmetrics",
                ["aggregatedata"] = "true",
                ["period"] = "none",
                ["interval"] = "none",
                ["syncinterval"] = "hours",
                ["syncquantity"] = "1",
                ["enabled"] = "true",
                ["batchrequests"] = "true",
                ["exportversion"] = "v2",
            },
            query.AllKeys.ToDictionary(name => name!, name => query[name]!));
    }

    [Fact]
    public void It_opens_the_app() =>
        Assert.StartsWith("com.HealthExport://automation?url=http%3A%2F%2F192.168.1.20%3A8080%2Fv1%2Fingest&", s_link,
            StringComparison.Ordinal);

    [Fact]
    public void It_has_no_space_and_one_comma()
    {
        Assert.DoesNotContain(' ', s_link);
        Assert.Equal(1, s_link.Count(character => character == ','));
    }
}
