using HealthExport.Pushes;

namespace HealthExport.Reading;

public sealed class PayloadReader(Stream payload, PushContext context, bool thorough = false)
{
    public PayloadFormat Format { get; }
    public long? TruncatedAt { get; }
    public IEnumerable<ReadBatch> Read() => throw new NotSupportedException($"{payload} {context} {thorough}");
}

public sealed class RepeatedKeyException : Exception;
