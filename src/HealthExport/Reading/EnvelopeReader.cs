using System.Text.Json;
using HealthExport.Pushes;

namespace HealthExport.Reading;

/// <summary>Finds the sections of a payload and has each read.</summary>
sealed class EnvelopeReader(JsonCursor cursor, ReadContext context)
{
    readonly MetricReader _metrics = new(cursor, context);
    readonly WorkoutReader _workouts = new(context);
    readonly EventReader _events = new(context);
    // Far more than any payload has; a hostile one could have millions, and each would have to be remembered.
    public const int MostKeys = 1_000;

    RepeatedKeys? _winners;

    public static bool IsData(string key) => key.Equals("data", StringComparison.OrdinalIgnoreCase);

    public IEnumerable<ReadBatch> ReadAll()
    {
        if (context.IsThorough)
        {
            _winners = RepeatedKeys.Scan(cursor);
            foreach (var key in _winners.Repeated) context.WarnRepeated(SectionName.Find(key) ?? key, key);
        }
        if (!cursor.Read()) yield break;
        var sections = cursor.Token switch
        {
            JsonTokenType.StartArray => _metrics.ReadAll(),
            JsonTokenType.StartObject => ReadSections(isRoot: true),
            _ => [],
        };
        foreach (var batch in sections) yield return batch;
        cursor.Read(); // finds what should not follow
    }

    /// <summary>Reads the sections of the object whose first token was read last.</summary>
    IEnumerable<ReadBatch> ReadSections(bool isRoot)
    {
        var itemsByKey = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var keys = 0; cursor.Read() && cursor.Token == JsonTokenType.PropertyName;)
        {
            if (++keys > MostKeys)
            {
                cursor.CutHere();
                yield break;
            }
            var key = cursor.Text;
            var before = cursor.Mark();
            if (!cursor.Read()) yield break;
            if (_winners is not null && !_winners.Counts(isRoot, key, before.Offset))
            {
                if (!cursor.Skip()) yield break;
                continue;
            }
            if (itemsByKey.GetValueOrDefault(key) > 0) throw new RepeatedKeyException();
            var items = context.Batches.Items;
            if (isRoot && IsData(key))
            {
                var sections = cursor.Token switch
                {
                    JsonTokenType.StartObject => ReadSections(isRoot: false),
                    JsonTokenType.StartArray => _metrics.ReadAll(),
                    _ => [],
                };
                if (cursor.Token is not (JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.Null))
                    WarnUnread(key);
                foreach (var batch in sections) yield return batch;
            }
            else foreach (var batch in ReadSection(key, before, isRoot)) yield return batch;
            itemsByKey[key] = context.Batches.Items - items;
        }
    }

    IEnumerable<ReadBatch> ReadSection(string key, JsonMark before, bool isRoot)
    {
        var name = SectionName.Find(key);
        if (cursor.Token == JsonTokenType.StartArray)
        {
            var batches = name == SectionName.Metrics ? _metrics.ReadAll() : ReadElements(name, key);
            foreach (var batch in batches) yield return batch;
            yield break;
        }

        if (cursor.Token == JsonTokenType.Null) yield break;
        // Beside `data` stand the fields of whatever wrapped the payload; in it, what a newer app may send.
        if (name is null && isRoot)
        {
            WarnUnread(key);
            cursor.Skip();
            yield break;
        }
        cursor.Seek(before);
        if (cursor.ReadElement(out var value) == JsonTokenType.None) yield break;
        if (name is null) _events.ReadUnknown(key, value, 0);
        else context.RejectUnreadable(name, 0, value.Span, "an array");
        if (context.Batches.IsFull) yield return context.Batches.Take();
    }

    void WarnUnread(string key)
    {
        context.Drift.NoteSection(key);
        context.Batches.Warn(
            key, -1, WarningCodes.UnknownSection,
            "This part of the payload is none that is known: it is kept with the payload, but nothing of it was read.");
    }

    /// <summary>Reads a section's elements one by one.</summary>
    /// <param name="name">The section's own name; null for an unknown one.</param>
    /// <param name="key">Its key as sent.</param>
    IEnumerable<ReadBatch> ReadElements(string? name, string key)
    {
        for (var index = 0; cursor.TryReadElement(out var element); index++)
        {
            if (name is null) _events.ReadUnknown(key, element, index);
            else if (cursor.Token != JsonTokenType.StartObject)
                context.RejectUnreadable(name, index, element.Span, "an object");
            else if (name == SectionName.Workouts) _workouts.Read(element, index);
            else _events.Read(name, element, index);
            if (context.Batches.IsFull) yield return context.Batches.Take();
        }
    }
}
