using HealthExport.Catalogue;

namespace HealthExport.Server.Importing.Mongo;

/// <summary>
/// Which points of a collection belong into one array, as the app would have sent them. A collection holds what many
/// pushes brought: in several units, and by the day as well as by the hour, the minute or the sample. What a day's
/// points are is told by the finest of them, so that no day's sum is taken for its first minute's.
/// </summary>
sealed class PointGroups(string collection, TimeZoneInfo zone)
{
    const int MostUnits = 64;

    /// <summary>So many points are looked at for what was sent twice; ten years of hours are a fifth.</summary>
    const int MostBuckets = 500_000;

    /// <summary>Of one instant; nobody has more at once.</summary>
    const int MostSources = 16;

    /// <summary>Nobody measures so often on the stroke of the hour by chance.</summary>
    const int FewestHours = 10;

    enum Grain : byte { Day, Hour, Minute, Sample }

    /// <summary>A point that no other of its instant covers so far.</summary>
    sealed record Bucket(int Ordinal, string Source, Bucket? Earlier);

    readonly bool _isSummed = MetricCatalogue.Find(collection)?.Kind == MetricKind.Cumulative;
    readonly List<string> _units = [];
    readonly Dictionary<DateOnly, (Grain Finest, ulong Units)> _days = [];
    readonly Dictionary<(long At, int Unit), Bucket> _buckets = [];
    readonly HashSet<int> _superseded = [];
    readonly HashSet<int> _outdated = [];
    readonly Dictionary<string, string> _sources = new(StringComparer.Ordinal);
    Grain _finest;
    long _count;
    DateOnly _firstDay;
    bool _isOfSeveralDays;
    ulong _ofNoDay;    // units of points that are not summed, or bear no instant

    /// <summary>Takes the points in order, all before the first is asked for.</summary>
    public void Add(int ordinal, in PointHead point)
    {
        var unit = _units.IndexOf(point.Unit);
        if (unit < 0)
        {
            if (_units.Count == MostUnits)
                throw new BrokenExportException($"has more than {MostUnits} units for one metric");
            unit = _units.Count;
            _units.Add(point.Unit);
        }
        if (!_isSummed || point.At is null) _ofNoDay |= 1ul << unit;
        if (point.At is not { } at)
        {
            _finest = Grain.Sample;
            return;
        }
        var local = TimeZoneInfo.ConvertTime(at, zone);
        var (day, grain) = (DateOnly.FromDateTime(local.DateTime), GrainOf(local));
        if (grain > _finest) _finest = grain;
        if (_count++ == 0) _firstDay = day;
        _isOfSeveralDays |= day != _firstDay;
        // What is summed is one amount in whatever unit.
        AddBucket(ordinal, (at.ToUnixTimeMilliseconds(), _isSummed ? 0 : unit), point.Source);
        if (!_isSummed) return;
        var known = _days.GetValueOrDefault(day);
        _days[day] = (grain > known.Finest ? grain : known.Finest, known.Units | 1ul << unit);
    }

    /// <summary>
    /// Of what is measured and not summed: the automation's aggregation, where all points are buckets of it beyond doubt.
    /// Of sums, what a push that names one lacks would be taken for gone.
    /// </summary>
    public string? Aggregation =>
        _isSummed ? null
        : _finest == Grain.Day && _isOfSeveralDays ? "Days"
        : _finest == Grain.Hour && _count >= FewestHours ? "Hours"
        : null;

    /// <summary>The groups that there are: the unit of each, and how to know its points.</summary>
    public IEnumerable<(string Unit, Func<int, PointHead, bool> Holds)> FindAll()
    {
        var groups = new SortedSet<(int Unit, Grain Grain)>();
        for (var unit = 0; unit < _units.Count; unit++)
        {
            if ((_ofNoDay & 1ul << unit) != 0) groups.Add((unit, Grain.Sample));
            foreach (var (finest, units) in _days.Values)
                if ((units & 1ul << unit) != 0) groups.Add((unit, finest));
        }
        return groups.Select(group => (
            _units[group.Unit],
            new Func<int, PointHead, bool>((ordinal, point) => GroupOf(point) == group
                && !_superseded.Contains(ordinal) && (group.Grain != Grain.Day || !_outdated.Contains(ordinal)))));
    }

    /// <summary>
    /// A list of devices grows, as one after the other joins: under each the point is a document, of which the one of
    /// most devices is the last that was sent. Of a day's sums under unrelated lists the later document holds, as of two
    /// pushes the later would: a day has one sum.
    /// </summary>
    void AddBucket(int ordinal, (long At, int Unit) key, string source)
    {
        if (_sources.TryGetValue(source, out var known)) source = known;
        else if (_sources.Count < MostBuckets) _sources.Add(source, source);
        if (!_buckets.TryGetValue(key, out var last))
        {
            if (_buckets.Count < MostBuckets) _buckets.Add(key, new(ordinal, source, null));
            return;
        }
        for (var bucket = last; bucket is not null; bucket = bucket.Earlier)
            if (!Covers(source, bucket.Source) && Covers(bucket.Source, source))
            {
                _superseded.Add(ordinal);
                return;
            }
        Bucket? kept = null;
        var count = 0;
        for (var bucket = last; bucket is not null; bucket = bucket.Earlier)
        {
            if (Covers(source, bucket.Source))
            {
                _superseded.Add(bucket.Ordinal);
                continue;
            }
            _outdated.Add(bucket.Ordinal);
            if (++count < MostSources) kept = new(bucket.Ordinal, bucket.Source, kept);
        }
        _buckets[key] = new(ordinal, source, kept);
    }

    static bool Covers(string source, string other) => Split(other).All(Split(source).Contains);

    static string[] Split(string source) =>
        source.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    (int, Grain) GroupOf(in PointHead point) => (
        _units.IndexOf(point.Unit),
        _isSummed && point.At is { } at
            ? _days[DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime)].Finest
            : Grain.Sample);

    static Grain GrainOf(DateTimeOffset local) =>
        local.TimeOfDay.Ticks % TimeSpan.TicksPerMinute != 0 ? Grain.Sample
        : local.Minute != 0 ? Grain.Minute
        : local.Hour != 0 ? Grain.Hour
        : Grain.Day;
}

/// <summary>What decides into which array a point belongs.</summary>
readonly record struct PointHead(DateTimeOffset? At, string Unit, string Source);
