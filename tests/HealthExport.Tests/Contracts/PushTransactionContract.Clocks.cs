using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

public abstract partial class PushTransactionContract
{
    [Fact]
    public async Task Hours_of_each_clock_are_told_apart()
    {
        var other = await _stores.AddUserAsync("two@example.org");
        await InsertAsync(
            Steps, Grain.Minute, At(0, 1), At(60, 2), At(3_600, 4), At(3_660, 8) with { OffsetMinutes = -300 });
        await InsertAsync(Steps, Grain.Hour, At(0, 16), At(3_600, double.NaN) with { OffsetMinutes = 345 });
        await InsertAsync(Steps, Grain.Day, On(new(2024, 5, 1), 100, offset: -300));
        await InsertAsync(HeartRate, Grain.Sample, At(0, 60) with { OffsetMinutes = -300 });
        // Half an hour before 1970.
        await InsertAsync(
            Steps, Grain.Minute, At(0, 32) with { StartAt = new(-30 * Instant.PerMinute), OffsetMinutes = -300 });

        int id;
        await using (var push = await BeginAsync())
        {
            id = (await SeriesAsync(push, Steps, Grain.Minute)).MetricId;
            Assert.Equal(
                [
                    "1969-12-31T18:00 -300 32 1", "2023-11-14T18:00 -300 8 1", "2023-11-14T23:00 60 16 1",
                    "2023-11-14T23:00 60 3 2", "2023-11-15T00:00 60 4 1", "2023-11-15T04:00 345 NaN 0",
                ],
                Tell(await push.ListLocalHoursAsync(
                    id, new(-Instant.PerDay), At(86_400, 0).StartAt, short.MinValue, default)));
            Assert.Equal(
                ["2023-11-14T18:00 -300 8 1", "2023-11-15T04:00 345 NaN 0"],
                Tell(await push.ListLocalHoursAsync(id, At(0, 0).StartAt, At(3_660, 0).StartAt, 60, default)));
            Assert.Empty(await push.ListLocalHoursAsync(id, At(3_661, 0).StartAt, At(9_000, 0).StartAt, 60, default));
        }
        await using var others = await BeginAsync(other);
        Assert.Empty(await others.ListLocalHoursAsync(id, new(-Instant.PerDay), At(9_000, 0).StartAt, 0, default));

        static IEnumerable<string> Tell(IEnumerable<LocalHour> hours) => hours
            .Select(hour => FormattableString.Invariant(
                $"{hour.Wall.At(0):yyyy-MM-dd'T'HH:mm} {hour.OffsetMinutes} {hour.Sum} {hour.Count}"))
            .Order(StringComparer.Ordinal);
    }
}
