using System.Security.Cryptography;
using System.Text;

namespace HealthExport.Reading;

/// <summary>Identities made from what was sent, the same whenever it is sent again.</summary>
static class MadeId
{
    /// <summary>
    /// The id of a workout. One that is no UUID becomes one (RFC 9562, version 8) of the first 16 bytes of the SHA-256
    /// of its text in UTF-8, version and variant set.
    /// </summary>
    public static Guid ParseOrMake(string text)
    {
        if (Guid.TryParse(text.Trim(), out var id)) return id;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        hash[6] = (byte)(hash[6] & 0x0F | 0x80);
        hash[8] = (byte)(hash[8] & 0x3F | 0x80);
        return new(hash[..16], bigEndian: true);
    }

    /// <summary>Lower-case hex SHA-256 of the bytes.</summary>
    public static string OfBytes(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
