using System.Globalization;
using System.Text;

namespace HealthExport.Tests.Support;

/// <summary>
/// Writes JSON as a phone might: properties in random order, compact or as iOS pretty-prints it, strings escaped more
/// or less. A tree is made of <see cref="Fields"/>, lists, strings, null and <see cref="Raw"/> tokens.
/// </summary>
sealed class JsonText(Random random, bool isPretty)
{
    /// <summary>A token written as it is, such as a number with all its digits.</summary>
    public sealed record Raw(string Token);

    /// <summary>The properties of an object.</summary>
    public sealed class Fields : List<(string Name, object? Value)>
    {
        public Fields With(string name, object? value)
        {
            Add((name, value));
            return this;
        }
    }

    readonly StringBuilder _text = new();

    public static byte[] Write(Random random, bool isPretty, object? tree)
    {
        var json = new JsonText(random, isPretty);
        json.Append(tree, 0);
        return Encoding.UTF8.GetBytes(json._text.ToString());
    }

    void Append(object? node, int depth)
    {
        switch (node)
        {
            case null: _text.Append("null"); break;
            case Raw raw: _text.Append(raw.Token); break;
            case string text: AppendString(text); break;
            case Fields fields: AppendObject(fields, depth); break;
            case IEnumerable<object?> items: AppendArray([.. items], depth); break;
            default: throw new ArgumentException($"{node.GetType()} has no place in this tree.");
        }
    }

    void AppendObject(Fields fields, int depth)
    {
        var order = fields.ToArray();
        random.Shuffle(order);
        _text.Append('{');
        for (var i = 0; i < order.Length; i++)
        {
            if (i > 0) _text.Append(',');
            NewLine(depth + 1);
            AppendString(order[i].Name);
            _text.Append(isPretty ? " : " : ":");
            Append(order[i].Value, depth + 1);
        }
        NewLine(depth);
        _text.Append('}');
    }

    void AppendArray(object?[] items, int depth)
    {
        _text.Append('[');
        // iOS spreads an empty array over three lines.
        if (items.Length == 0 && isPretty) _text.Append('\n');
        for (var i = 0; i < items.Length; i++)
        {
            if (i > 0) _text.Append(',');
            NewLine(depth + 1);
            Append(items[i], depth + 1);
        }
        NewLine(depth);
        _text.Append(']');
    }

    void NewLine(int depth)
    {
        if (isPretty) _text.Append('\n').Append(' ', depth * 2);
    }

    void AppendString(string text)
    {
        // Escaping every character is legal, if rare; most texts are written plainly.
        var escapesAll = random.Next(40) == 0;
        _text.Append('"');
        foreach (var c in text)
        {
            if (c is '"' or '\\') _text.Append('\\').Append(c);
            else if (c == '/') _text.Append(isPretty || random.Next(2) == 0 ? "\\/" : "/");
            else if (c == '\t' && !escapesAll) _text.Append("\\t");
            else if (c < ' ' || escapesAll || (c > '\x7e' && random.Next(8) == 0 && !char.IsSurrogate(c)))
                _text.Append("\\u")
                    .Append(((int)c).ToString(random.Next(2) == 0 ? "x4" : "X4", CultureInfo.InvariantCulture));
            else _text.Append(c);
        }
        _text.Append('"');
    }
}
