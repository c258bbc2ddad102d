using System.Buffers;
using System.IO.Compression;
using HealthExport.Server.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Net.Http.Headers;

namespace HealthExport.Server.Caching;

/// <summary>
/// Compresses answers in the coding that the client likes best (Brotli or gzip, fast rather than small), as they are
/// written. What is smaller than a packet goes as it is, with its length.
/// </summary>
sealed class Compression(RequestDelegate next, IResponseCompressionProvider codings)
{
    /// <summary>Anything smaller is not worth the work: it fits into one packet anyhow.</summary>
    public const int LeastBytes = 1_024;

    static readonly string[] s_texts =
    [
        "application/json", "application/problem+json", "application/geo+json", "application/gpx+xml",
        "application/x-ndjson", "application/xml", "text/csv", "text/plain", "text/html", "text/css",
        "text/javascript", "image/svg+xml",
    ];

    public static void AddTo(IServiceCollection services) => services
        .Configure<BrotliCompressionProviderOptions>(brotli => brotli.Level = CompressionLevel.Fastest)
        .Configure<GzipCompressionProviderOptions>(gzip => gzip.Level = CompressionLevel.Fastest)
        .AddResponseCompression(options =>
        {
            options.EnableForHttps = true;
            options.MimeTypes = s_texts;
            options.Providers.Add<BrotliCompressionProvider>();
            options.Providers.Add<GzipCompressionProvider>();
        });

    public async Task InvokeAsync(HttpContext context)
    {
        // The same content in other bytes is another representation, which has a tag of its own. Nobody but this knows.
        var coded = AnswerTag.AddUncoded(context.Request);
        var inner = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        await AnswerBody.RunAsync(context, new PackingStream(context, inner.Stream, codings), next);
        if (coded is not null && context.Response is { StatusCode: StatusCodes.Status304NotModified, HasStarted: false }
            && coded.TryGetValue(context.Response.Headers.ETag.ToString(), out var tag))
            context.Response.Headers.ETag = tag;
    }

    /// <summary>In what an answer of this size is to go, by its type and what the client takes; the answer says that it
    /// depends on that.</summary>
    /// <returns>Null to send it as it is.</returns>
    public static ICompressionProvider? Choose(
        HttpContext context, IResponseCompressionProvider codings, bool isLarge)
    {
        if (context.Response.Headers.ContentEncoding.Count > 0 || !codings.ShouldCompressResponse(context)) return null;
        context.Response.VaryBy(HeaderNames.AcceptEncoding);
        return isLarge ? codings.GetCompressionProvider(context) : null;
    }

    sealed class PackingStream(HttpContext context, Stream inner, IResponseCompressionProvider codings) : AnswerStream
    {
        // Until it is known whether it is worth it.
        readonly ArrayBufferWriter<byte> _held = new();
        Stream? _target;
        Stream? _packer;

        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_target is null)
            {
                // What is never compressed is never held: whoever sends it may want to be seen at it.
                if (_held.WrittenCount + buffer.Length < LeastBytes && codings.ShouldCompressResponse(context))
                {
                    _held.Write(buffer.Span);
                    return;
                }
                _target = Open();
                if (_held.WrittenCount > 0) await _target.WriteAsync(_held.WrittenMemory, cancellationToken);
            }
            await _target.WriteAsync(buffer, cancellationToken);
        }

        // A packer flushed is a packer spoilt: it gives out what it has soon enough.
        public override Task FlushAsync(CancellationToken cancellationToken) =>
            _target is null || _packer is not null ? Task.CompletedTask : _target.FlushAsync(cancellationToken);

        public override async ValueTask FinishAsync()
        {
            if (_packer is not null)
            {
                await _packer.DisposeAsync();
                _packer = null;
            }
            else if (_target is null && _held.WrittenCount > 0)
            {
                Choose(context, codings, isLarge: false);
                context.Response.ContentLength ??= _held.WrittenCount;
                await inner.WriteAsync(_held.WrittenMemory, context.RequestAborted);
            }
        }

        Stream Open()
        {
            if (Choose(context, codings, isLarge: true) is not { } coding) return inner;
            var headers = context.Response.Headers;
            headers.ContentEncoding = coding.EncodingName;
            headers.ContentLength = null;
            if (headers.ETag is [{ } etag]) headers.ETag = AnswerTag.ToHeader(etag.Trim('"'), coding.EncodingName);
            return _packer = coding.CreateStream(inner);
        }
    }
}
