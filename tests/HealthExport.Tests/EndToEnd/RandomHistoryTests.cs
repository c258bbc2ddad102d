using System.Buffers.Binary;
using System.Net;
using System.Text.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>Random histories of one person, each step compared with the model of what the store must hold.</summary>
public abstract class RandomHistoryTests(Household household)
{
    const int Steps = 30;

    sealed record Settled(Guid Id, long Number, HistoryPush Said, SentPush Sent, ModelReceipt Receipt,
        DateTimeOffset ReceivedAt);

    public virtual async Task After_every_step_the_store_holds_what_the_model_says(int seed)
    {
        var random = new Random(seed);
        var person = await household.AddPersonAsync();
        var model = new StoreModel();
        var truth = new DailyTotalsTruth(household.Samples, household.DailyTotals, household.Users);
        var settled = new List<Settled>();
        var now = TimeProvider.System.GetUtcNow();
        var today = now.AddTicks(-now.TimeOfDay.Ticks);
        var lastWasPush = false;
        for (var step = 0; step < Steps; step++)
        {
            var kind = settled.Count < 3 ? 0 : random.Next(16);
            var old = settled.Count == 0 ? null : settled[random.Next(settled.Count)];
            switch (kind)
            {
                case 11 when lastWasPush:
                    await PushAgainAtOnceAsync(settled[^1]);
                    break;
                case 12 when old!.Said.MayBeShuffled:
                    var shuffled = old.Said.Shuffle(random);
                    await PushAsync(shuffled, shuffled.ToSent(random));
                    break;
                case 13 when old != settled[^1]:
                    await PushAsync(old!.Said, old.Sent);
                    break;
                case 14:
                    (await person.Phone.ReplayAsync(old!.Id))
                        .AssertIs(model.Replay(old.Sent, old.Number, old.ReceivedAt));
                    lastWasPush = false;
                    break;
                case 15:
                    await DeleteAsync();
                    break;
                default:
                    var said = HistoryPush.Create(random, today);
                    await PushAsync(said, said.ToSent(random));
                    break;
            }
            RowAssert.Equal(model.Rows, await person.Phone.ReadAllRowsAsync());
            // Many reads for each: a part of the steps has to do.
            if (step % 5 == seed % 5) await truth.AssertAsync(person.UserId, random);
        }

        async Task PushAsync(HistoryPush said, SentPush sent)
        {
            // A short push, shuffled, may come out as the same bytes.
            if (settled.Count > 0 && settled[^1].Sent is var last && last.Aggregation == sent.Aggregation
                && last.Body.AsSpan().SequenceEqual(sent.Body))
            {
                // After a replay or a deletion it depends on whether that changed anything: left to other tests.
                if (lastWasPush) await PushAgainAtOnceAsync(settled[^1]);
                return;
            }
            var answer = await person.Phone.PushAsync(sent);
            Assert.Equal(HttpStatusCode.OK, answer.Code);
            var receivedAt = ReceivedAt(answer.Id);
            var expected = model.Apply(sent, receivedAt);
            answer.AssertIs(expected);
            settled.Add(new(answer.Id, model.LastPush, said, sent, expected, receivedAt));
            lastWasPush = true;
        }

        async Task PushAgainAtOnceAsync(Settled last)
        {
            var answer = await person.Phone.PushAsync(last.Sent);
            Assert.Equal(HttpStatusCode.OK, answer.Code);
            answer.AssertIs(last.Receipt, status: "duplicate");
            Assert.NotEqual(last.Id, answer.Id);
            model.ApplyDuplicate();
        }

        async Task DeleteAsync()
        {
            var metric = random.Next(2) == 0 ? null
                : new[] { "step_count", "active_energy", "heart_rate" }[random.Next(3)];
            var source = random.Next(3) == 0 ? "Watch" : null;
            DateTimeOffset? from = random.Next(3) == 0 ? null : today.AddDays(-9).AddHours(random.Next(9 * 24));
            DateTimeOffset? to = random.Next(3) == 0 ? null
                : (from ?? today.AddDays(-9)).AddHours(random.Next(1, 9 * 24));
            // By local days, half of the time.
            var byDay = random.Next(2) == 0;
            DateOnly? fromDay = byDay && from is { } first ? DateOnly.FromDateTime(first.Date) : null;
            DateOnly? toDay = byDay && to is { } last ? DateOnly.FromDateTime(last.Date) : null;
            if (byDay) (from, to) = (null, null);
            var query = $"metric={metric ?? "*"}"
                + (source is null ? "" : $"&source={source}")
                + Bound("from", from, fromDay) + Bound("to", to, toDay);
            var dry = await DeleteAsync($"{query}&dry_run=true");
            var gone = await DeleteAsync(query);
            Assert.Equal(dry.GetProperty("by_type").GetRawText(), gone.GetProperty("by_type").GetRawText());
            Assert.Equal(
                model.Delete(row => (metric is null || row.Row.Metric == metric)
                    && (source is null || row.Row.Source == source)
                    && (from is null || row.StartsAt >= from) && (to is null || row.StartsAt < to)
                    && !(DateOnly.FromDateTime(row.StartsAt.DateTime) < fromDay)
                    && !(DateOnly.FromDateTime(row.StartsAt.DateTime) >= toDay)),
                gone.GetProperty("deleted").GetInt32());
            lastWasPush = false;

            async Task<JsonElement> DeleteAsync(string query)
            {
                using var response = await person.Phone.Http.DeleteAsync($"/v1/data?{query}");
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                return await response.ReadJsonAsync();
            }
        }
    }

    static string Bound(string name, DateTimeOffset? at, DateOnly? day) => at is { } instant
        ? $"&{name}={instant.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}"
        : day is { } date ? $"&{name}={date:yyyy-MM-dd}" : "";

    /// <summary>The time in a UUID of version 7 is when the push was received.</summary>
    static DateTimeOffset ReceivedAt(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes) >> 16);
    }
}
