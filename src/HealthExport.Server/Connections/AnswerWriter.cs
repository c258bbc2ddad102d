using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using HealthExport.Server.Http;

namespace HealthExport.Server.Connections;

/// <summary>
/// What a connection sends. Passes everything on, but for one answer that is to be replaced: that is held until it is
/// whole. Used as a pipe is, by one writer at a time.
/// </summary>
sealed class AnswerWriter(PipeWriter inner) : PipeWriter
{
    const string LineEnd = "\r\n";

    // What is to stand in for the next answer; null for as long as all is well.
    Replacement? _replacement;

    // Where the memory last handed out lies: a replacement may come up before it is filled.
    ArrayBufferWriter<byte>? _held;

    sealed record Replacement(
        Problem Problem, IEnumerable<(string Name, string Value)> Headers, bool HasBody, Action Done);

    /// <summary>
    /// Has the next answer replaced, unless the application gives one of its own after all, which has a request id.
    /// </summary>
    /// <param name="headers">What the answer bears beside its type and length.</param>
    /// <param name="done">Called once it has been.</param>
    public void Replace(
        Problem problem, IEnumerable<(string Name, string Value)> headers, bool hasBody, Action done) =>
        _replacement ??= new(problem, headers, hasBody, done);

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;
    public override long UnflushedBytes => inner.UnflushedBytes + (_held?.WrittenCount ?? 0);

    public override Memory<byte> GetMemory(int sizeHint = 0) =>
        HoldIfReplacing() is { } held ? held.GetMemory(sizeHint) : inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) =>
        HoldIfReplacing() is { } held ? held.GetSpan(sizeHint) : inner.GetSpan(sizeHint);

    public override void Advance(int bytes)
    {
        if (_held is { } held) held.Advance(bytes);
        else inner.Advance(bytes);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_held is not null) Release();
        return inner.FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> WriteAsync(
        ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (_replacement is not null) return base.WriteAsync(source, cancellationToken);
        return inner.WriteAsync(source, cancellationToken);
    }

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        if (_held is not null) Release();
        inner.Complete(exception);
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        if (_held is not null) Release();
        return inner.CompleteAsync(exception);
    }

    ArrayBufferWriter<byte>? HoldIfReplacing() =>
        _replacement is null ? null : _held ??= new();

    void Release()
    {
        var held = _held!.WrittenSpan;
        var replacement = _replacement!;
        (_held, _replacement) = (null, null);
        var head = Encoding.Latin1.GetString(held);
        if (IsBare(head))
        {
            inner.Write(Write(head, replacement));
            replacement.Done();
        }
        else
        {
            inner.Write(held);
        }
    }

    /// <summary>An answer of HTTP/1 without a body that nothing of ours has touched.</summary>
    static bool IsBare(string head) =>
        head.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)
        && head.EndsWith(LineEnd + LineEnd, StringComparison.Ordinal)
        && !head.Contains($"{LineEnd}{RequestId.Header}:", StringComparison.OrdinalIgnoreCase);

    /// <summary>Status, Date, Allow and Connection stay as the web server has them.</summary>
    static byte[] Write(string head, Replacement replacement)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(replacement.Problem, ServerJson.Default.Problem);
        var answer = new StringBuilder();
        foreach (var line in head.Split(LineEnd, StringSplitOptions.RemoveEmptyEntries))
            if (!line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                answer.Append(line).Append(LineEnd);
        answer.Append($"Content-Type: {Problem.ContentType}{LineEnd}Content-Length: {body.Length}{LineEnd}");
        foreach (var (name, value) in replacement.Headers) answer.Append($"{name}: {value}{LineEnd}");
        answer.Append(LineEnd);
        var written = Encoding.Latin1.GetBytes(answer.ToString());
        return replacement.HasBody ? [.. written, .. body] : written;
    }
}

/// <summary>What comes in as it was, what goes out through another writer.</summary>
sealed record CaughtTransport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
