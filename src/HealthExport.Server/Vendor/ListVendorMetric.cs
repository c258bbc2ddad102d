using System.Text.Json;
using HealthExport.Catalogue;
using HealthExport.People;
using HealthExport.Samples;
using HealthExport.Server.Http;
using HealthExport.Server.Metrics;
using HealthExport.Server.Security;
using HealthExport.Sleep;
using HealthExport.Time;
using HealthExport.Totals;

namespace HealthExport.Server.Vendor;

/// <summary>
/// GET /api/metrics/{name}: a metric as the app vendor's own server answers it, for dashboards made for that one: an
/// array, by time, with the app's names of units. docs/api.md says where it differs.
/// </summary>
static class ListVendorMetric
{
    public static readonly string[] Parameters = ["from", "to", "include", "exclude", "granularity"];

    const int NightsAtOnce = 366;
    const int HeldDigits = 15;

    static readonly string[] s_granularities = ["daily", "hourly"];

    // There, these have no totals, whatever is asked for.
    static readonly string[] s_withoutTotals =
        ["blood_glucose", "heart_rate_variability", "blood_oxygen_saturation", "sleep_analysis"];

    /// <summary>Where an answer gets what it tells from.</summary>
    sealed record Sources(
        ISampleStore Samples, FinestRows Rows, MetricSeries Series, SleepDiary Sleep, IUserStore Users);

    /// <summary>What is asked of a metric.</summary>
    /// <param name="Bucket">Null for the rows themselves.</param>
    sealed record Asked(long UserId, IReadOnlyList<UserMetric> Own, TimeSpanBounds Span, SeriesBucket? Bucket)
    {
        public UserMetric? Find(string name) =>
            Own.FirstOrDefault(metric => metric.Metric.IsKnown && metric.Metric.Name == name)
            ?? Own.FirstOrDefault(metric => metric.Metric.Name == name);
    }

    public static async Task<IResult> HandleAsync(
        string name, HttpContext context, Caller caller, ISampleStore samples, FinestRows finest, MetricSeries series,
        SleepDiary sleep, IUserStore users, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var span = query.VendorSpan("from", "to");
        var (include, exclude) = (query.TextOrEmpty("include"), query.TextOrEmpty("exclude"));
        var granularity = query.Choice("granularity", s_granularities);
        if (query.Problem is { } problem) return problem;

        var metric = MetricCatalogue.Find(name);
        var canonical = metric?.Name ?? MetricCatalogue.Normalise(name);
        var asked = new Asked(
            caller.UserId, await samples.ListMetricsAsync(caller.UserId, cancellationToken), span,
            s_withoutTotals.Contains(canonical) ? null : granularity switch
            {
                "daily" => SeriesBucket.Day,
                "hourly" => SeriesBucket.Hour,
                _ => null,
            });
        var sources = new Sources(samples, finest, series, sleep, users);
        using var rows = JsonRows.ForArray(context.Response);
        var fields = new VendorFields(rows, NullIfEmpty(include), NullIfEmpty(exclude));
        await (metric?.Shape switch
        {
            MetricShape.Sleep => WriteNightsAsync(fields, asked, sources, cancellationToken),
            MetricShape.BloodPressure => WritePressureAsync(fields, asked, sources, cancellationToken),
            _ => WritePlainAsync(fields, asked, sources, asked.Find(canonical), cancellationToken),
        });
        await rows.EndAsync(null, cancellationToken);
        return TypedResults.Empty;

        static string? NullIfEmpty(string? text) => text is "" ? null : text;
    }

    /// <param name="metric">Null where the person has none of it.</param>
    static Task WritePlainAsync(
        VendorFields fields, Asked asked, Sources sources, UserMetric? metric, CancellationToken cancellationToken) =>
        metric is null ? Task.CompletedTask
        : asked.Bucket is { } bucket
            ? WriteTotalsAsync(fields, asked, sources, metric, bucket, cancellationToken)
            : WriteRowsAsync(fields, asked, sources, metric, cancellationToken);

    static async Task WriteRowsAsync(
        VendorFields fields, Asked asked, Sources sources, UserMetric metric, CancellationToken cancellationToken)
    {
        var unit = new SentUnit(metric.Metric);
        await foreach (var row in sources.Rows.ReadAsync(asked.UserId, metric, asked.Span, cancellationToken))
        {
            unit.Is(row.Row.SentUnit);
            fields.Rows.BeginRow();
            WriteValues(fields, unit, row.Row.Value, row.Row.Min, row.Row.Max);
            fields.Text("units", unit.Name);
            fields.Time("date", row.StartInstant);
            fields.Text("source", row.Row.Source ?? "");
            if (FindMetadata(row.Row.Extra) is { } metadata) fields.Json("metadata", metadata);
            await fields.Rows.EndRowAsync(cancellationToken);
        }
    }

    static async Task WriteTotalsAsync(
        VendorFields fields, Asked asked, Sources sources, UserMetric metric, SeriesBucket bucket,
        CancellationToken cancellationToken)
    {
        // As the newest row came: there, a metric has one unit.
        var newest = await sources.Samples.ListAsync(
            new(asked.UserId, metric.MetricId, default, null, null, Descending: true, null, 1), cancellationToken);
        var unit = new SentUnit(metric.Metric);
        unit.Is(newest.Items.FirstOrDefault().Row.SentUnit);
        var query = new SeriesQuery(metric.Metric.Kind, bucket, asked.Span);
        await foreach (var point in sources.Series.ReadAsync(asked.UserId, metric, query, cancellationToken))
        {
            fields.Rows.BeginRow();
            WriteValues(
                fields, unit,
                metric.Metric.Kind == MetricKind.Cumulative ? point.Figures.Sum : point.Figures.Average,
                point.Figures.Min, point.Figures.Max);
            fields.Text("units", unit.Name);
            fields.Time("date", point.Start);
            await fields.Rows.EndRowAsync(cancellationToken);
        }
    }

    static void WriteValues(VendorFields fields, SentUnit unit, double value, double min, double max)
    {
        if (unit.Metric.Shape != MetricShape.MinAvgMax)
        {
            fields.Number("qty", unit.Of(double.IsNaN(value) ? (min + max) / 2 : value));
            return;
        }
        fields.Number("Min", unit.Of(double.IsNaN(min) ? value : min));
        fields.Number("Avg", unit.Of(double.IsNaN(value) ? (min + max) / 2 : value));
        fields.Number("Max", unit.Of(double.IsNaN(max) ? value : max));
    }

    static async Task WritePressureAsync(
        VendorFields fields, Asked asked, Sources sources, CancellationToken cancellationToken)
    {
        if (asked.Find("blood_pressure_systolic") is not { } systolic
            || asked.Find("blood_pressure_diastolic") is not { } diastolic) return;
        if (asked.Bucket is { } bucket)
        {
            var query = new SeriesQuery(MetricKind.Discrete, bucket, asked.Span);
            var lower = await sources.Series.ReadAsync(asked.UserId, diastolic, query, cancellationToken)
                .ToDictionaryAsync(point => point.Start, cancellationToken: cancellationToken);
            await foreach (var point in sources.Series.ReadAsync(asked.UserId, systolic, query, cancellationToken))
                if (lower.TryGetValue(point.Start, out var other))
                    await WriteAsync(point.Figures.Average, other.Figures.Average, point.Start, null);
            return;
        }
        var readings = ListBloodPressure.Pair(
            await sources.Rows.ReadAsync(asked.UserId, systolic, asked.Span, cancellationToken)
                .ToListAsync(cancellationToken),
            await sources.Rows.ReadAsync(asked.UserId, diastolic, asked.Span, cancellationToken)
                .ToListAsync(cancellationToken));
        foreach (var reading in readings)
            if (double.IsFinite(reading.Systolic + reading.Diastolic))
                await WriteAsync(
                    reading.Systolic, reading.Diastolic, reading.Row.StartInstant, reading.Row.Row.Source ?? "");

        ValueTask WriteAsync(double upper, double lower, Instant at, string? source)
        {
            fields.Rows.BeginRow();
            fields.Number("systolic", upper);
            fields.Number("diastolic", lower);
            fields.Text("units", "mmHg");
            fields.Time("date", at);
            if (source is not null) fields.Text("source", source);
            return fields.Rows.EndRowAsync(cancellationToken);
        }
    }

    static async Task WriteNightsAsync(
        VendorFields fields, Asked asked, Sources sources, CancellationToken cancellationToken)
    {
        var ranks = SourceRanks.InOrder(await sources.Users.ListSourceRanksAsync(asked.UserId, cancellationToken));
        SleepPosition? after = null;
        IReadOnlyList<SleepNight> page;
        do
        {
            page = await sources.Sleep.ListAsync(
                asked.UserId, asked.Span, ranks, after, NightsAtOnce, cancellationToken);
            foreach (var night in page)
            {
                after = SleepPosition.Of(night);
                await WriteAsync(night);
            }
        }
        while (page.Count == NightsAtOnce);

        ValueTask WriteAsync(SleepNight night)
        {
            var inBed = night.Stages.Where(stage => stage.Stage == "in_bed").ToList();
            fields.Rows.BeginRow();
            fields.Time("date", new(Instant.From(night.Date).Microseconds - night.EndOffset * Instant.PerMinute));
            fields.Time("inBedStart", inBed.Count > 0 ? inBed.Min(stage => stage.StartAt) : night.StartAt);
            fields.Time("inBedEnd", inBed.Count > 0 ? inBed.Max(stage => stage.EndAt) : night.EndAt);
            fields.Time("sleepStart", night.StartAt);
            fields.Time("sleepEnd", night.EndAt);
            Hours("core", night.CoreMinutes);
            Hours("rem", night.RemMinutes);
            Hours("deep", night.DeepMinutes);
            Hours("awake", night.AwakeMinutes);
            Hours("inBed", night.InBedMinutes);
            // What dashboards ask for, though that server does not keep it: asleep without a stage.
            Hours("asleep", night.AsleepMinutes
                - (night.CoreMinutes ?? 0) - (night.DeepMinutes ?? 0) - (night.RemMinutes ?? 0));
            Hours("totalSleep", night.AsleepMinutes);
            fields.Text("units", "hr");
            fields.Text("source", night.Source ?? "");
            return fields.Rows.EndRowAsync(cancellationToken);
        }

        void Hours(string name, double? minutes) => fields.Number(name, (minutes ?? 0) / 60);
    }

    /// <returns>JSON text; null if the row has none.</returns>
    static string? FindMetadata(string? extra)
    {
        if (extra is null) return null;
        using var document = JsonDocument.Parse(extra);
        return document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("metadata", out var metadata)
            ? metadata.GetRawText()
            : null;
    }

    /// <summary>Takes values back to the unit that they were sent in, as the app spells it.</summary>
    sealed class SentUnit(Metric metric)
    {
        string? _sent;
        UnitConversion _conversion = UnitConversion.Identity;

        public Metric Metric => metric;
        public string Name { get; private set; } = SpellingOf(metric.Unit);

        /// <param name="sent">Null for the canonical one.</param>
        public void Is(string? sent)
        {
            if (sent == _sent) return;
            _sent = sent;
            Name = sent ?? SpellingOf(metric.Unit);
            if (sent is null || !metric.TryGetConversion(sent, out _conversion)) _conversion = UnitConversion.Identity;
        }

        // What a conversion there and back rounds off is not told: a float of 15 digits reads back as it was.
        public double Of(double value) => _conversion.IsIdentity || !double.IsFinite(value)
            ? value
            : double.Parse(
                _conversion.Invert(value).ToString($"G{HeldDigits}", System.Globalization.CultureInfo.InvariantCulture),
                System.Globalization.CultureInfo.InvariantCulture);

        static string SpellingOf(string unit) => unit switch
        {
            ['{', ..] or "kg/m2" => "count",
            "/min" => "count/min",
            "mm[Hg]" => "mmHg",
            "Cel" => "degC",
            "h" => "hr",
            "dB[SPL]" => "dBASPL",
            "mL/kg/min" => "ml/(kg·min)",
            "[iU]" => "IU",
            _ => unit,
        };
    }
}
