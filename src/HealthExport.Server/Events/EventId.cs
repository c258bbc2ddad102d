using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace HealthExport.Server.Events;

/// <summary>
/// What an event is called in paths: its kind and its identity, which do not change, as one text. Opaque to clients.
/// </summary>
static class EventId
{
    public static string Write(string kind, string identity)
    {
        var kindLength = Encoding.UTF8.GetByteCount(kind);
        var bytes = new byte[sizeof(ushort) + kindLength + Encoding.UTF8.GetByteCount(identity)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)kindLength);
        Encoding.UTF8.GetBytes(kind, bytes.AsSpan(sizeof(ushort)));
        Encoding.UTF8.GetBytes(identity, bytes.AsSpan(sizeof(ushort) + kindLength));
        return Base64Url.EncodeToString(bytes);
    }

    /// <returns>Null for a text that names no event.</returns>
    public static (string Kind, string Identity)? Read(string id)
    {
        if (!Base64Url.IsValid(id)) return null;
        var bytes = Base64Url.DecodeFromChars(id);
        if (bytes.Length < sizeof(ushort)) return null;
        int kindLength = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (sizeof(ushort) + kindLength > bytes.Length) return null;
        var rest = bytes.AsSpan(sizeof(ushort));
        return (Encoding.UTF8.GetString(rest[..kindLength]), Encoding.UTF8.GetString(rest[kindLength..]));
    }
}
