namespace HealthExport.Moving;

/// <summary>How a value travels between stores, whatever either keeps it as.</summary>
public enum MovedType : byte
{
    /// <summary>64 bits: numbers, flags (0 and 1), instants (microseconds since 1970, UTC).</summary>
    Integer = 1,

    /// <summary>A float64. Neither NaN, which is null, nor −0.0, which is 0.0.</summary>
    Real,

    /// <summary>UTF-8.</summary>
    Text,

    /// <summary>
    /// Bytes as they are: a UUID in the order of its text form; an array of float64 or of instants little-endian; a
    /// route in the compact form that the embedded store keeps.
    /// </summary>
    Bytes,
}

/// <param name="Name">The same in every engine.</param>
public sealed record MovedColumn(string Name, MovedType Type);

/// <summary>A table as two stores have it in common.</summary>
/// <param name="Columns">Those of the key first, in its order, then the others by name.</param>
/// <param name="KeyLength">How many columns are the key. Integers count by value, texts and bytes byte by byte.</param>
public sealed record MovedTable(string Name, IReadOnlyList<MovedColumn> Columns, int KeyLength)
{
    /// <param name="key">Names, in the key's order.</param>
    public static MovedTable Create(string name, IEnumerable<MovedColumn> columns, IReadOnlyList<string> key)
    {
        var byName = columns.ToDictionary(column => column.Name, StringComparer.Ordinal);
        return new(
            name,
            [
                .. key.Select(column => byName[column]),
                .. byName.Values.Where(column => !key.Contains(column.Name))
                    .OrderBy(column => column.Name, StringComparer.Ordinal),
            ],
            key.Count);
    }

    public IEnumerable<string> Key => Columns.Take(KeyLength).Select(column => column.Name);

    /// <summary>Where a column stands in a row.</summary>
    /// <exception cref="InvalidOperationException">There is no such column.</exception>
    public int IndexOf(string column)
    {
        for (var i = 0; i < Columns.Count; i++)
            if (Columns[i].Name == column) return i;
        throw new InvalidOperationException($"The table {Name} has no column {column}.");
    }

    /// <summary>The same table in another store. One engine's key may hold what another's does not need (the time that
    /// a table is partitioned by): the shorter one counts.</summary>
    /// <exception cref="InvalidOperationException">They differ otherwise: the builds do not fit.</exception>
    public MovedTable AgreeWith(MovedTable other)
    {
        if (!Columns.ToHashSet().SetEquals(other.Columns) || Name != other.Name)
            throw new InvalidOperationException($"The two stores differ in the columns of {Name}.");
        var (shorter, longer) = KeyLength <= other.KeyLength ? (this, other) : (other, this);
        if (shorter.Key.Except(longer.Key).Any())
            throw new InvalidOperationException($"The two stores differ in the key of {Name}.");
        return shorter;
    }
}
