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

    readonly Dictionary<(DriftKind Kind, string ItemType, string Name), Tally> _tallies = [];
    long _items;

    /// <summary>How many items bore a name, or one that is counted with it.</summary>
    public sealed class Tally
    {
        long _lastItem;

        public long Items { get; set; }

        /// <summary>Counts an item, once however many of its fields are counted here.</summary>
        /// <param name="item">From <see cref="NextItem"/>.</param>
        public void Add(long item)
        {
            if (item == _lastItem) return;
            _lastItem = item;
            Items++;
        }
    }

    /// <returns>What tells an item, whose fields are about to be counted, from those before it.</returns>
    public long NextItem() => ++_items;

    /// <summary>The tally of a name.</summary>
    /// <param name="itemType">As sent or ours; empty for a section.</param>
    /// <param name="name">As sent. An empty one says nothing and is not counted.</param>
    public Tally? Find(DriftKind kind, string itemType, string name)
    {
        if (name.Length == 0) return null;
        var key = (kind, itemType.Length == 0 ? "" : DriftName.Fold(itemType), DriftName.Fold(name));
        if (_tallies.Count >= MostNames && !_tallies.ContainsKey(key)) key = (kind, "", "");
        ref var tally = ref CollectionsMarshal.GetValueRefOrAddDefault(_tallies, key, out _);
        return tally ??= new();
    }

    /// <summary>Counts items that bore a name, as <see cref="Find"/> takes it.</summary>
    public void Note(DriftKind kind, string itemType, string name, long items = 1)
    {
        if (items > 0 && Find(kind, itemType, name) is { } tally) tally.Items += items;
    }

    public void NoteSection(string name) => Note(DriftKind.Section, "", name);

    /// <summary>Counts a field of an item.</summary>
    /// <param name="item">From <see cref="NextItem"/>.</param>
    public void NoteField(string itemType, string name, long item) => Find(DriftKind.Field, itemType, name)?.Add(item);

    /// <summary>Counts those fields of an item that are not known.</summary>
    public void NoteFields(string itemType, Item item, FrozenSet<string> known) =>
        item.ForEachUntaken(
            (Notes: this, ItemType: itemType, Known: known, Item: NextItem()), static (of, name) =>
            {
                if (!of.Known.Contains(name)) of.Notes.NoteField(of.ItemType, name, of.Item);
            });

    /// <returns>In the order they were met first.</returns>
    public IReadOnlyList<DriftNote> ToList() =>
        [.. _tallies.Select(one => new DriftNote(one.Key.Kind, one.Key.ItemType, one.Key.Name, one.Value.Items))];
}
