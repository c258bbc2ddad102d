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
    /// Has the request name what it holds of answers as they are, beside what it holds of them in a coding, as far as
    /// it takes that coding still: whether the content is the same does not depend on it.
    /// </summary>
    /// <returns>The tags of those, by the tag as it is; null if there are none.</returns>
    public static Dictionary<string, string>? AddUncoded(HttpRequest request)
    {
        if (request.Headers.IfNoneMatch.Count == 0) return null;
        Dictionary<string, string>? coded = null;
        var taken = request.GetTypedHeaders().AcceptEncoding;
        foreach (var held in request.GetTypedHeaders().IfNoneMatch)
        {
            var text = held.Tag.Value!;
            var end = text.LastIndexOf(BeforeCoding);
            if (end < 0 || !Takes(text[(end + 1)..].TrimEnd('"'))) continue;
            coded ??= new(StringComparer.Ordinal);
            coded.TryAdd($"{text[..end]}\"", text);
        }
        if (coded is not null)
            request.Headers.IfNoneMatch = string.Join(", ", [.. request.Headers.IfNoneMatch, .. coded.Keys]);
        return coded;

        bool Takes(string coding) => (Find(coding) ?? Find("*")) is { } found && found.Quality is not 0;

        StringWithQualityHeaderValue? Find(string name) => taken.FirstOrDefault(
            entry => entry.Value.Equals(name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Whether the client has the answer with this tag, in a coding that it takes still. Weak tags count as
    /// well, as they do for GET (RFC 9110, 13.1.2).</summary>
    public static bool IsHeld(HttpRequest request, string tag) =>
        request.Headers.IfNoneMatch.Count > 0
        && request.GetTypedHeaders().IfNoneMatch.Any(held => held.Tag.AsSpan().Trim('"').SequenceEqual(tag));

    /// <summary>Whether the client wants no answer if there is any.</summary>
    public static bool HoldsAny(HttpRequest request) =>
        request.Headers.IfNoneMatch.Count > 0
        && request.GetTypedHeaders().IfNoneMatch.Any(held => held.Equals(EntityTagHeaderValue.Any));
}
