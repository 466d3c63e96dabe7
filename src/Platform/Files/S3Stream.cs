using Amazon.S3.Model;
using Clientele.Platform.Data;

namespace Clientele.Platform.Files;

/// <summary>An object of a bucket as it is read. Seeking asks for the rest from there, when it is read.</summary>
internal sealed class S3Stream(GetObjectResponse first, Func<long, string, Task<GetObjectResponse>> again) : SeekableStream
{
    private GetObjectResponse? response = first;
    private readonly string etag = first.ETag;

    // Where the response's stream stands.
    private long arrived;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
    {
        if (Position >= Length || buffer.IsEmpty) return 0;
        if (Position != arrived || response is null)
        {
            response?.Dispose();
            response = null;
            response = await again(Position, etag);
            arrived = Position;
        }
        var read = await response.ResponseStream.ReadAsync(buffer, ct);
        if (read == 0) throw new IOException("The object ended before its length.");
        Position = arrived += read;
        return read;
    }

    public override long Length { get; } = first.ContentLength;

    protected override void Dispose(bool disposing)
    {
        if (disposing) response?.Dispose();
        base.Dispose(disposing);
    }
}
