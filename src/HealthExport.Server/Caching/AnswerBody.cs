using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace HealthExport.Server.Caching;

/// <summary>
/// An answer's body as handlers see it, with something in between. Nothing is begun before there are bytes: until then
/// whatever goes wrong can still be answered.
/// </summary>
/// <param name="inner">Told when the answer is declared complete; null if that is not for a handler to say.</param>
sealed class AnswerBody(AnswerStream stream, IHttpResponseBodyFeature? inner) : IHttpResponseBodyFeature
{
    PipeWriter? _writer;
    bool _hasEnded;

    public Stream Stream => stream;
    public PipeWriter Writer => _writer ??= PipeWriter.Create(stream, new(leaveOpen: true));

    public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task SendFileAsync(
        string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(stream, path, offset, count, cancellationToken);

    public void DisableBuffering()
    {
    }

    /// <summary>Says that there are no more bytes, although the handler has not come to its end.</summary>
    public async Task CompleteAsync()
    {
        await EndAsync();
        if (inner is not null) await inner.CompleteAsync();
    }

    /// <summary>Puts it in front of the response's own body while <paramref name="next"/> answers.</summary>
    /// <param name="isLast">Whether there is nothing to come behind it.</param>
    public static async Task RunAsync(
        HttpContext context, AnswerStream stream, RequestDelegate next, bool isLast = true)
    {
        var inner = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        var body = new AnswerBody(stream, isLast ? inner : null);
        context.Features.Set<IHttpResponseBodyFeature>(body);
        try
        {
            await next(context);
            await body.EndAsync();
        }
        catch (Exception e)
        {
            // What was written and not sent goes nowhere.
            if (body._writer is not null) await body._writer.CompleteAsync(e);
            throw;
        }
        finally
        {
            context.Features.Set(inner);
            await stream.DisposeAsync();
        }
    }

    async ValueTask EndAsync()
    {
        if (_hasEnded) return;
        _hasEnded = true;
        if (_writer is not null) await _writer.CompleteAsync();
        await stream.FinishAsync();
    }
}

/// <summary>Takes an answer's bytes as they come, asynchronously only.</summary>
abstract class AnswerStream : Stream
{
    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Called once, after the last byte, unless something went wrong.</summary>
    public abstract ValueTask FinishAsync();

    public abstract override ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => throw NotAsynchronous();
    public override void Write(byte[] buffer, int offset, int count) => throw NotAsynchronous();
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    static InvalidOperationException NotAsynchronous() => new("An answer is written asynchronously.");
}
