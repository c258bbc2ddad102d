using HealthExport.Pushes;

namespace HealthExport.Texts;

/// <summary>Gives stored texts the codes that the table has for them by now. Safe to break off and to repeat.</summary>
public sealed class TextRemap(ITextStore store)
{
    const int PageRows = 500;

    /// <summary>All of a user's rows.</summary>
    /// <param name="isDryRun">Counts only; changes nothing.</param>
    /// <returns>What was mapped, by kind, then by text.</returns>
    /// <exception cref="StoreUnavailableException">The store is away; what was mapped stays.</exception>
    public async ValueTask<IReadOnlyList<MappedText>> RunAsync(
        long userId, bool isDryRun, CancellationToken cancellationToken)
    {
        var mapped = new SortedDictionary<(string Kind, string Text), MappedText>(
            Comparer<(string Kind, string Text)>.Create(
                (a, b) => string.CompareOrdinal(a.Kind, b.Kind) is not 0 and var order
                    ? order : string.CompareOrdinal(a.Text, b.Text)));
        foreach (var kind in TextKind.All)
            if (kind.Field == TextField.EventValue)
                await FillAsync(userId, kind, isDryRun, Add, cancellationToken);
        TextPlace? after = null;
        IReadOnlyList<UnmappedText> page;
        do
        {
            page = await store.ListAsync(userId, after, PageRows, cancellationToken);
            foreach (var text in page)
            {
                after = TextPlace.Of(text);
                if (FindCode(text) is not { } code) continue;
                var rows = isDryRun ? text.Count
                    : await store.MapAsync(userId, text.Kind, text.Text, code, cancellationToken);
                Add(text.Kind, text.Text, code, rows);
            }
        }
        while (page.Count == PageRows);
        return [.. mapped.Values];

        void Add(TextKind kind, string text, string code, long rows)
        {
            if (rows == 0) return;
            var before = mapped.TryGetValue((kind.Name, text), out var found) ? found.Rows : 0;
            mapped[(kind.Name, text)] = new(kind, text, code, before + rows);
        }
    }

    /// <summary>Gives events of before there was a column for it the value that their payload says.</summary>
    async ValueTask FillAsync(
        long userId, TextKind kind, bool isDryRun, Action<TextKind, string, string, long> add,
        CancellationToken cancellationToken)
    {
        var after = "";
        IReadOnlyList<EventWithoutValue> page;
        do
        {
            page = await store.ListWithoutValueAsync(userId, kind.EventKind!, after, PageRows, cancellationToken);
            if (page.Count > 0) after = page[^1].Identity;
            List<(EventWithoutValue Event, EventValue Value)> values = [];
            foreach (var one in page)
                if (EventValue.Of(one.Kind, one.Payload) is { } value) values.Add((one, value));
            if (values.Count == 0) continue;
            if (!isDryRun && await store.SetValuesAsync(userId, values, cancellationToken) == 0) continue;
            foreach (var texts in values.GroupBy(one => one.Value))
                if (texts.Key.Code is { } code) add(kind, texts.Key.Text, code, texts.Count());
        }
        while (page.Count == PageRows);
    }

    // What is shown of a longer one may mean something that the whole does not.
    static string? FindCode(UnmappedText text) =>
        text.Text.Length < TextKind.MostShown ? text.Kind.Codes.Find(text.Text) : null;
}

/// <summary>A text that has a code by now.</summary>
/// <param name="Rows">How many rows were given it.</param>
public sealed record MappedText(TextKind Kind, string Text, string Code, long Rows);
