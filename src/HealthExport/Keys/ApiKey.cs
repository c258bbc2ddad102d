using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace HealthExport.Keys;

/// <summary>
/// A well-formed key, genuine or not: <c>hx_id_secret</c>, or a random UUID. Immutable. It never prints its secret:
/// <see cref="Reveal"/> is the only way to it.
/// </summary>
public sealed class ApiKey
{
    const string Prefix = "hx_";
    const string IdAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
    const string SecretAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const int IdLength = 12;
    const int SecretLength = 43;       // of 62 characters: 256 bits
    const int MinSecretLength = 22;    // of 62 characters: 131 bits
    const int MaxSecretLength = 128;
    const int MaxIdLength = 32;

    static readonly SearchValues<char> s_idCharacters = SearchValues.Create(SecretAlphabet);
    static readonly SearchValues<char> s_secretCharacters = SearchValues.Create(SecretAlphabet + "_-");

    readonly string _text;
    readonly byte[] _lookupHash;

    ApiKey(string text, KeyFormat format, string? publicId)
    {
        _text = text;
        _lookupHash = SHA256.HashData(Encoding.ASCII.GetBytes(text));
        Format = format;
        PublicId = publicId;
    }

    public KeyFormat Format { get; }

    /// <summary>
    /// The id that an <c>hx</c> key carries, as its holder wrote it; null for a UUID, whose id only the store knows.
    /// </summary>
    public string? PublicId { get; }

    /// <summary>
    /// SHA-256 of the whole key, 32 bytes: what the store indexes. A key that nobody issued finds nothing under it,
    /// and costs no Argon2id check.
    /// </summary>
    public ReadOnlyMemory<byte> LookupHash => _lookupHash;

    /// <summary>Its first eight bytes as a number, the first byte the lowest: enough to tell keys apart.</summary>
    public ulong LookupPrefix => PrefixOf(_lookupHash);

    /// <inheritdoc cref="LookupPrefix"/>
    /// <param name="lookupHash">At least those eight bytes.</param>
    public static ulong PrefixOf(ReadOnlySpan<byte> lookupHash) => BinaryPrimitives.ReadUInt64LittleEndian(lookupHash);

    /// <summary>Whether a key may have this public id: 1 to 32 characters [A-Za-z0-9].</summary>
    public static bool IsPublicId(ReadOnlySpan<char> id) =>
        id.Length is >= 1 and <= MaxIdLength && !id.ContainsAnyExcept(s_idCharacters);

    /// <summary>Draws a key from the system's random numbers: 256 secret bits as <c>hx</c>, 122 as a UUID.</summary>
    public static MintedKey Mint(KeyFormat format)
    {
        var id = RandomNumberGenerator.GetString(IdAlphabet, IdLength);
        if (format == KeyFormat.Hx)
        {
            var secret = RandomNumberGenerator.GetString(SecretAlphabet, SecretLength);
            return new MintedKey(id, new ApiKey($"{Prefix}{id}_{secret}", KeyFormat.Hx, id));
        }

        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new MintedKey(id, new ApiKey(new Guid(bytes, bigEndian: true).ToString("D"), KeyFormat.Uuid, null));
    }

    /// <summary>Reads a key as a header carries it, without spaces around it.</summary>
    /// <param name="text">
    /// <c>hx_</c>, an id of 1 to 32 characters [A-Za-z0-9], <c>_</c>, a secret of 22 to 128 characters [A-Za-z0-9_-],
    /// all of them as minted; or a version 4 UUID with hyphens, its hexadecimal digits in any case.
    /// </param>
    /// <param name="key">The key; a UUID in lower case, however it came.</param>
    /// <returns>False if the text has neither form.</returns>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ApiKey? key)
    {
        key = text is null ? null : text.StartsWith(Prefix, StringComparison.Ordinal) ? FindHx(text) : FindUuid(text);
        return key is not null;
    }

    /// <summary>
    /// Where what may be a key of the form <c>hx_id_secret</c> begins in a text that should hold none, such as a path
    /// into which somebody wrote the key instead of its id; −1 if nowhere.
    /// </summary>
    public static int IndexIn(ReadOnlySpan<char> text) => text.IndexOf(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>The whole key. For the one answer that shows it to its owner; never for a log or a store.</summary>
    public string Reveal() => _text;

    /// <summary>The Argon2id hash to store, of the default cost and with a fresh salt.</summary>
    /// <remarks>Takes the time and memory of one check on the calling thread.</remarks>
    public string ComputeHash() => Argon2id.Hash(Encoding.ASCII.GetBytes(_text));

    /// <summary>Whether <paramref name="hash"/>, a PHC string, is one of this key.</summary>
    /// <remarks>
    /// Takes the time and memory of one check on the calling thread; requests go through
    /// <see cref="VerifiedKeys"/>.
    /// </remarks>
    public bool Matches(string hash) => Argon2id.Verify(Encoding.ASCII.GetBytes(_text), hash);

    /// <summary>The key without its secret.</summary>
    public override string ToString() => Format == KeyFormat.Hx ? $"{Prefix}{PublicId}_…" : "uuid key";

    static ApiKey? FindHx(string text)
    {
        var rest = text.AsSpan(Prefix.Length);
        var split = rest.IndexOf('_');
        if (split < 1 || !IsPublicId(rest[..split])) return null;
        var secret = rest[(split + 1)..];
        return secret.Length is >= MinSecretLength and <= MaxSecretLength
            && !secret.ContainsAnyExcept(s_secretCharacters)
                ? new ApiKey(text, KeyFormat.Hx, rest[..split].ToString())
                : null;
    }

    static ApiKey? FindUuid(string text)
    {
        if (!Guid.TryParseExact(text, "D", out var uuid)) return null;
        if (uuid is not { Version: 4, Variant: >= 8 and <= 0xb }) return null;

        // The parser also takes spaces around and signs inside.
        var canonical = uuid.ToString("D");
        return canonical.Equals(text, StringComparison.OrdinalIgnoreCase)
            ? new ApiKey(canonical, KeyFormat.Uuid, null)
            : null;
    }
}
