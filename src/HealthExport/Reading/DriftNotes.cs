using System.Collections.Frozen;
using System.Runtime.InteropServices;
using HealthExport.Drift;

namespace HealthExport.Reading;

/// <summary>
/// Collects what the reader of one payload did not know. A hostile payload may bear millions of names: some hundred are
/// told apart, the others counted together.
/// </summary>
sealed class DriftNotes
{
    public const int MostNames = 300;

    readonly Dictionary<(DriftKind Kind, string ItemType, string Name), long> _items = [];

    /// <summary>Counts items that bore a name.</summary>
    /// <param name="itemType">As sent or ours; empty for a section.</param>
    /// <param name="name">As sent. An empty one says nothing and is not counted.</param>
    public void Note(DriftKind kind, string itemType, string name, long items = 1)
    {
        if (items <= 0 || name.Length == 0) return;
        var key = (kind, itemType.Length == 0 ? "" : DriftName.Fold(itemType), DriftName.Fold(name));
        if (_items.Count >= MostNames && !_items.ContainsKey(key)) key = (kind, "", "");
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_items, key, out _);
        count += items;
    }

    public void NoteSection(string name) => Note(DriftKind.Section, "", name);

    /// <summary>Counts those fields of an item that are not known.</summary>
    public void NoteFields(string itemType, Item item, FrozenSet<string> known) =>
        item.ForEachUntaken((Notes: this, ItemType: itemType, Known: known), static (of, name) =>
        {
            if (!of.Known.Contains(name)) of.Notes.Note(DriftKind.Field, of.ItemType, name);
        });

    /// <returns>In the order they were met first.</returns>
    public IReadOnlyList<DriftNote> ToList() =>
        [.. _items.Select(one => new DriftNote(one.Key.Kind, one.Key.ItemType, one.Key.Name, one.Value))];
}
