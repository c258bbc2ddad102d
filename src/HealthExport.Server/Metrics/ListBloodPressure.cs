using System.Buffers.Binary;
using System.Text;
using HealthExport.Samples;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Server.Metrics;

/// <summary>GET /v1/blood-pressure: readings, each made of the two metrics that it is stored as, oldest first.</summary>
static class ListBloodPressure
{
    const string Systolic = "blood_pressure_systolic";
    const string Diastolic = "blood_pressure_diastolic";
    const int PageSize = 1_000;

    public static readonly string[] Parameters = ["from", "to", "cursor", "limit"];

    static readonly string[] s_columns = ["at", "systolic", "diastolic", "source"];

    /// <summary>Where a reading stands in the list.</summary>
    readonly record struct Place(Instant At, Grain Grain, string Source) : IComparable<Place>
    {
        public static Place Of(in SampleRow row) => new(row.StartInstant, row.Grain, row.Row.Source ?? "");

        public int CompareTo(Place other) =>
            At != other.At ? At.CompareTo(other.At)
            : Grain != other.Grain ? Grain.CompareTo(other.Grain)
            : string.CompareOrdinal(Source, other.Source);
    }

    /// <param name="Row">Of either metric; both start at the same time, at the same offset.</param>
    /// <param name="Systolic">NaN where only the other was sent.</param>
    internal readonly record struct Reading(SampleRow Row, double Systolic, double Diastolic);

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, ISampleStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var span = query.Span();
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;

        var list = FormattableString.Invariant($"blood-pressure {caller.UserId} {span}");
        var after = ReadCursor(list, cursor);
        var own = await store.ListMetricsAsync(caller.UserId, cancellationToken);
        // One more than a page tells whether there is another.
        var shown = new List<Reading>();
        for (var isMore = true; isMore && shown.Count <= limit;)
        {
            // What shares the start with the place is read again and passed over.
            if (after is { } place && !(span.From > place.At)) span = span with { From = place.At };
            var systolic = await ListAsync(Systolic, limit + 1);
            var diastolic = await ListAsync(Diastolic, limit + 1);
            var readings = Pair(systolic, diastolic).Take(limit + 1).ToList();
            isMore = readings.Count > limit;
            if (isMore) after = Place.Of(readings[^1].Row);
            shown.AddRange(await WithoutRepeatedAsync(readings));
        }
        var next = shown.Count > limit ? WriteCursor(list, Place.Of(shown[limit - 1].Row)) : null;

        if (context.Request.PrefersCsv())
        {
            context.LinkNext(next);
            await WriteAsync(new CsvRows(context.Response, s_columns), null);
            return TypedResults.Empty;
        }
        using var rows = new JsonRows(context.Response);
        await WriteAsync(rows, next);
        return TypedResults.Empty;

        // A bucket, of CSV, says again what was sent as samples.
        async ValueTask<List<Reading>> WithoutRepeatedAsync(List<Reading> page)
        {
            var buckets = page.Where(reading => reading.Row.Grain > Grain.Sample).ToList();
            if (buckets.Count == 0 || own.FirstOrDefault(metric => Is(metric, Systolic)) is not { } metric) return page;
            var within = new TimeSpanBounds(
                buckets[0].Row.StartInstant, null, buckets.Max(reading => reading.Row.EndInstant), null);
            var samples = new List<Instant>();
            string? more = null;
            do
            {
                var found = await store.ListAsync(
                    new(caller.UserId, metric.MetricId, within, Grain.Sample, null, Descending: false, more, PageSize),
                    cancellationToken);
                samples.AddRange(found.Items.Select(row => row.StartInstant));
                more = found.NextCursor;
            }
            while (more is not null);
            return page.FindAll(reading => reading.Row.Grain == Grain.Sample || !IsRepeated(reading.Row));

            bool IsRepeated(in SampleRow bucket)
            {
                var first = samples.BinarySearch(bucket.StartInstant);
                if (first < 0) first = ~first;
                return first < samples.Count && samples[first] < bucket.EndInstant;
            }
        }

        async ValueTask<List<SampleRow>> ListAsync(string name, int count)
        {
            var found = new List<SampleRow>();
            if (own.FirstOrDefault(metric => Is(metric, name)) is not { } metric) return found;
            string? more = null;
            do
            {
                var page = await store.ListAsync(
                    new(caller.UserId, metric.MetricId, span, null, null, Descending: false, more, count),
                    cancellationToken);
                found.AddRange(page.Items.Where(row => after is not { } known || Place.Of(row).CompareTo(known) > 0));
                more = page.NextCursor;
            }
            while (more is not null && found.Count < count);
            return found;
        }

        async ValueTask WriteAsync(IRowWriter writer, string? nextCursor)
        {
            foreach (var reading in shown.Take(limit))
            {
                writer.BeginRow();
                writer.Time("at", reading.Row.StartInstant, reading.Row.Row.OffsetMinutes);
                writer.Number("systolic", reading.Systolic);
                writer.Number("diastolic", reading.Diastolic);
                writer.Text("source", reading.Row.Row.Source);
                await writer.EndRowAsync(cancellationToken);
            }
            await writer.EndAsync(nextCursor, cancellationToken);
        }
    }

    static bool Is(UserMetric metric, string name) => metric.Metric.IsKnown && metric.Metric.Name == name;

    /// <param name="systolic">In order.</param>
    /// <param name="diastolic">In order.</param>
    internal static IEnumerable<Reading> Pair(List<SampleRow> systolic, List<SampleRow> diastolic)
    {
        int s = 0, d = 0;
        while (s < systolic.Count || d < diastolic.Count)
        {
            var order = s == systolic.Count ? 1
                : d == diastolic.Count ? -1
                : Place.Of(systolic[s]).CompareTo(Place.Of(diastolic[d]));
            if (order == 0) yield return new(systolic[s], systolic[s++].Row.Value, diastolic[d++].Row.Value);
            else if (order < 0) yield return new(systolic[s], systolic[s++].Row.Value, double.NaN);
            else yield return new(diastolic[d], double.NaN, diastolic[d++].Row.Value);
        }
    }

    const int SourceAt = sizeof(long) + 1;

    static string WriteCursor(string list, Place place)
    {
        var bytes = new byte[SourceAt + Encoding.UTF8.GetByteCount(place.Source)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, place.At.Microseconds);
        bytes[SourceAt - 1] = (byte)place.Grain;
        Encoding.UTF8.GetBytes(place.Source, bytes.AsSpan(SourceAt));
        return OpaqueCursor.Write(list, bytes);
    }

    static Place? ReadCursor(string list, string? cursor)
    {
        if (cursor is null) return null;
        var bytes = OpaqueCursor.Read(list, cursor);
        if (bytes.Length < SourceAt) throw new InvalidCursorException();
        return new(
            new(BinaryPrimitives.ReadInt64BigEndian(bytes)), (Grain)bytes[SourceAt - 1],
            Encoding.UTF8.GetString(bytes.AsSpan(SourceAt)));
    }
}
