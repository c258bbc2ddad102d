using System.Text;
using System.Text.Json;
using HealthExport.Catalogue;
using HealthExport.Events;
using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>Reads electrocardiograms: their class, and their voltages as an evenly spaced array.</summary>
sealed class EcgReader(ReadContext context)
{
    const string VoltagesField = "voltageMeasurements";
    const double AppleEpochSeconds = 978_307_200;

    readonly Item _point = new(context);

    public HealthEvent Read(Item item)
    {
        var (start, end) = EventReader.GetSpan(item);
        var source = item.FindSource("source");
        var text = item.FindText("classification");
        var frequency = item.FindNumber("samplingFrequency");
        return EventReader.Make("ecg", EventReader.Identity(EventReader.Micros(start), source), start, end) with
        {
            Code = TextCodes.Electrocardiograms.Find(text),
            Text = text,
            Value = item.FindNumber("averageHeartRate"),
            Source = source,
            Voltages = start is { } from && item.IsArray(VoltagesField)
                ? ReadVoltages(
                    item.Find(VoltagesField)!.Value, frequency, from.At, end?.At ?? from.At + TimeSpan.FromSeconds(30))
                : null,
        };
    }

    /// <summary>The item as sent, but for what <see cref="EcgVoltages"/> holds.</summary>
    public static byte[] PayloadWithoutVoltages(Item item) => Encoding.UTF8.GetBytes(item.Without(VoltagesField));

    /// <returns>Null if there are none, or if nothing says how far apart they are: they stay in the payload.</returns>
    EcgVoltages? ReadVoltages(JsonElement array, double? frequency, Instant start, Instant end)
    {
        var count = array.GetArrayLength();
        if (count == 0) return null;
        var microvolts = new double[count];
        Instant? first = null, last = null;
        var i = 0;
        foreach (var element in array.EnumerateArray())
        {
            microvolts[i] = double.NaN; // a gap, so that those after it keep their time
            if (element.ValueKind == JsonValueKind.Object)
            {
                var point = _point.Reuse(element);
                microvolts[i] = VoltageOf(point);
                if ((i == 0 || i == count - 1) && point.Find("date") is { } date)
                {
                    if (i == 0) first = TimeOf(date, start, end);
                    if (i == count - 1) last = TimeOf(date, start, end);
                }
            }
            i++;
        }
        if (frequency is not > 0 && first is { } from && last > from)
            frequency = (count - 1) / (last.Value - from).TotalSeconds;
        return frequency is > 0 ? new(frequency.Value, first ?? start, microvolts) : null;
    }

    static double VoltageOf(Item point)
    {
        if (point.FindNumber("voltage") is not { } voltage) return double.NaN;
        var unit = point.FindText("units");
        return unit is null or "mcV" || !Units.TryGetConversion(unit, "uV", out var conversion) ? voltage
            : conversion.Apply(voltage);
    }

    /// <summary>
    /// A voltage's time. Some phones count from 2001 instead of 1970, and some write numbers of neither epoch: what is
    /// not within an hour of the recording is none.
    /// </summary>
    Instant? TimeOf(JsonElement date, Instant start, Instant end)
    {
        if (Item.TimeOf(date, context.Stamps) is not { } at) return null;
        if (IsNear(at)) return at;
        at += TimeSpan.FromSeconds(AppleEpochSeconds);
        return date.ValueKind == JsonValueKind.Number && IsNear(at) ? at : null;

        bool IsNear(Instant time) => time >= start + TimeSpan.FromHours(-1) && time <= end + TimeSpan.FromHours(1);
    }
}
