namespace HealthExport.Storage.Sqlite;

/// <summary>
/// The numbers of one user's sources, remembered for as long as one transaction or read lasts. Number 0 is no source.
/// Not for concurrent use.
/// </summary>
sealed class SqliteSources(SqliteSession session, long userId)
{
    const long Missing = -1;
    const int Recents = 4;

    // People have a few dozen: then the first look is the last.
    const int MostLoaded = 1_024;

    // A payload made to have millions must not fill the memory.
    const int MostRemembered = 8_192;

    readonly Dictionary<string, long> _ids = new(StringComparer.Ordinal);
    readonly Dictionary<long, string> _texts = [];

    // The strings asked for last: a push's rows share their string, and hashing it a million times would be seen.
    readonly string?[] _recentTexts = new string?[Recents];
    readonly long[] _recentIds = new long[Recents];
    int _oldest;

    // What is not remembered is not there.
    bool _isComplete;
    bool _isLoaded;

    /// <returns>Null when the user has no such source; 0 for no source.</returns>
    public long? Find(string? text)
    {
        if (text is null) return 0;
        for (var i = 0; i < Recents; i++)
            if (ReferenceEquals(_recentTexts[i], text)) return _recentIds[i];
        Load();
        if (!_ids.TryGetValue(text, out var id))
        {
            id = _isComplete ? Missing : FindInTable(text) ?? Missing;
            Remember(text, id);
        }
        if (id == Missing) return null;
        _recentTexts[_oldest] = text;
        _recentIds[_oldest] = id;
        _oldest = (_oldest + 1) % Recents;
        return id;
    }

    /// <summary>Finds a source or adds it, with the next number of this user.</summary>
    public long GetOrAdd(string? text)
    {
        if (Find(text) is { } known) return known;
        using var insert = session.Prepare(
            """
            insert into sources (user_id, id, text)
            values (?1, coalesce((select max(id) from sources where user_id = ?1), 0) + 1, ?2)
            returning id
            """);
        insert.Bind(1, userId).Bind(2, text).Step();
        var id = insert.GetInt64(0);
        // To its end: a returning statement left half way keeps its savepoint open.
        while (insert.Step()) { }
        Remember(text!, id);
        return id;
    }

    /// <returns>Null for 0.</returns>
    /// <exception cref="KeyNotFoundException">There is no such source.</exception>
    public string? GetText(long id)
    {
        if (id == 0) return null;
        Load();
        if (_texts.TryGetValue(id, out var text)) return text;
        using var find = session.Prepare(
            """
            select text
            from sources
            where user_id = ?1 and id = ?2
            """);
        if (!find.Bind(1, userId).Bind(2, id).Step())
            throw new KeyNotFoundException("A row names a source that is not there.");
        text = find.GetString(0);
        Remember(text, id);
        return text;
    }

    /// <summary>Forgets everything; to be called when what was added may have been rolled back.</summary>
    public void Forget()
    {
        _ids.Clear();
        _texts.Clear();
        Array.Clear(_recentTexts);
        _isComplete = _isLoaded = false;
    }

    void Load()
    {
        if (_isLoaded) return;
        _isLoaded = true;
        using var list = session.Prepare(
            $"""
            select id, text
            from sources
            where user_id = ?1
            order by id
            limit {MostLoaded + 1}
            """);
        list.Bind(1, userId);
        while (list.Step()) Remember(list.GetString(1), list.GetInt64(0));
        _isComplete = _ids.Count <= MostLoaded;
    }

    long? FindInTable(string text)
    {
        using var find = session.Prepare(
            """
            select id
            from sources
            where user_id = ?1 and text = ?2
            """);
        return find.Bind(1, userId).Bind(2, text).Step() ? find.GetInt64(0) : null;
    }

    void Remember(string text, long id)
    {
        if (_ids.Count >= MostRemembered) Forget();
        _ids[text] = id;
        if (id != Missing) _texts[id] = text;
    }
}
