using HealthExport.Pushes;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Contracts;

public abstract partial class PushTransactionContract
{
    [Fact]
    public async Task A_metric_that_the_engine_refuses_costs_its_own_items_and_no_others()
    {
        await _stores.ExecuteAsync(RefuseAdding("odd"));
        var receipt = await _stores.ApplyAsync(
            _user.Id,
            $$$"""{"data":{"metrics":[{{{Metric("heart_rate")}}},{{{Metric("mood_ring")}}},{{{Metric("odd")}}},{{{Metric("aura")}}}]}}""");

        Assert.Equal((8, 6, 2), (receipt.Counts.Received, receipt.Counts.Inserted, receipt.Counts.Rejected));
        Assert.Equal(["odd", "odd"], receipt.Errors.Select(error => error.ItemType));
        Assert.All(receipt.Errors, error => Assert.Equal(RejectCodes.StoreRefused, error.Code));
        Assert.Equal(
            ["aura", "heart_rate", "mood_ring"],
            (await _stores.Samples.ListMetricsAsync(_user.Id, default)).Select(metric => metric.Metric.Name).Order());

        static string Metric(string name) =>
            $$"""
            {"name":"{{name}}","units":"bpm","data":[{"qty":61,"date":"2026-01-02 08:00:01 +0000"},
            {"qty":62,"date":"2026-01-02 08:00:02 +0000"}]}
            """;
    }
}
