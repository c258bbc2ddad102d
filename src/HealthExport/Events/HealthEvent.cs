using HealthExport.Time;

namespace HealthExport.Events;

/// <summary>
/// One element of a section that is neither a metric nor a workout, keyed by kind and identity. Kinds: state_of_mind,
/// medication, symptom, cycle, ecg, heart_rate_notification, and <c>unknown:&lt;section&gt;</c>.
/// </summary>
public sealed record HealthEvent
{
    public required string Kind { get; init; }

    /// <summary>What makes it the same event when it is sent again; made by the reader, stable for ever.</summary>
    public required string Identity { get; init; }

    /// <summary>May change on a re-send; <see cref="Instant.None"/> only for unknown sections.</summary>
    public Instant StartAt { get; init; } = Instant.None;

    public Instant EndAt { get; init; } = Instant.None;
    public short OffsetMinutes { get; init; }

    /// <summary>Canonical code, snake_case; null while the text has no mapping.</summary>
    public string? Code { get; init; }

    /// <summary>The text the code was mapped from, as sent.</summary>
    public string? Text { get; init; }

    /// <summary>The one number people look at: valence, dosage, average heart rate, threshold.</summary>
    public double? Value { get; init; }

    /// <summary>Canonical code of what the event says in words besides: how severe a symptom is, what an entry of the
    /// cycle says; null while the text has no mapping.</summary>
    public string? ValueCode { get; init; }

    /// <summary>The same as sent; null for kinds that have none.</summary>
    public string? ValueText { get; init; }

    public string? Source { get; init; }

    /// <summary>The element as sent, UTF-8 JSON; an ECG's without its voltages, which are below.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    public EcgVoltages? Voltages { get; init; }

    /// <summary>The name that receipts count the item under: the section's, as in <c>stateOfMind</c>.</summary>
    public required string ItemType { get; init; }

    /// <summary>It came as CSV, which is silent of some things; no part of the row.</summary>
    public bool IsOfCsv { get; init; }

    /// <summary>Index of the item within its own array; no part of the row.</summary>
    public int ItemIndex { get; init; }
}

/// <summary>The voltages of one ECG, evenly spaced.</summary>
/// <param name="FrequencyHz">Samples a second.</param>
/// <param name="StartAt">When the first was taken.</param>
/// <param name="Microvolts">As sent, in µV.</param>
public sealed record EcgVoltages(double FrequencyHz, Instant StartAt, double[] Microvolts);
