using System.Globalization;

namespace HealthExport.Tests.Support;

/// <summary>One metric of a push: its points as JSON, and what each must become.</summary>
sealed class ArrayBuilder(Random random, bool plain, KnownMetric metric, KnownUnit unit, string nameAsSent)
{
    readonly List<object?> _points = [];
    readonly List<SentItem> _items = [];

    public int Count => _items.Count;

    /// <summary>A point of one value.</summary>
    /// <param name="value">In the unit of the array.</param>
    public void AddValue(
        DateTimeOffset at, double value, string? source = null, DateTimeOffset? end = null, string? extra = null)
    {
        var (token, sent) = Number(value);
        AddGood(new JsonText.Fields().With("qty", token), at, end, source, extra, [Row(at, sent)]);
    }

    /// <summary>A heart rate with what is given of minimum, average and maximum.</summary>
    public void AddRange(DateTimeOffset at, double min, double? average, double max, string? source)
    {
        var lower = random.Next(4) == 0;
        var (minToken, sentMin) = Number(min);
        var (maxToken, sentMax) = Number(max);
        var point = new JsonText.Fields().With(lower ? "min" : "Min", minToken).With(lower ? "max" : "Max", maxToken);
        var sentAverage = double.NaN;
        if (average is { } value)
        {
            (var token, sentAverage) = Number(value);
            point.Add((lower ? "avg" : "Avg", token));
        }
        AddGood(point, at, null, source, null, [Row(at, sentAverage) with { Min = sentMin, Max = sentMax }]);
    }

    public void AddBloodPressure(DateTimeOffset at, double systolic, double diastolic, string? source)
    {
        var (systolicToken, sentSystolic) = Number(systolic);
        var (diastolicToken, sentDiastolic) = Number(diastolic);
        AddGood(
            new JsonText.Fields().With("systolic", systolicToken).With("diastolic", diastolicToken),
            at, null, source, null,
            [
                Row(at, sentSystolic) with { Metric = "blood_pressure_systolic" },
                Row(at, sentDiastolic) with { Metric = "blood_pressure_diastolic" },
            ]);
    }

    /// <summary>A point that must be rejected.</summary>
    /// <param name="stamp">The date it bears, when that is readable.</param>
    public void AddBad(object? point, DateTimeOffset? stamp, string code)
    {
        _points.Add(point);
        _items.Add(new(_items.Count, stamp, [], code));
    }

    /// <summary>A number as a phone writes it, and the double that these digits are.</summary>
    public (object Token, double Sent) Number(double value)
    {
        var text = (plain ? 0 : random.Next(6)) switch
        {
            0 or 1 => value.ToString("R", CultureInfo.InvariantCulture),
            2 => value.ToString("G17", CultureInfo.InvariantCulture),
            3 => value.ToString("E16", CultureInfo.InvariantCulture),
            4 => Math.Round(value).ToString("F0", CultureInfo.InvariantCulture),
            _ => value.ToString("F4", CultureInfo.InvariantCulture),
        };
        var sent = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return (!plain && random.Next(12) == 0 ? text : new JsonText.Raw(text), sent);
    }

    /// <summary>A stamp in one of the forms that phones use.</summary>
    public string Date(DateTimeOffset at) =>
        plain ? PhoneDates.Usual(at) : PhoneDates.Forms[random.Next(PhoneDates.Forms.Count)](at);

    public JsonText.Fields ToJson() =>
        new JsonText.Fields().With("name", nameAsSent).With("units", unit.Spelling).With("data", _points);

    public SentArray ToTruth() => new(metric.Name, metric.IsCumulative, _items);

    void AddGood(
        JsonText.Fields point, DateTimeOffset at, DateTimeOffset? end, string? source, string? extra,
        IReadOnlyList<SentRow> rows)
    {
        var date = Date(at);
        point.Add(("date", date));
        if (source is not null) point.Add(("source", source));
        else if (!plain && random.Next(4) == 0) point.Add(("source", random.Next(2) == 0 ? null : ""));
        if (end is { } until)
        {
            point.Add(("start", date));
            point.Add(("end", Date(until)));
        }
        if (extra is not null) point.Add(("metadata", new JsonText.Raw(extra)));
        _points.Add(point);
        _items.Add(new(
            _items.Count, at,
            [
                .. rows.Select(row => row with
                {
                    End = end, Source = NormaliseSource(source),
                    Extra = extra is null ? null : $$"""{"metadata":{{extra}}}""",
                }),
            ],
            Reject: null));
    }

    SentRow Row(DateTimeOffset at, double sent) => new(
        metric.Name, metric.Unit, at, End: null, double.IsNaN(sent) ? sent : unit.ToCanonical(sent), double.NaN,
        double.NaN, unit.IsCanonical ? null : unit.Spelling, Source: null, Extra: null);

    static string? NormaliseSource(string? source)
    {
        var parts = (source ?? "").Split('|').Select(part => part.Trim()).Where(part => part.Length > 0)
            .Distinct().Order(StringComparer.Ordinal).ToArray();
        return parts.Length == 0 ? null : string.Join('|', parts);
    }
}
