using System.Globalization;
using System.Text.Json.Nodes;
using HealthExport.Pushes;
using HealthExport.Server.CommandLine;

namespace HealthExport.Server.Importing;

/// <param name="Ingestion">What became of its push; null if there was none.</param>
/// <param name="IsKnown">It was in the store before, as this ingestion.</param>
/// <param name="Error">Why it was not taken, as the end of a sentence; null if it was.</param>
sealed record ImportOutcome(string File, Ingestion? Ingestion, bool IsKnown, string? Error)
{
    public bool IsBad => Error is not null;

    public long Items => IsKnown ? 0 : Ingestion?.Receipt?.Counts.Received ?? 0;

    public string Describe() => Error
        ?? (IsKnown ? $"known before, as {Ingestion!.Id}" : IngestionText.Describe(Ingestion!));
}

/// <summary>What an import has done, as it goes on. Of a file only a line is held, whatever it brought.</summary>
/// <param name="hasZone">Whether times without an offset could be read.</param>
sealed class ImportSummary(bool hasZone)
{
    const int ShownFiles = 20;

    readonly List<(string Name, JsonObject Facts)> _files = [];
    readonly List<(string Name, string Why)> _failed = [];
    readonly List<(string Name, string Why)> _notTaken = [];
    readonly SortedDictionary<string, long> _rejects = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, long> _warnings = new(StringComparer.Ordinal);
    readonly ItemCounts _counts = new();
    bool _isMore;    // of rejects and warnings than receipts list
    int _taken;
    int _known;
    int _left;

    public bool IsWhole => _failed.Count == 0 && _left == 0;

    public void PassOver(string name, string why) => _notTaken.Add((name, why));

    /// <summary>A file that there was no use in trying.</summary>
    public void Leave() => _left++;

    public void Add(ImportOutcome outcome)
    {
        var facts = outcome.Ingestion is { } ingestion ? IngestionText.ToJson(ingestion) : [];
        facts.Insert(0, "file", outcome.File);
        facts["known_before"] = outcome.IsKnown;
        if (outcome.Error is not null)
        {
            facts["error"] = outcome.Error;
            _failed.Add((outcome.File, outcome.Error));
        }
        else if (outcome.IsKnown) _known++;
        else _taken++;
        _files.Add((outcome.File, facts));
        // What was counted when it came would be counted twice.
        if (!outcome.IsKnown && outcome.Ingestion is { Receipt: { } receipt, Status: not IngestionStatus.Duplicate })
            Add(receipt);
    }

    void Add(Receipt receipt)
    {
        _counts.Received += receipt.Counts.Received;
        _counts.Inserted += receipt.Counts.Inserted;
        _counts.Updated += receipt.Counts.Updated;
        _counts.Unchanged += receipt.Counts.Unchanged;
        _counts.Rejected += receipt.Counts.Rejected;
        foreach (var error in receipt.Errors) Count(_rejects, error.Code);
        foreach (var warning in receipt.Warnings) Count(_warnings, warning.Code);
        _isMore |= receipt.ErrorsTruncated || receipt.WarningsTruncated;
    }

    static void Count(SortedDictionary<string, long> codes, string code) =>
        codes[code] = codes.GetValueOrDefault(code) + 1;

    public JsonObject ToJson(TimeSpan took) => new()
    {
        ["imported"] = _taken,
        ["known_before"] = _known,
        ["failed"] = _failed.Count,
        ["left"] = _left,
        ["counts"] = IngestionText.ToJson(_counts),
        ["rejects"] = ToJson(_rejects),
        ["warnings"] = ToJson(_warnings),
        ["listed_in_full"] = !_isMore,
        ["seconds"] = Math.Round(took.TotalSeconds, 3),
        ["files"] = Answer.ToArray(_files, file => file.Facts),
        ["not_taken"] = Answer.ToArray(
            _notTaken, file => new JsonObject { ["file"] = file.Name, ["why"] = file.Why }),
    };

    public void Write(TextWriter writer, TimeSpan took)
    {
        var all = _taken + _known + _failed.Count + _left;
        writer.WriteLine(
            $"Imported {_taken} of {all}"
            + (_known > 0 ? $", {_known} known before" : "")
            + (_failed.Count > 0 ? $", {_failed.Count} failed" : "")
            + (_left > 0 ? $", {_left} left" : "")
            + $": {_counts.Received} items received, {_counts.Inserted} inserted, {_counts.Updated} updated, "
            + $"{_counts.Unchanged} unchanged, {_counts.Rejected} rejected.");
        if (_rejects.Count > 0)
            writer.WriteLine(
                $"Rejected: {Describe(_rejects)}. Each with its reason: GET /v1/ingestions/{{id}}/rejects");
        if (!hasZone && _rejects.ContainsKey(RejectCodes.UnreadableDate))
            writer.WriteLine(
                "Times without an offset need a time zone: import the same again with --time-zone, as Europe/Berlin.");
        if (_warnings.Count > 0) writer.WriteLine($"Warnings: {Describe(_warnings)}.");
        WriteList(writer, "Failed:", _failed);
        WriteList(writer, "Not taken:", _notTaken);
        if (_left > 0)
            writer.WriteLine("Import the same again to go on: what was taken is not taken twice.");
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Took {took.TotalSeconds:0.0} s."));
    }

    string Describe(SortedDictionary<string, long> codes) =>
        (_isMore ? "at least " : "") + string.Join(", ", codes.Select(code => $"{code.Value} {code.Key}"));

    static void WriteList(TextWriter writer, string heading, List<(string Name, string Why)> files)
    {
        if (files.Count == 0) return;
        writer.WriteLine(heading);
        foreach (var (name, why) in files.Take(ShownFiles)) writer.WriteLine($"  {name} {why}");
        if (files.Count > ShownFiles) writer.WriteLine($"  and {files.Count - ShownFiles} more; --json lists them all");
    }

    static JsonObject ToJson(SortedDictionary<string, long> codes) =>
        new(codes.Select(code => KeyValuePair.Create(code.Key, (JsonNode?)code.Value)));
}
