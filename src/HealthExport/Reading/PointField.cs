namespace HealthExport.Reading;

/// <summary>The fields of a metric's point that have a meaning of their own.</summary>
static class PointField
{
    public enum Kind { None, Value, Min, Max, Date, Start, End, Source, Units, Systolic, Diastolic }

    /// <summary>
    /// Finds a field by its name, unescaped. The case of <c>qty</c>, <c>Min</c>, <c>Avg</c>, <c>Max</c> is free.
    /// </summary>
    public static Kind Find(ReadOnlySpan<byte> name)
    {
        switch (name.Length)
        {
            case 3:
                // Setting bit 5 makes letters lower case; no other character becomes a letter by it but control ones,
                // which a JSON string cannot hold unescaped, and '@', '[' … '_', which give none of these letters.
                return (name[0] | 0x20, name[1] | 0x20, name[2] | 0x20) switch
                {
                    ('m', 'i', 'n') => Kind.Min,
                    ('m', 'a', 'x') => Kind.Max,
                    ('a', 'v', 'g') => Kind.Value,
                    ('q', 't', 'y') => Kind.Value,
                    ('e', 'n', 'd') => Kind.End,
                    _ => Kind.None,
                };
            case 4: return name.SequenceEqual("date"u8) ? Kind.Date : Kind.None;
            case 5:
                return name.SequenceEqual("units"u8) ? Kind.Units
                    : name.SequenceEqual("start"u8) ? Kind.Start
                    : Kind.None;
            case 6: return name.SequenceEqual("source"u8) ? Kind.Source : Kind.None;
            case 7: return name.SequenceEqual("endDate"u8) ? Kind.End : Kind.None;
            case 8: return name.SequenceEqual("systolic"u8) ? Kind.Systolic : Kind.None;
            case 9:
                return name.SequenceEqual("diastolic"u8) ? Kind.Diastolic
                    : name.SequenceEqual("startDate"u8) ? Kind.Start
                    : Kind.None;
            default: return Kind.None;
        }
    }
}
