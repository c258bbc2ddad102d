using Microsoft.Extensions.Primitives;

namespace HealthExport.Server.Ingest;

/// <summary>How a body is compressed on the way (RFC 9110, section 8.4.1).</summary>
enum ContentCoding : byte
{
    Identity,
    Gzip,
    Brotli,

    /// <summary>The zlib format by the standard; many clients send bare deflate under that name.</summary>
    Deflate,
}

static class ContentCodings
{
    /// <returns>False for an unknown coding, and for several one after the other.</returns>
    public static bool TryRead(StringValues header, out ContentCoding coding)
    {
        coding = ContentCoding.Identity;
        if (header.Count == 0) return true;
        ContentCoding? found = header.Count > 1 ? null : header[0]?.Trim().ToLowerInvariant() switch
        {
            "" or "identity" => ContentCoding.Identity,
            "gzip" or "x-gzip" => ContentCoding.Gzip,
            "br" => ContentCoding.Brotli,
            "deflate" => ContentCoding.Deflate,
            _ => null,
        };
        coding = found ?? ContentCoding.Identity;
        return found is not null;
    }
}
