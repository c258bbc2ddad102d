namespace HealthExport.Benchmarks;

/// <summary>Ten years of one person's heart rate, pushed in parts.</summary>
static class TenYears
{
    const int Years = 10;
    const int PointsOfAPush = 500_000;

    public static readonly DateTimeOffset Start = new(2014, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="key">Null for the server's own.</param>
    /// <param name="samples">How many, evenly spread.</param>
    public static async Task PushAsync(
        ServerUnderTest server, string? key, int samples, CancellationToken cancellationToken)
    {
        var stride = (int)(Years * TimeSpan.FromDays(365.25).TotalSeconds / samples);
        for (var done = 0; done < samples; done += PointsOfAPush)
            await server.PushAsync(
                Payloads.HeartRate(
                    Math.Min(PointsOfAPush, samples - done), done,
                    Start.ToUnixTimeSeconds() + (long)done * stride, stride).Body,
                key, cancellationToken);
    }
}
