using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HealthExport.People;
using HealthExport.Server.Http;
using Microsoft.Net.Http.Headers;

namespace HealthExport.Server.Caching;

/// <summary>
/// What tells the answer to a request from every other, of anybody, at any time: under it the answer is kept, and with
/// the content coding behind it, it is the answer's <c>ETag</c> (RFC 9110, 8.8.3).
/// </summary>
static class AnswerTag
{
    const char BeforeCoding = '-';
    const int Bytes = 16;

    // Other code may write the same figures in another way; and another runtime compress them to other bytes.
    static readonly string s_build = string.Join(
        ' ', Environment.Version, typeof(AnswerTag).Module.ModuleVersionId, typeof(UserVersions).Module.ModuleVersionId,
        typeof(Storage.StorageRegistration).Module.ModuleVersionId);

    /// <summary>Of a request to an endpoint whose answers are cached: 22 characters that say nothing.</summary>
    /// <param name="span">What the endpoint's <see cref="EffectiveSpan"/> says.</param>
    public static string Of(HttpRequest request, UserVersions person, string span)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(s_build);
        Add(person.PublicId.ToString());
        Add(person.Data.ToString(CultureInfo.InvariantCulture));
        Add(person.Settings.ToString(CultureInfo.InvariantCulture));
        Add(span);
        Add(request.FindForm());
        Add(request.Path.Value ?? "");
        foreach (var (name, values) in request.Query.OrderBy(parameter => parameter.Key, StringComparer.Ordinal))
        {
            Add(name);
            Add(values.Count.ToString(CultureInfo.InvariantCulture));
            foreach (var value in values) Add(value ?? "");
        }
        Span<byte> whole = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(whole);
        return System.Buffers.Text.Base64Url.EncodeToString(whole[..Bytes]);

        void Add(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            // With its length in front, no text runs on into the next.
            Span<byte> length = stackalloc byte[sizeof(int)];
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
    }

    /// <summary>As a header's value.</summary>
    /// <param name="coding">Of the content; null for none.</param>
    public static string ToHeader(string tag, string? coding) =>
        coding is null ? $"\"{tag}\"" : $"\"{tag}{BeforeCoding}{coding}\"";

    /// <summary>
    /// Which of the answers that the client has is this one: as it is, or in a coding that the client takes still. Weak
    /// tags count as well, as they do for GET (RFC 9110, 13.1.2).
    /// </summary>
    /// <returns>Its <c>ETag</c>; null if it has none.</returns>
    public static string? FindHeld(HttpRequest request, string tag)
    {
        foreach (var held in request.GetTypedHeaders().IfNoneMatch)
        {
            var text = held.Tag.AsSpan().Trim('"');
            if (!text.StartsWith(tag, StringComparison.Ordinal)) continue;
            var rest = text[tag.Length..];
            if (rest.IsEmpty) return ToHeader(tag, null);
            if (rest[0] == BeforeCoding && rest[1..].ToString() is var coding && request.Accepts(coding))
                return ToHeader(tag, coding);
        }
        return null;
    }

    /// <summary>Whether the client wants no answer if there is any.</summary>
    public static bool HoldsAny(HttpRequest request) =>
        request.Headers.IfNoneMatch.Count > 0
        && request.GetTypedHeaders().IfNoneMatch.Any(held => held.Equals(EntityTagHeaderValue.Any));

    static bool Accepts(this HttpRequest request, string coding) =>
        request.GetTypedHeaders().AcceptEncoding.Any(accepted =>
            accepted.Quality is not 0 && accepted.Value.Equals(coding, StringComparison.OrdinalIgnoreCase));
}
