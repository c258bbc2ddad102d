using System.Net;
using System.Text;
using System.Text.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public abstract class ExportTests(ServerFixture fixture)
{
    readonly RunningServer _server = fixture.Server;

    static readonly string s_fixtures = Path.Combine(AppContext.BaseDirectory, "Fixtures", "Payloads");

    [Fact]
    public async Task All_that_a_phone_can_send_comes_back_the_same_from_what_was_exported()
    {
        var key = await _server.AddKeyAsync();
        await ExportedLife.PushAsync(_server, key, s_fixtures);
        var exported = await ExportedZip.ReadAsync(_server, key);
        foreach (var type in (string[])["quantities", "sleep_stages", "sleep_sessions", "workouts", "events"])
            Assert.NotEmpty(exported.Items(type));

        var other = await _server.AddKeyAsync();
        await exported.PushAsync(_server, other);

        exported.AssertSameItems(await ExportedZip.ReadAsync(_server, other));
        await ExportedLife.AssertReadsTheSameAsync(_server, key, _server, other);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task What_was_received_first_and_last_is_known_after_an_import(int seed)
    {
        var key = await _server.AddKeyAsync();
        var random = new Random(seed);
        var now = TimeProvider.System.GetUtcNow();
        for (var i = 0; i < 25; i++)
        {
            var push = HistoryPush.Create(random, now.AddTicks(-now.TimeOfDay.Ticks)).ToSent(random);
            using var response = await _server.PushAsync(key, push.Body, headers: Headers(push));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        var exported = await ExportedZip.ReadAsync(_server, key);
        Assert.Contains(exported.Items("quantities"), item => item.TryGetProperty("revision", out _));

        var other = await _server.AddKeyAsync();
        await exported.PushAsync(_server, other);
        exported.AssertSameItems(await ExportedZip.ReadAsync(_server, other));
        await ExportedLife.AssertReadsTheSameAsync(_server, key, _server, other);

        // Again, where it all is: nothing changes, neither what is stored nor what came after what.
        foreach (var (_, type, bytes) in exported.Pushes)
        {
            if (bytes.Length == 0) continue;
            // So that it is no mere duplicate.
            (await _server.PushAsync(other, "{}")).Dispose();
            using var response = await _server.PushAsync(other, bytes, type);
            var counts = (await response.ReadJsonAsync()).GetProperty("counts");
            Assert.Equal(counts.GetProperty("received").GetInt64(), counts.GetProperty("unchanged").GetInt64());
        }
        exported.AssertSameItems(await ExportedZip.ReadAsync(_server, other));
    }

    static (string, string)[] Headers(SentPush push) =>
    [
        .. push.Aggregation is { } aggregation ? [("automation-aggregation", aggregation)] : (ReadOnlySpan<(string, string)>)[],
        .. push.Period is { } period ? [("automation-period", period)] : (ReadOnlySpan<(string, string)>)[],
    ];
}
