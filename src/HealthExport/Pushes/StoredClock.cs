using HealthExport.Reading;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Pushes;

/// <summary>
/// Which clock times without an offset were read from, when what is stored of the same dates has offsets that the user's
/// zone does not have then: on a journey, or before the zone was corrected. Pure; of one metric, for one run.
/// </summary>
sealed class StoredClock
{
    // CSV tells rounded figures.
    const double Tolerance = 1e-3;
    const long Quarter = 15 * Instant.PerMinute;

    /// <summary>What one foreign clock showed on one date.</summary>
    sealed class Clock(short offsetMinutes)
    {
        public short OffsetMinutes => offsetMinutes;
        public Dictionary<long, List<LocalHour>> Hours { get; } = [];
        public int Lead { get; set; }
    }

    sealed class Date
    {
        public HashSet<long> Own { get; } = [];
        public List<Clock> Foreign { get; } = [];
        public Dictionary<(long Wall, short Offset), SentHour> Sent { get; } = [];
    }

    /// <summary>The rows of a run within one hour, as the zone has it.</summary>
    sealed class SentHour(long wall, short offsetMinutes)
    {
        public long Wall => wall;
        public long StartAt => wall - offsetMinutes * Instant.PerMinute;
        public List<int> Rows { get; } = [];
        public double Sum { get; set; }
        public int Count { get; set; }
        public bool IsSettled { get; set; }
    }

    readonly Dictionary<long, Date> _dates = [];
    readonly Dictionary<long, List<LocalHour>> _byStart = [];

    /// <param name="stored">Those of every date that the rows are of.</param>
    public StoredClock(IEnumerable<LocalHour> stored, TimeZoneInfo zone)
    {
        foreach (var hour in stored)
        {
            var date = Get(hour.Wall.Microseconds);
            if (IsOwn(hour, zone))
            {
                date.Own.Add(hour.Wall.Microseconds);
                continue;
            }
            var clock = date.Foreign.Find(clock => clock.OffsetMinutes == hour.OffsetMinutes);
            if (clock is null) date.Foreign.Add(clock = new(hour.OffsetMinutes));
            Add(clock.Hours, hour.Wall.Microseconds, hour);
            Add(_byStart, hour.StartAt.Microseconds, hour);
        }
    }

    /// <summary>Whether the zone has the offset then: in a repeated hour it has both.</summary>
    public static bool IsOwn(in LocalHour hour, TimeZoneInfo zone) =>
        Timestamps.OffsetAt(zone, hour.StartAt.Microseconds) == hour.OffsetMinutes
        || Timestamps.OffsetAt(zone, hour.StartAt.Microseconds + Instant.PerHour - 1) == hour.OffsetMinutes;

    /// <summary>
    /// Gives rows the offset of a foreign clock, where what they say fits better to what is stored by that clock than to
    /// the same instants by the zone's own. Rows in an hour that the zone's own clock has stored rows of stay.
    /// </summary>
    /// <param name="rows">Minutes or hours, with times of the zone.</param>
    public void Settle(Span<Sample> rows)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            ref readonly var row = ref rows[i];
            var wall = new Instant(row.StartAt.Microseconds + row.OffsetMinutes * Instant.PerMinute)
                .FloorTo(Instant.PerHour).Microseconds;
            if (!_dates.TryGetValue(DayOf(wall), out var date) || date.Foreign.Count == 0 || date.Own.Contains(wall))
                continue;
            if (!date.Sent.TryGetValue((wall, row.OffsetMinutes), out var hour))
                date.Sent.Add((wall, row.OffsetMinutes), hour = new(wall, row.OffsetMinutes));
            hour.Rows.Add(i);
            if (double.IsNaN(row.Value)) continue;
            hour.Sum += row.Value;
            hour.Count++;
        }
        foreach (var date in _dates.Values)
        {
            if (date.Sent.Count == 0) continue;
            foreach (var clock in date.Foreign)
                foreach (var hour in Candidates(date, clock)) clock.Lead += Fit(clock, hour) - FitOwn(hour);
            foreach (var clock in date.Foreign.OrderByDescending(clock => clock.Lead))
            {
                // Offset 0 may be no place but the form of the stamps: there the zone's own reading wins a tie.
                if (clock.Lead < 0 || (clock.Lead == 0 && clock.OffsetMinutes == 0)) continue;
                foreach (var hour in Candidates(date, clock))
                {
                    if (hour.IsSettled) continue;
                    hour.IsSettled = true;
                    foreach (var i in hour.Rows) Move(ref rows[i], clock.OffsetMinutes);
                }
            }
        }
    }

    static void Move(ref Sample row, short offsetMinutes)
    {
        row.StartAt = new(
            row.StartAt.Microseconds + (row.OffsetMinutes - offsetMinutes) * Instant.PerMinute);
        row.OffsetMinutes = offsetMinutes;
    }

    // On a date of two clocks only what lies between the first and the last hour of the foreign one.
    static IEnumerable<SentHour> Candidates(Date date, Clock clock)
    {
        var (first, last) = (clock.Hours.Keys.Min(), clock.Hours.Keys.Max());
        return date.Sent.Values.Where(
            hour => date.Own.Count == 0 || (hour.Wall >= first && hour.Wall <= last));
    }

    static int Fit(Clock clock, SentHour hour) =>
        !clock.Hours.TryGetValue(hour.Wall, out var stored) ? 0 : Agrees(hour, stored) ? 2 : 1;

    int FitOwn(SentHour hour)
    {
        if (_byStart.TryGetValue(hour.StartAt, out var stored)) return Agrees(hour, stored) ? 2 : 1;
        // Hours of a clock that is half an hour off lie across.
        for (var by = Quarter; by < Instant.PerHour; by += Quarter)
            if (_byStart.ContainsKey(hour.StartAt - by) || _byStart.ContainsKey(hour.StartAt + by)) return 1;
        return 0;
    }

    static bool Agrees(SentHour sent, List<LocalHour> stored) =>
        sent.Count > 0 && stored.Exists(hour => hour.Count > 0
            && (IsNear(sent.Sum, hour.Sum) || IsNear(sent.Sum / sent.Count, hour.Sum / hour.Count)));

    static bool IsNear(double a, double b) => Math.Abs(a - b) <= Tolerance * Math.Max(Math.Abs(a), Math.Abs(b));

    Date Get(long wall)
    {
        if (!_dates.TryGetValue(DayOf(wall), out var date)) _dates.Add(DayOf(wall), date = new());
        return date;
    }

    static long DayOf(long wall) => new Instant(wall).FloorTo(Instant.PerDay).Microseconds;

    static void Add(Dictionary<long, List<LocalHour>> hours, long at, in LocalHour hour)
    {
        if (!hours.TryGetValue(at, out var same)) hours.Add(at, same = []);
        same.Add(hour);
    }
}
