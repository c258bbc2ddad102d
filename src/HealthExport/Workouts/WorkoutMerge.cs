using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using HealthExport.Json;

namespace HealthExport.Workouts;

/// <summary>Brings a stored workout and the same workout sent again together.</summary>
public static class WorkoutMerge
{
    /// <summary>
    /// The id of a workout that was sent without: a version 8 UUID of start, end and canonical activity, never of the
    /// name as sent, which is translated.
    /// </summary>
    public static Guid MakeId(Workout workout)
    {
        var activity = Encoding.UTF8.GetBytes(workout.Activity ?? "");
        Span<byte> seed = new byte[16 + activity.Length];
        BinaryPrimitives.WriteInt64BigEndian(seed, workout.StartAt.Microseconds);
        BinaryPrimitives.WriteInt64BigEndian(seed[8..], workout.EndAt.Microseconds);
        activity.CopyTo(seed[16..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(seed, hash);
        hash[6] = (byte)(hash[6] & 0x0F | 0x80);
        hash[8] = (byte)(hash[8] & 0x3F | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>
    /// What to store: every field that was sent, and the stored ones beside. Series are replaced by name; a route only
    /// by a route.
    /// </summary>
    /// <returns><paramref name="stored"/> itself when nothing is new.</returns>
    public static Workout Merge(Workout stored, Workout sent)
    {
        var isCoarser = sent.StampPrecision > stored.StampPrecision;
        var series = MergeSeries(stored.Series, sent.Series);
        var route = sent.Route is null || (stored.Route is { } before && Equal(before, sent.Route))
            ? stored.Route
            : sent.Route;
        var merged = stored with
        {
            Id = sent.Id ?? stored.Id,
            IdIsMade = sent.Id is null && stored.IdIsMade,
            Activity = sent.Activity ?? stored.Activity,
            NameAsSent = sent.NameAsSent,
            StartAt = isCoarser ? stored.StartAt : sent.StartAt,
            EndAt = isCoarser ? stored.EndAt : sent.EndAt,
            StampPrecision = isCoarser ? stored.StampPrecision : sent.StampPrecision,
            DurationSeconds = sent.DurationSeconds ?? stored.DurationSeconds,
            ActiveEnergyKcal = sent.ActiveEnergyKcal ?? stored.ActiveEnergyKcal,
            TotalEnergyKcal = sent.TotalEnergyKcal ?? stored.TotalEnergyKcal,
            DistanceMetres = sent.DistanceMetres ?? stored.DistanceMetres,
            HeartRateMin = sent.HeartRateMin ?? stored.HeartRateMin,
            HeartRateAvg = sent.HeartRateAvg ?? stored.HeartRateAvg,
            HeartRateMax = sent.HeartRateMax ?? stored.HeartRateMax,
            ElevationUpMetres = sent.ElevationUpMetres ?? stored.ElevationUpMetres,
            ElevationDownMetres = sent.ElevationDownMetres ?? stored.ElevationDownMetres,
            SpeedAvgMetresPerSecond = sent.SpeedAvgMetresPerSecond ?? stored.SpeedAvgMetresPerSecond,
            SpeedMaxMetresPerSecond = sent.SpeedMaxMetresPerSecond ?? stored.SpeedMaxMetresPerSecond,
            StepCadencePerMinute = sent.StepCadencePerMinute ?? stored.StepCadencePerMinute,
            IsIndoor = sent.IsIndoor ?? stored.IsIndoor,
            Location = sent.Location ?? stored.Location,
            Source = sent.Source ?? stored.Source,
            Details = sent.Details is null ? stored.Details
                : stored.Details is null ? sent.Details
                : CanonicalJson.Unite(stored.Details, sent.Details),
            Series = series,
            Route = route,
        };
        return merged == stored ? stored : merged;
    }

    static IReadOnlyList<WorkoutSeries> MergeSeries(
        IReadOnlyList<WorkoutSeries> stored, IReadOnlyList<WorkoutSeries> sent)
    {
        List<WorkoutSeries>? merged = null;
        foreach (var series in sent)
        {
            var at = IndexOf(merged ?? stored, series.Name);
            if (at >= 0 && Equal((merged ?? stored)[at], series)) continue;
            merged ??= [.. stored];
            if (at >= 0) merged[at] = series;
            else merged.Add(series);
        }
        return merged ?? stored;
    }

    static int IndexOf(IReadOnlyList<WorkoutSeries> series, string name)
    {
        for (var i = 0; i < series.Count; i++)
            if (series[i].Name == name) return i;
        return -1;
    }

    /// <summary>Bit for bit.</summary>
    public static bool Equal(WorkoutSeries a, WorkoutSeries b) =>
        a.Unit == b.Unit && a.Times.AsSpan().SequenceEqual(b.Times)
        && Equal(a.Values, b.Values) && Equal(a.Min, b.Min) && Equal(a.Max, b.Max);

    /// <summary>Bit for bit.</summary>
    public static bool Equal(WorkoutRoute a, WorkoutRoute b) =>
        a.Times.AsSpan().SequenceEqual(b.Times)
        && Equal(a.Latitudes, b.Latitudes) && Equal(a.Longitudes, b.Longitudes) && Equal(a.Altitudes, b.Altitudes)
        && Equal(a.Speeds, b.Speeds) && Equal(a.Courses, b.Courses)
        && Equal(a.HorizontalAccuracies, b.HorizontalAccuracies)
        && Equal(a.VerticalAccuracies, b.VerticalAccuracies)
        && Equal(a.SpeedAccuracies, b.SpeedAccuracies) && Equal(a.CourseAccuracies, b.CourseAccuracies);

    /// <summary>Bit for bit, so that NaN equals NaN.</summary>
    static bool Equal(double[]? a, double[]? b) =>
        a is null || b is null
            ? a is null && b is null
            : System.Runtime.InteropServices.MemoryMarshal.AsBytes(a.AsSpan())
                .SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(b.AsSpan()));
}
