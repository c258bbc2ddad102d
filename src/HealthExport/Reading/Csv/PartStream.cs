using HealthExport.Memory;

namespace HealthExport.Reading.Csv;

/// <summary>A stretch of a seekable stream, read as if it were all there is. Does not dispose it.</summary>
sealed class PartStream(Stream whole, long start, long length) : ForwardStream
{
    long _position;

    public override int Read(Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, length - _position);
        if (wanted == 0) return 0;
        whole.Position = start + _position;
        var read = whole.Read(buffer[..wanted]);
        _position += read;
        return read;
    }
}
