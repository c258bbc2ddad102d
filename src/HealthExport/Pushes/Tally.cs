namespace HealthExport.Pushes;

/// <summary>What became of one item, the weakest first.</summary>
enum Outcome : byte
{
    Unchanged,
    Updated,
    Inserted,
    Rejected,
}

/// <summary>Counts a push's items into its receipt. Every item is counted once, here.</summary>
sealed class Tally
{
    const int ListedErrors = 100;

    // A hostile payload could name a million types; their items then count under one name.
    const int MostTypes = 2_000;
    const string OtherTypes = "other";

    readonly Receipt _receipt = new();

    public PartCounts Parts => _receipt.Parts;

    public void Add(string itemType, Outcome outcome, long items = 1)
    {
        var counts = CountsOf(itemType);
        counts.Received += items;
        switch (outcome)
        {
            case Outcome.Inserted: counts.Inserted += items; break;
            case Outcome.Updated: counts.Updated += items; break;
            case Outcome.Unchanged: counts.Unchanged += items; break;
            default: counts.Rejected += items; break;
        }
    }

    /// <summary>Counts rejected items, and lists the first of them.</summary>
    public void Add(IReadOnlyList<Reject> rejects)
    {
        foreach (var reject in rejects)
        {
            Add(reject.ItemType, Outcome.Rejected);
            if (_receipt.Errors.Count == ListedErrors) _receipt.ErrorsTruncated = true;
            else _receipt.Errors.Add(new(
                reject.ItemType, reject.ItemIndex, reject.Code, reject.Error, reject.Hint,
                new(reject.Field, reject.Allowed)));
        }
    }

    public void Add(IReadOnlyList<ReadWarning> warnings)
    {
        foreach (var warning in warnings)
        {
            if (_receipt.Warnings.Count == ListedErrors) _receipt.WarningsTruncated = true;
            else _receipt.Warnings.Add(new(
                warning.ItemType, warning.ItemIndex, warning.Code, warning.Warning, new(warning.Field, null)));
        }
    }

    /// <summary>Counts stored rows that vanished upstream.</summary>
    public void AddRemoved(string itemType, int rows) => CountsOf(itemType).Removed += rows;

    public Receipt ToReceipt(PayloadFormat format, long? truncatedAt)
    {
        _receipt.Format = format;
        _receipt.Truncated = truncatedAt is { } at ? new(at) : null;
        foreach (var (type, counts) in _receipt.ByType)
        {
            _receipt.Counts.Received += counts.Received;
            _receipt.Counts.Inserted += counts.Inserted;
            _receipt.Counts.Updated += counts.Updated;
            _receipt.Counts.Unchanged += counts.Unchanged;
            _receipt.Counts.Rejected += counts.Rejected;
            _receipt.Counts.Removed += counts.Removed;
            var processed = counts.Received - counts.Rejected;
            if (type == ItemTypes.Workouts) _receipt.Processed.Workouts += processed;
            else _receipt.Processed.Metrics += processed;
        }
        return _receipt;
    }

    ItemCounts CountsOf(string itemType)
    {
        if (_receipt.ByType.TryGetValue(itemType, out var counts)) return counts;
        if (_receipt.ByType.Count >= MostTypes && itemType != OtherTypes) return CountsOf(OtherTypes);
        return _receipt.ByType[itemType] = new();
    }
}
