using HealthExport.Reading;

namespace HealthExport.Tests.Reading;

/// <summary>Broken payloads: whatever they hold, they are read to an end, without an exception.</summary>
public sealed class FuzzTests
{
    static readonly byte[][] Fragments =
    [
        "{"u8.ToArray(), "}"u8.ToArray(), "["u8.ToArray(), "]"u8.ToArray(), ","u8.ToArray(), ":"u8.ToArray(),
            "\""u8.ToArray(),
        "\\"u8.ToArray(), "\\ud800"u8.ToArray(), "\\u0000"u8.ToArray(), "null"u8.ToArray(), "1e999"u8.ToArray(),
            "-"u8.ToArray(),
        "\"data\":"u8.ToArray(), "\"name\":\"\","u8.ToArray(), "\"qty\":{},"u8.ToArray(), "\"date\":1,"u8.ToArray(),
            [0xFF, 0xC2], [0],
        "\"type\":\"Quantity\","u8.ToArray(), "\"units\":\"\\udc00\","u8.ToArray(),
            "\"start\":\"9999-12-31 23:59:59 -1200\","u8.ToArray(),
        "\"end\":\"0001-01-01 00:00:00 +1200\","u8.ToArray(), "\"value\":\"\","u8.ToArray(),
            "\"voltageMeasurements\":[{\"date\":1e300}],"u8.ToArray(),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_mutated_payload_is_read_to_an_end(int seed)
    {
        var random = new Random(seed);
        var documents =
            Directory.GetFiles(Outcome.FixturePath(""), "*.json", SearchOption.AllDirectories).Order(
                StringComparer.Ordinal)
            .Select(File.ReadAllBytes).Where(d => d.Length is > 0 and < 12_000)
            .Concat(Documents.All.Select(name => Documents.Get(name.Data))).ToArray();
        string?[] aggregations = [null, "Default", "Minutes", "Days", "Weeks"];
        for (var i = 0; i < 1_500; i++)
        {
            var payload = Mutate([.. documents[random.Next(documents.Length)]], random);
            var context = Outcome.Context(
                aggregations[random.Next(aggregations.Length)], "Since Last Sync", random.Next(2) == 0 ? null
                    : "Europe/Berlin");
            var window = random.Next(2) == 0 ? 16 : 4096;
            Outcome? quick = null;
            try
            {
                quick = Outcome.Of(payload, context, thorough: false, window);
            }
            catch (RepeatedKeyException)
            {
                // Then the thorough reading is what counts.
            }
            var thorough = Outcome.Of(payload, context, thorough: true, window);
            // Where the window ends decides which points take the shortcut past the tokeniser: it must not show.
            var other = Outcome.Of(payload, context, thorough: true, window == 16 ? 100_000 : 64);
            foreach (var again in (Outcome?[])[quick, other])
            {
                if (again is null) continue;
                Assert.Equal(thorough.Lines(), again.Lines());
                Assert.Equal(thorough.TruncatedAt, again.TruncatedAt);
            }
            Assert.Equal(thorough.Told(), other.Told());
        }
    }

    static byte[] Mutate(List<byte> payload, Random random)
    {
        for (var edits = random.Next(1, 6); edits > 0 && payload.Count > 0; edits--)
        {
            var at = random.Next(payload.Count);
            switch (random.Next(6))
            {
                case 0:
                    payload[at] = (byte)random.Next(256);
                    break;
                case 1:
                    payload.RemoveRange(at, Math.Min(random.Next(1, 40), payload.Count - at));
                    break;
                case 2:
                    payload.InsertRange(at, Fragments[random.Next(Fragments.Length)]);
                    break;
                case 3:
                    payload.InsertRange(
                        random.Next(payload.Count),
                            payload.GetRange(at, Math.Min(random.Next(1, 200), payload.Count - at)));
                    break;
                default:
                    // Where a key begins, so that much of it stays JSON.
                    var key = payload.IndexOf((byte)'{', at);
                    if (key >= 0) payload.InsertRange(key + 1, Fragments[random.Next(13, Fragments.Length)]);
                    break;
            }
        }
        return [.. payload];
    }
}
