using System.Net;
using System.Text.Json;
using HealthExport.Samples;

namespace HealthExport.Tests.Support;

/// <summary>Compares what stubborn phones were answered with what the server holds and says.</summary>
static class PhoneTruth
{
    /// <param name="owner">Of all that the phones pushed.</param>
    /// <param name="backlogRows">Rows of other metrics that were inserted beside.</param>
    public static async Task AssertAsync(PhoneClient owner, List<StubbornPhone> phones, int backlogRows = 0)
    {
        foreach (var sent in phones.SelectMany(phone => phone.Answered))
        {
            var receipt = await owner.WaitUntilSettledAsync(sent.Id);
            receipt.AssertAddsUp();
            Assert.Contains(receipt.Text("status"), (string[])["completed", "duplicate"]);
            Assert.Equal(sent.Count, receipt.Count("received"));
            if (sent.Code == HttpStatusCode.OK)
                Assert.Equal(
                    sent.Answer!.Body.GetProperty("counts").GetRawText(),
                    receipt.Body.GetProperty("counts").GetRawText());
        }

        var ingestions = await owner.ListAsync("/v1/ingestions", 1_000);
        long inserted = 0;
        foreach (var ingestion in ingestions)
        {
            var receipt = await owner.WaitUntilSettledAsync(ingestion.GetProperty("ingestion_id").GetGuid());
            receipt.AssertAddsUp();
            if (receipt.Text("status") != "duplicate") inserted += receipt.Count("inserted");
        }

        var rows = await owner.ReadRowsAsync("heart_rate", limit: 10_000);
        Assert.Equal(inserted, rows.Count + backlogRows);
        Assert.Equal(rows.Count, rows.DistinctBy(row => (row.Row.Source, row.Row.Start.UtcTicks)).Count());
        Assert.All(rows, row => Assert.Equal(Grain.Sample, row.Grain));
        foreach (var phone in phones) AssertHolds(phone, rows);

        var metrics = await owner.ListAsync("/v1/metrics", 100);
        Assert.Equal(rows.Count, CountOf(metrics, "heart_rate"));
    }

    static void AssertHolds(StubbornPhone phone, List<ModelRow> rows)
    {
        var held = rows.Where(row => row.Row.Source == phone.Source)
            .ToDictionary(row => row.Row.Start.UtcTicks, row => row.Row.Value);
        var expected = 0;
        foreach (var sent in phone.Answered) expected += AssertSeconds(sent, held);
        foreach (var sent in phone.Abandoned)
            if (held.ContainsKey(StubbornPhone.TimeOf(sent.FirstSecond).UtcTicks))
                expected += AssertSeconds(sent, held);
        Assert.Equal(expected, held.Count);
    }

    static int AssertSeconds(StubbornPhone.Sent sent, Dictionary<long, double> held)
    {
        for (var second = sent.FirstSecond; second < sent.FirstSecond + sent.Count; second++)
            Assert.Equal(StubbornPhone.ValueAt(second), held[StubbornPhone.TimeOf(second).UtcTicks]);
        return sent.Count;
    }

    static long CountOf(List<JsonElement> metrics, string name) =>
        metrics.Single(metric => metric.GetProperty("name").GetString() == name).GetProperty("count").GetInt64();
}
