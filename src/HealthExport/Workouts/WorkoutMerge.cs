using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HealthExport.Json;
using HealthExport.Time;

namespace HealthExport.Workouts;

/// <summary>Brings a stored workout and the same workout sent again together.</summary>
public static class WorkoutMerge
{
    /// <summary>
    /// From which precision of its times, in microseconds, a workout is not told from another by these alone: within one
    /// minute there are two now and then.
    /// </summary>
    public const long CoarsePrecision = Instant.PerMinute;

    /// <summary>
    /// The id of a workout that was sent without: a version 8 UUID of start, end and canonical activity, never of the
    /// name as sent, which is translated; and of the duration, where the times are told to the minute, in which two of
    /// one activity may begin and end.
    /// </summary>
    public static Guid MakeId(Workout workout)
    {
        var activity = Encoding.UTF8.GetBytes(workout.Activity ?? "");
        var duration = workout is { StampPrecision: >= CoarsePrecision, DurationSeconds: { } seconds }
            ? Encoding.UTF8.GetBytes(seconds.ToString("R", CultureInfo.InvariantCulture)) : [];
        Span<byte> seed = new byte[16 + activity.Length + duration.Length];
        BinaryPrimitives.WriteInt64BigEndian(seed, workout.StartAt.Microseconds);
        BinaryPrimitives.WriteInt64BigEndian(seed[8..], workout.EndAt.Microseconds);
        activity.CopyTo(seed[16..]);
        duration.CopyTo(seed[(16 + activity.Length)..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(seed, hash);
        hash[6] = (byte)(hash[6] & 0x0F | 0x80);
        hash[8] = (byte)(hash[8] & 0x3F | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>
    /// What to store: every field that was sent, and the stored ones beside; of one whose times are coarser than those
    /// stored, only what is missing. Series are replaced by name; a route only by a route.
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
            Activity = Pick(stored.Activity, sent.Activity),
            NameAsSent = isCoarser ? stored.NameAsSent : sent.NameAsSent,
            StartAt = isCoarser ? stored.StartAt : sent.StartAt,
            EndAt = isCoarser ? stored.EndAt : sent.EndAt,
            StampPrecision = isCoarser ? stored.StampPrecision : sent.StampPrecision,
            DurationSeconds = Pick(stored.DurationSeconds, sent.DurationSeconds),
            ActiveEnergyKcal = Pick(stored.ActiveEnergyKcal, sent.ActiveEnergyKcal),
            TotalEnergyKcal = Pick(stored.TotalEnergyKcal, sent.TotalEnergyKcal),
            DistanceMetres = Pick(stored.DistanceMetres, sent.DistanceMetres),
            HeartRateMin = Pick(stored.HeartRateMin, sent.HeartRateMin),
            HeartRateAvg = Pick(stored.HeartRateAvg, sent.HeartRateAvg),
            HeartRateMax = Pick(stored.HeartRateMax, sent.HeartRateMax),
            ElevationUpMetres = Pick(stored.ElevationUpMetres, sent.ElevationUpMetres),
            ElevationDownMetres = Pick(stored.ElevationDownMetres, sent.ElevationDownMetres),
            SpeedAvgMetresPerSecond = Pick(stored.SpeedAvgMetresPerSecond, sent.SpeedAvgMetresPerSecond),
            SpeedMaxMetresPerSecond = Pick(stored.SpeedMaxMetresPerSecond, sent.SpeedMaxMetresPerSecond),
            StepCadencePerMinute = Pick(stored.StepCadencePerMinute, sent.StepCadencePerMinute),
            IsIndoor = Pick(stored.IsIndoor, sent.IsIndoor),
            Location = Pick(stored.Location, sent.Location),
            Source = Pick(stored.Source, sent.Source),
            Details = MergeDetails(stored.Details, sent.Details, isCoarser),
            Series = series,
            Route = route,
        };
        return merged == stored ? stored : merged;

        // What is told to the minute tells its figures rounded as well.
        T? Pick<T>(T? before, T? now) => isCoarser ? before ?? now : now ?? before;
    }

    static string? MergeDetails(string? stored, string? sent, bool isCoarser)
    {
        if (sent is null || stored is null) return stored ?? sent;
        var united = isCoarser ? CanonicalJson.Unite(sent, stored) : CanonicalJson.Unite(stored, sent);
        return CanonicalJson.Same(stored, united) ? stored : united;
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
