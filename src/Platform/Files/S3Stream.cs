using Amazon.S3.Model;

namespace Clientele.Platform.Files;

/// <summary>An object of a bucket as it is read. Seeking asks for the rest from there, when it is read.</summary>
internal sealed class S3Stream(GetObjectResponse first, Func<long, string, Task<GetObjectResponse>> again) : Stream
{
    private GetObjectResponse? response = first;
    private readonly string etag = first.ETag;
    private long position;

    // Where the response's stream stands.
    private long arrived;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
    {
        if (position >= Length || buffer.IsEmpty) return 0;
        if (position != arrived || response is null)
        {
            response?.Dispose();
            response = null;
            response = await again(position, etag);
            arrived = position;
        }
        var read = await response.ResponseStream.ReadAsync(buffer, ct);
        if (read == 0) throw new IOException("The object ended before its length.");
        position += read;
        arrived = position;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Length { get; } = first.ContentLength;

    public override long Position { get => position; set => Seek(value, SeekOrigin.Begin); }

    public override long Seek(long offset, SeekOrigin origin)
    {
        var to = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => position + offset, _ => Length + offset };
        ArgumentOutOfRangeException.ThrowIfNegative(to, nameof(offset));
        return position = to;
    }

    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;
    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) response?.Dispose();
        base.Dispose(disposing);
    }
}
