namespace HealthExport.Tests.Reading;

/// <summary>Hands out its bytes in pieces, as networks and chunked stores do, and counts what it handed out.</summary>
sealed class TricklingStream(byte[] bytes, Func<long, int> lengthAt) : Stream
{
    public long BytesRead { get; private set; }

    public override long Position { get; set; }
    public override long Length => bytes.Length;
    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;

    /// <summary>Ends a read at <paramref name="at"/>.</summary>
    public static TricklingStream Split(byte[] bytes, int at) =>
        new(bytes, from => from < at ? (int)(at - from) : int.MaxValue);

    public static TricklingStream ByteByByte(byte[] bytes) => new(bytes, _ => 1);

    public override int Read(byte[] buffer, int offset, int count)
    {
        var length = (int)Math.Min(Math.Min(count, lengthAt(Position)), bytes.Length - Position);
        Array.Copy(bytes, Position, buffer, offset, length);
        Position += length;
        BytesRead += length;
        return length;
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void Flush() { }
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
