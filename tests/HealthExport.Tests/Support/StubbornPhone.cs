using System.Globalization;
using System.Net;
using System.Text;

namespace HealthExport.Tests.Support;

/// <summary>
/// A phone that pushes heart rates of a source of its own, one push after another, and sends most of them again until
/// they are answered, whatever becomes of the server.
/// </summary>
sealed class StubbornPhone(int number, string key, Func<Uri> findServer, Random random)
{
    static readonly DateTimeOffset Start = new(2025, 3, 1, 0, 0, 0, TimeSpan.Zero);

    int _seconds;

    /// <summary>What this phone calls itself.</summary>
    public string Source { get; } = string.Create(CultureInfo.InvariantCulture, $"Watch {number}");

    public List<Sent> Answered { get; } = [];

    /// <summary>Given up without an answer: kept whole, or not at all.</summary>
    public List<Sent> Abandoned { get; } = [];

    /// <summary>How often the server went away under a push.</summary>
    public int Interrupted { get; private set; }

    /// <param name="Id">Of the ingestion; empty without an answer.</param>
    public sealed record Sent(int FirstSecond, int Count, Guid Id, HttpStatusCode Code, PushAnswer? Answer);

    /// <summary>Pushes until told to stop; the push in hand is brought to its answer.</summary>
    /// <param name="onAnswer">Told of each answer.</param>
    public async Task PushUntilAsync(Func<bool> isOver, Action onAnswer, Func<CancellationToken, Task> waitForServer)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Add("X-API-Key", key);
        while (!isOver())
        {
            var count = random.Next(4) == 0 ? random.Next(1_000, 4_000) : random.Next(1, 30);
            var first = _seconds;
            _seconds += count;
            var body = Write(first, count);
            var isPatient = random.Next(4) > 0;
            while (true)
            {
                try
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(findServer(), "/v1/ingest"))
                    {
                        Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } },
                    };
                    if (random.Next(3) == 0) request.Headers.Add("Prefer", "respond-async");
                    using var response = await http.SendAsync(request);
                    var answer = await PushAnswer.ReadAsync(response, default);
                    if (answer.Code == HttpStatusCode.ServiceUnavailable)
                        throw new HttpRequestException("It is ending.");
                    if (answer.Code is not (HttpStatusCode.OK or HttpStatusCode.Accepted))
                        throw new InvalidOperationException($"A good push was answered {answer.Code}: {answer.Body}");
                    Answered.Add(new(first, count, answer.Id, answer.Code, answer));
                    onAnswer();
                    break;
                }
                catch (HttpRequestException)
                {
                    Interrupted++;
                    if (!isPatient)
                    {
                        Abandoned.Add(new(first, count, Guid.Empty, default, null));
                        break;
                    }
                    await waitForServer(default);
                }
            }
        }
    }

    /// <summary>The value of one second, which tells which second it is.</summary>
    public static double ValueAt(int second) => 40 + second % 100_000 / 1_000.0;

    public static DateTimeOffset TimeOf(int second) => Start.AddSeconds(second);

    byte[] Write(int first, int count)
    {
        var text = new StringBuilder("""{"data":{"metrics":[{"name":"heart_rate","units":"count/min","data":[""");
        for (var second = first; second < first + count; second++)
        {
            if (second > first) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $$"""{"qty":{{ValueAt(second):R}},"source":"{{Source}}","date":"{{PhoneDates.Usual(TimeOf(second))}}"}""");
        }
        return Encoding.UTF8.GetBytes(text.Append("]}]}}").ToString());
    }
}
