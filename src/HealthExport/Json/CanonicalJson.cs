using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace HealthExport.Json;

/// <summary>
/// JSON by what it says: without white space, properties by their names, of a repeated one the last. Phones write the
/// properties of an object in random order, so that bytes cannot tell whether anything is new. Values stay as spelt.
/// </summary>
static class CanonicalJson
{
    /// <returns>Whether both say the same; of what is no JSON, whether it is equal byte by byte.</returns>
    public static bool Same(ReadOnlyMemory<byte> a, ReadOnlyMemory<byte> b) =>
        a.Span.SequenceEqual(b.Span) || Of(a).AsSpan().SequenceEqual(Of(b));

    /// <inheritdoc cref="Same(ReadOnlyMemory{byte}, ReadOnlyMemory{byte})"/>
    public static bool Same(string? a, string? b) =>
        a == b || (a is not null && b is not null && Same(Encoding.UTF8.GetBytes(a), Encoding.UTF8.GetBytes(b)));

    /// <summary>
    /// Two objects in one: what the second says, and of the first what the second is silent of, each as it is spelt.
    /// </summary>
    /// <returns>
    /// <paramref name="first"/> itself where the second says nothing new; the second where one is no object.
    /// </returns>
    public static string Unite(string first, string second)
    {
        if (Same(first, second)) return first;
        var before = Encoding.UTF8.GetBytes(first);
        var united = Unite(before, Encoding.UTF8.GetBytes(second), keeps: null);
        return united.Equals(before) ? first : Encoding.UTF8.GetString(united.Span);
    }

    /// <summary>As above, but for which properties of the first are kept.</summary>
    /// <param name="keeps">Whether the first's property of a name is kept, in place of the second's if this has one
    /// too; null for those that the second is silent of.</param>
    public static ReadOnlyMemory<byte> Unite(
        ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second, Func<string, bool>? keeps)
    {
        try
        {
            using var before = JsonDocument.Parse(first);
            using var after = JsonDocument.Parse(second);
            if ((before.RootElement.ValueKind, after.RootElement.ValueKind)
                is not (JsonValueKind.Object, JsonValueKind.Object)) return second;
            keeps ??= name => !after.RootElement.TryGetProperty(name, out _);
            var kept = before.RootElement.EnumerateObject().Where(property => keeps(property.Name)).ToList();
            var names = kept.Select(property => property.Name).ToHashSet(StringComparer.Ordinal);
            JsonProperty[] properties =
                [.. kept, .. after.RootElement.EnumerateObject().Where(property => !names.Contains(property.Name))];
            var united = new ArrayBufferWriter<byte>(first.Length + second.Length);
            for (var i = 0; i < properties.Length; i++)
            {
                united.Write(i == 0 ? "{\""u8 : ",\""u8);
                united.Write(JsonMarshal.GetRawUtf8PropertyName(properties[i]));
                united.Write("\":"u8);
                united.Write(JsonMarshal.GetRawUtf8Value(properties[i].Value));
            }
            united.Write(properties.Length == 0 ? "{}"u8 : "}"u8);
            return Same(first, united.WrittenMemory) ? first : united.WrittenMemory.ToArray();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Half a character in a name, for one.
            return second;
        }
    }

    /// <returns>The canonical form; the bytes themselves if they are no JSON.</returns>
    public static byte[] Of(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var canonical = new ArrayBufferWriter<byte>(json.Length);
            Write(document.RootElement, canonical);
            return canonical.WrittenSpan.ToArray();
        }
        catch (JsonException)
        {
            return json.ToArray();
        }
    }

    static void Write(JsonElement value, ArrayBufferWriter<byte> output)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(value, output);
                break;
            case JsonValueKind.Array:
                output.Write("["u8);
                foreach (var element in value.EnumerateArray())
                {
                    Write(element, output);
                    output.Write(","u8);
                }
                output.Write("]"u8);
                break;
            default:
                output.Write(JsonMarshal.GetRawUtf8Value(value));
                break;
        }
    }

    static void WriteObject(JsonElement value, ArrayBufferWriter<byte> output)
    {
        // Latin-1 keeps every byte apart: names may hold what no text type takes.
        var properties = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
            properties[Encoding.Latin1.GetString(JsonMarshal.GetRawUtf8PropertyName(property))] = property.Value;
        output.Write("{"u8);
        foreach (var (name, property) in properties)
        {
            output.Write("\""u8);
            output.Write(Encoding.Latin1.GetBytes(name));
            output.Write("\":"u8);
            Write(property, output);
            output.Write(","u8);
        }
        output.Write("}"u8);
    }
}
