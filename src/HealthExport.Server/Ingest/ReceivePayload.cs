using System.Buffers;
using System.IO.Compression;
using HealthExport.Pushes;
using HealthExport.Reading;
using HealthExport.Server.Http;
using HealthExport.Server.Limits;
using HealthExport.Server.Settings;

namespace HealthExport.Server.Ingest;

/// <summary>
/// Takes a request's body to its end: decoded, counted against the limit, spooled. Memory is a chunk and a buffer,
/// whatever comes, and whatever it decompresses to.
/// </summary>
static class ReceivePayload
{
    const int DecodedBytes = 64 << 10;

    /// <summary>
    /// Either the complete payload, which the caller disposes, or why it is refused; then nothing is held.
    /// </summary>
    public readonly record struct Received(PayloadSpool? Payload, ProblemResult? Refusal);

    /// <param name="budget">From which a body of unknown size is taken as it comes.</param>
    /// <param name="place">Where a large one takes its place among others.</param>
    /// <exception cref="StalledBodyException">No byte came for longer than allowed.</exception>
    /// <exception cref="IOException">The connection broke before the body's end.</exception>
    public static async ValueTask<Received> ReceiveAsync(
        HttpContext context, IngestSettings settings, Budget budget, LargeBodies.Place place, TimeProvider clock)
    {
        var request = context.Request;
        if (PushMediaType.Refuse(request.ContentType) is { } refusal) return new(null, refusal);
        if (!ContentCodings.TryRead(request.Headers.ContentEncoding, out var coding))
            return new(null, Problems.UnsupportedMediaType(
                "The Content-Encoding is not one that is taken.", "Send one of gzip, br, deflate, or none."));
        if (coding == ContentCoding.Identity && request.ContentLength > settings.BodyLimitBytes)
            return new(null, Problems.BodyTooLarge(settings.BodyLimitBytes));

        var spool = new PayloadSpool(settings.TempFolder);
        try
        {
            using var body = new GuardedBody(request.BodyReader, settings.Stall, clock, context.RequestAborted);
            var intake = new Intake(
                spool, settings.BodyLimitBytes, budget, place, context.RequestAborted,
                isJson: !NdjsonType.Is(request.ContentType) && !CsvType.Is(request.ContentType)
                    && !GpxType.Is(request.ContentType));
            if (coding == ContentCoding.Identity) await CopyAsync(body, intake);
            else await DecodeAsync(body, coding, intake);
            intake.End();
            if (intake.Refusal is null)
            {
                spool.Complete();
                return new(spool, null);
            }
            spool.Dispose();
            return new(null, intake.Refusal);
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    static async ValueTask CopyAsync(GuardedBody body, Intake intake)
    {
        while (true)
        {
            var read = await body.ReadAsync();
            foreach (var segment in read.Buffer)
                if (!intake.Take(segment.Span)) break;
            body.AdvanceTo(read.Buffer.End);
            if (!await intake.MakeRoomAsync() || read.IsCompleted) return;
        }
    }

    static async ValueTask DecodeAsync(GuardedBody body, ContentCoding coding, Intake intake)
    {
        await using var decoder = await OpenAsync(body, coding);
        var buffer = ArrayPool<byte>.Shared.Rent(DecodedBytes);
        try
        {
            while (await ReadAsync(decoder, buffer) is var taken and not 0)
            {
                if (taken < 0)
                {
                    intake.Refuse(Problems.MalformedBody(
                        "The compressed body is damaged, cut short, or not of the Content-Encoding it claims."));
                    return;
                }
                if (!intake.Take(buffer.AsSpan(0, taken)) || !await intake.MakeRoomAsync()) return;
            }
            // The compressed data has ended; the body must too, or a broken connection would go unnoticed.
            while (await body.ReadAsync(buffer) > 0) { }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <returns>−1 when the compressed data is not what it claims to be.</returns>
    static async ValueTask<int> ReadAsync(Stream decoder, byte[] buffer)
    {
        try
        {
            return await decoder.ReadAsync(buffer);
        }
        // Brotli says InvalidOperation for what deflate calls InvalidData.
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            return -1;
        }
    }

    static async ValueTask<Stream> OpenAsync(GuardedBody body, ContentCoding coding) => coding switch
    {
        ContentCoding.Gzip => new GZipStream(body, CompressionMode.Decompress, leaveOpen: true),
        ContentCoding.Brotli => new BrotliStream(body, CompressionMode.Decompress, leaveOpen: true),
        _ when await BeginsAsZlibAsync(body) => new ZLibStream(body, CompressionMode.Decompress, leaveOpen: true),
        _ => new DeflateStream(body, CompressionMode.Decompress, leaveOpen: true),
    };

    /// <summary>The zlib header (RFC 1950): method 8, and the first two bytes a multiple of 31.</summary>
    static async ValueTask<bool> BeginsAsZlibAsync(GuardedBody body)
    {
        var read = await body.ReadAsync(atLeast: 2);
        var isZlib = IsZlib(read.Buffer);
        body.AdvanceTo(read.Buffer.Start);
        return isZlib;

        static bool IsZlib(ReadOnlySequence<byte> start)
        {
            if (start.Length < 2) return false;
            Span<byte> header = stackalloc byte[2];
            start.Slice(0, 2).CopyTo(header);
            return (header[0] & 0x0f) == 8 && ((header[0] << 8) | header[1]) % 31 == 0;
        }
    }

    /// <summary>Where decoded bytes go, as long as nothing speaks against them.</summary>
    /// <param name="isJson">Whether the body is one JSON value, so that how it begins tells whether it may be a push.
    /// </param>
    sealed class Intake(
        PayloadSpool spool, long limitBytes, Budget budget, LargeBodies.Place place, CancellationToken aborted,
        bool isJson)
    {
        OpeningByte _opening;

        public ProblemResult? Refusal { get; private set; }

        public void Refuse(ProblemResult refusal) => Refusal ??= refusal;

        /// <returns>False when no more is wanted.</returns>
        public bool Take(ReadOnlySpan<byte> decoded)
        {
            if (Refusal is not null) return false;
            _opening.Take(decoded);
            if (isJson && _opening.MayBeJson == false) Refuse(NotJson());
            else if (spool.SizeBytes + decoded.Length > limitBytes) Refuse(Problems.BodyTooLarge(limitBytes));
            else if (spool.SizeBytes + decoded.Length > budget.AllowedBytes)
                Refuse(Problems.BodyOverAllowance(budget.AllowedBytes));
            else spool.Write(decoded);
            return Refusal is null;
        }

        /// <summary>Waits for the place that what has come so far needs, and takes its bytes.</summary>
        /// <returns>False when no more is wanted.</returns>
        public async ValueTask<bool> MakeRoomAsync()
        {
            if (Refusal is not null) return false;
            if (!await place.TakeForAsync(spool.SizeBytes, aborted)) Refuse(Problems.TooManyBodies());
            else if (await budget.TakeSoFarAsync(spool.SizeBytes) is { } refusal) Refuse(refusal);
            return Refusal is null;
        }

        public void End()
        {
            if (Refusal is not null) return;
            if (spool.SizeBytes == 0) Refuse(Problems.MalformedBody("The body is empty."));
            else if (isJson && _opening.MayBeJson is null) Refuse(NotJson());
        }

        static ProblemResult NotJson() => Problems.MalformedBody(
            "The body is not JSON: it begins with neither { nor [.", "Choose JSON as the export format.");
    }
}
