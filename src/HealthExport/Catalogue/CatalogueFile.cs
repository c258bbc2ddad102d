using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace HealthExport.Catalogue;

/// <summary>
/// The catalogue's embedded tables. Plain on purpose, because they are read at every start: a heading line, fields
/// parted by commas, lists within a field by bars, texts of one meaning by semicolons, and no quoting, so that no field
/// can hold a comma.
/// </summary>
static class CatalogueFile
{
    /// <summary>The lines after the heading, each as its fields.</summary>
    /// <exception cref="InvalidDataException">A line has more or fewer fields than the heading.</exception>
    public static string[][] ReadRows(string name)
    {
        // Loops rather than LINQ and a StreamReader: compiling is most of the time this takes.
        var lines = ReadText(name).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var columns = lines[0].Split(',').Length;
        var rows = new string[lines.Length - 1][];
        for (var i = 0; i < rows.Length; i++)
        {
            var fields = lines[i + 1].TrimEnd('\r').Split(',');
            if (fields.Length != columns)
                throw new InvalidDataException($"In {name}, '{fields[0]}' has {fields.Length} fields, not {columns}.");
            rows[i] = fields;
        }
        return rows;
    }

    /// <summary>The first bits of the table's SHA-256.</summary>
    public static long NumberOf(string name) => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(ReadBytes(name)));

    static string ReadText(string name) => Encoding.UTF8.GetString(ReadBytes(name));

    static byte[] ReadBytes(string name)
    {
        using var stream = typeof(CatalogueFile).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidDataException($"The catalogue table {name} is not embedded.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>A field's list; empty for an empty field.</summary>
    public static string[] List(string field) => field.Length == 0 ? [] : field.Split('|');

    /// <summary>A field's texts of one meaning; empty for an empty field.</summary>
    public static string[] Alternatives(string field) => field.Length == 0 ? [] : field.Split(';');

    /// <summary>Takes <c>name = conversion</c> apart; without one it is the identity.</summary>
    public static (string Name, UnitConversion Conversion) ReadConversion(string item)
    {
        var equals = item.IndexOf(" = ", StringComparison.Ordinal);
        return equals < 0
            ? (item, UnitConversion.Identity)
            : (item[..equals], UnitConversion.Parse(item.AsSpan(equals + " = ".Length)));
    }
}
