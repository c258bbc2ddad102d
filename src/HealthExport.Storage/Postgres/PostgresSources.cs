using HealthExport.Samples;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// The numbers of one user's sources, remembered for as long as one transaction lasts. Number 0 is no source. Texts and
/// numbers are asked for together, one statement for all that are not known; whoever adds holds the user's lock. Not
/// for concurrent use.
/// </summary>
sealed class PostgresSources(NpgsqlConnection connection, long userId)
{
    // People have a few dozen: then the first look is the last.
    const int MostLoaded = 1_024;

    // A payload made to have millions must not fill the memory.
    const int MostRemembered = 8_192;

    const int Missing = -1;
    const int Recents = 4;

    readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    readonly Dictionary<int, string> _texts = [];

    // The strings asked for last: a push's rows share their string, and hashing it a million times would be seen.
    readonly string?[] _recentTexts = new string?[Recents];
    readonly int[] _recentIds = new int[Recents];
    int _oldest;

    // What is not remembered is not there.
    bool _isComplete;
    int _lastId;
    bool _isLoaded;

    /// <summary>Adds to a batch what <see cref="ReadLoadAsync"/> reads: two results.</summary>
    public void AddLoad(NpgsqlBatch batch)
    {
        batch.Add(
            """
            select coalesce(max(id), 0)
            from sources
            where user_id = $1
            """).Bind(userId);
        batch.Add(
            $"""
            select id, text
            from sources
            where user_id = $1
            order by id
            limit {MostLoaded + 1}
            """).Bind(userId);
    }

    public async ValueTask ReadLoadAsync(NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        Forget();
        await row.ReadAsync(cancellationToken);
        _lastId = row.GetInt32(0);
        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) Remember(row.GetString(1), row.GetInt32(0));
        _isComplete = _ids.Count <= MostLoaded;
        _isLoaded = true;
    }

    /// <summary>Looks up the sources of rows, to be found by <see cref="Find"/> until the next look.</summary>
    public ValueTask LookUpAsync(ReadOnlySpan<Sample> rows, CancellationToken cancellationToken)
    {
        HashSet<string>? unknown = null;
        string? last = null;
        foreach (ref readonly var row in rows)
        {
            if (row.Source is not { } text || ReferenceEquals(text, last)) continue;
            last = text;
            if (!IsKnown(text)) (unknown ??= new(StringComparer.Ordinal)).Add(text);
        }
        return _isLoaded && unknown is null ? default : LookUpAsync(unknown ?? [], cancellationToken);
    }

    /// <summary>As the other.</summary>
    public ValueTask LookUpAsync(IEnumerable<string?> texts, CancellationToken cancellationToken)
    {
        var unknown = texts.OfType<string>().Where(text => !IsKnown(text)).ToHashSet(StringComparer.Ordinal);
        return _isLoaded && unknown.Count == 0 ? default : LookUpAsync(unknown, cancellationToken);
    }

    /// <returns>Null when the user has no such source; 0 for no source.</returns>
    public int? Find(string? text)
    {
        if (text is null) return 0;
        for (var i = 0; i < Recents; i++)
            if (ReferenceEquals(_recentTexts[i], text)) return _recentIds[i];
        if (!_ids.TryGetValue(text, out var id) || id == Missing) return null;
        _recentTexts[_oldest] = text;
        _recentIds[_oldest] = id;
        _oldest = (_oldest + 1) % Recents;
        return id;
    }

    /// <summary>Of one that was looked up and is there, or was added.</summary>
    public int Get(string? text) => Find(text)
        ?? throw new InvalidOperationException("A source is used before it was looked up.");

    /// <summary>Looks up the sources of rows, and tells whether one is to be added.</summary>
    public async ValueTask<bool> AnyMissingAsync(ReadOnlyMemory<Sample> rows, CancellationToken cancellationToken)
    {
        await LookUpAsync(rows.Span, cancellationToken);
        string? last = null;
        foreach (ref readonly var row in rows.Span)
        {
            if (row.Source is not { } text || ReferenceEquals(text, last)) continue;
            last = text;
            if (Find(text) is null) return true;
        }
        return false;
    }

    /// <summary>Looks up the sources of rows that are to be written, and adds those that are not there.</summary>
    /// <exception cref="Pushes.StoreRefusedException">A text cannot be stored.</exception>
    public async ValueTask AddAsync(ReadOnlyMemory<Sample> rows, CancellationToken cancellationToken)
    {
        await LookUpAsync(rows.Span, cancellationToken);
        List<string>? missing = null;
        string? last = null;
        foreach (ref readonly var row in rows.Span)
        {
            if (row.Source is not { } text || ReferenceEquals(text, last)) continue;
            last = text;
            if (Find(text) is null) (missing ??= []).Add(text);
        }
        if (missing is not null) await InsertAsync(missing, cancellationToken);
    }

    /// <summary>As the other.</summary>
    public async ValueTask AddAsync(IEnumerable<string?> texts, CancellationToken cancellationToken)
    {
        var wanted = texts.OfType<string>().ToList();
        await LookUpAsync(wanted, cancellationToken);
        var missing = wanted.Where(text => Find(text) is null).ToList();
        if (missing.Count > 0) await InsertAsync(missing, cancellationToken);
    }

    /// <summary>Makes texts known by their numbers, for <see cref="GetText"/>.</summary>
    public async ValueTask LookUpAsync(IEnumerable<int> ids, CancellationToken cancellationToken)
    {
        int[] unknown = [.. ids.Where(id => id != 0 && !_texts.ContainsKey(id)).Distinct()];
        if (unknown.Length == 0) return;
        await using var list = new NpgsqlCommand(
            """
            select id, text
            from sources
            where user_id = $1 and id = any($2)
            """,
            connection);
        list.Parameters.Bind(userId).BindNumbers(unknown);
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) Remember(row.GetString(1), row.GetInt32(0));
    }

    public bool IsKnown(int id) => id == 0 || _texts.ContainsKey(id);

    /// <returns>Null for 0.</returns>
    /// <exception cref="KeyNotFoundException">It was not looked up, or there is no such source.</exception>
    public string? GetText(int id) => id == 0 ? null
        : _texts.TryGetValue(id, out var text) ? text
        : throw new KeyNotFoundException("A row names a source that is not there.");

    /// <summary>Keeps what is remembered within bounds; between two pieces of work.</summary>
    public void Trim()
    {
        if (_ids.Count <= MostRemembered) return;
        var (isLoaded, lastId) = (_isLoaded, _lastId);
        Forget();
        (_isLoaded, _lastId) = (isLoaded, lastId);
    }

    /// <summary>Forgets everything; to be called when what was added may have been rolled back.</summary>
    public void Forget()
    {
        _ids.Clear();
        _texts.Clear();
        Array.Clear(_recentTexts);
        _isComplete = _isLoaded = false;
    }

    bool IsKnown(string text) => _isComplete || _ids.ContainsKey(text);

    async ValueTask LookUpAsync(HashSet<string> texts, CancellationToken cancellationToken)
    {
        if (!_isLoaded)
        {
            await using var load = new NpgsqlBatch(connection);
            AddLoad(load);
            await using var loaded = await load.ExecuteReaderAsync(cancellationToken);
            await ReadLoadAsync(loaded, cancellationToken);
        }
        string[] unknown = [.. texts.Where(text => !IsKnown(text) && PostgresText.IsStorable(text))];
        if (unknown.Length == 0) return;
        await using var list = new NpgsqlCommand(
            """
            select s.id, s.text
            from unnest($2) w (text)
            cross join lateral (
                select id, text
                from sources
                where user_id = $1 and md5(text) = md5(w.text) and text = w.text
                offset 0) s
            """,
            connection);
        list.Parameters.Bind(userId).BindTexts(unknown);
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        foreach (var text in unknown) _ids[text] = Missing;
        while (await row.ReadAsync(cancellationToken)) Remember(row.GetString(1), row.GetInt32(0));
    }

    async ValueTask InsertAsync(List<string> missing, CancellationToken cancellationToken)
    {
        string[] texts = [.. missing.Distinct(StringComparer.Ordinal)];
        var first = _lastId + 1;
        await using var insert = new NpgsqlCommand(
            """
            insert into sources (user_id, id, text)
            select $1, $2 + at::int - 1, text
            from unnest($3) with ordinality t (text, at)
            """,
            connection);
        insert.Parameters.Bind(userId).Bind(first).BindTexts(texts);
        await insert.ExecuteNonQueryAsync(cancellationToken);
        foreach (var text in texts) Remember(text, ++_lastId);
    }

    void Remember(string text, int id)
    {
        _ids[text] = id;
        _texts[id] = text;
    }
}
