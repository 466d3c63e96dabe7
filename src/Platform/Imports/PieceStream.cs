using Clientele.Platform.Data;

namespace Clientele.Platform.Imports;

/// <summary>The stored file as a stream: written in pieces of a megabyte, each in a transaction of its own, and read back likewise.</summary>
internal sealed class PieceWriter(Db db, Guid organizationId, Guid importId) : Stream
{
    private const int PieceSize = 1024 * 1024;

    private readonly byte[] buffer = new byte[PieceSize];
    private int filled;
    private int number;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct = default)
    {
        while (!bytes.IsEmpty)
        {
            var taken = Math.Min(bytes.Length, PieceSize - filled);
            bytes[..taken].CopyTo(buffer.AsMemory(filled));
            filled += taken;
            bytes = bytes[taken..];
            if (filled == PieceSize) await Store(ct);
        }
    }

    /// <summary>Stores what is left.</summary>
    public async Task Complete(CancellationToken ct)
    {
        if (filled > 0) await Store(ct);
    }

    private async Task Store(CancellationToken ct)
    {
        var content = buffer[..filled];
        await db.Run($"""
            insert into platform.import_pieces (organization_id, import_id, number, content) values ({organizationId}, {importId}, {number}, {content})
            """, ct);
        (filled, number) = (0, number + 1);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() { }
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Write asynchronously.");
}

/// <inheritdoc cref="PieceWriter"/>
internal sealed class PieceReader(Db db, Guid importId) : ForwardStream
{
    private byte[] piece = [];
    private int position;
    private int number;

    public override async ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken ct = default)
    {
        if (position == piece.Length)
        {
            var next = await db.Find<byte[]>($"select p.content from platform.import_pieces p where p.import_id = {importId} and p.number = {number}", ct);
            if (next is null) return 0;
            (piece, position, number) = (next, 0, number + 1);
        }
        var taken = Math.Min(into.Length, piece.Length - position);
        piece.AsMemory(position, taken).CopyTo(into);
        position += taken;
        return taken;
    }
}
