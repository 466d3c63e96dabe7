using System.Buffers;
using System.IO.Compression;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Imports;

/// <summary>Takes in a file as it streams: looks at its text and stores it gzipped, ready for any node. A refused file leaves nothing behind.</summary>
public static class ImportReceiver
{
    public const long LargestFile = 2L * 1024 * 1024 * 1024;
    private const long LargestText = 40L * 1024 * 1024 * 1024;

    /// <returns>The import's id.</returns>
    /// <exception cref="Problem">The file is empty, not text, damaged, too large or has an endless line.</exception>
    public static async Task<Guid> Receive(Db db, string kind, string fileName, Stream file, CancellationToken ct)
    {
        var organization = db.Tenant.OrganizationId!.Value;
        var id = Guid.CreateVersion7();
        var name = Path.GetFileName(fileName.Replace('\\', '/'));
        if (name.Length is 0 or > 255) throw Problem.Invalid("name", "Give the file's name, at most 255 characters.");
        await db.Run($"""
            insert into platform.imports (organization_id, id, workspace_id, kind, file_name, created_by)
            select {organization}, {id}, w.id, {kind}, {name}, {db.Tenant.ActorId}
            from platform.workspaces w
            where w.organization_id = {organization} and w.closed_at is null and ({db.Tenant.WorkspaceId}::uuid is null or w.id = {db.Tenant.WorkspaceId})
            order by w.created_at limit 1
            """, ct);
        try
        {
            using var scan = new FileScan();
            var size = await Store(db, organization, id, file, scan, ct);
            scan.Finish();
            await db.Run($"""
                update platform.imports i
                set state = 'uploaded', file_size = {size}, sha256 = {scan.Hash()}, lines = {scan.Lines - (scan.IsJson ? 0 : 1)}, not_utf8_at = {scan.NotUtf8At}
                where i.id = {id}
                """, ct);
            return id;
        }
        catch
        {
            // Not ct: when the sender hangs up, what arrived must go all the same.
            await db.Run($"delete from platform.imports i where i.id = {id}", CancellationToken.None);
            throw;
        }
    }

    /// <returns>How many bytes came.</returns>
    private static async Task<long> Store(Db db, Guid organization, Guid id, Stream file, FileScan scan, CancellationToken ct)
    {
        var pieces = new PieceWriter(db, organization, id);
        var start = new byte[4];
        var got = await file.ReadAtLeastAsync(start, 4, throwOnEndOfStream: false, ct);
        var counted = new CountingStream(start.AsMemory(0, got), file, LargestFile);
        try
        {
            if (got >= 2 && start[0] == 0x1F && start[1] == 0x8B)
            {
                counted.Copy = pieces;
                await using var text = new GZipStream(counted, CompressionMode.Decompress, leaveOpen: true);
                await Look(text, scan, null, ct);
                // What follows the last gzip member must be stored (and counted) too: the hash is of the text, the pieces are the file.
                await counted.CopyToAsync(Stream.Null, ct);
            }
            else
            {
                await using var zip = new GZipStream(pieces, CompressionLevel.Fastest, leaveOpen: true);
                await Look(counted, scan, zip, ct);
            }
        }
        catch (InvalidDataException)
        {
            throw new Problem(400, "file_damaged", "The compressed file is damaged or cut short. Compress it again and try once more.");
        }
        await pieces.Complete(ct);
        return counted.Count;
    }

    private static async Task Look(Stream text, FileScan scan, Stream? copy, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        try
        {
            int read;
            while ((read = await text.ReadAsync(buffer, ct)) > 0)
            {
                scan.Add(buffer.AsSpan(0, read));
                if (scan.Bytes > LargestText) throw new Problem(413, "too_large", "The uncompressed file is larger than 40 GB. Split it.");
                if (copy is not null) await copy.WriteAsync(buffer.AsMemory(0, read), ct);
            }
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }

    /// <summary>Gives back the bytes looked at first, counts, limits, and copies on what it reads.</summary>
    private sealed class CountingStream(ReadOnlyMemory<byte> start, Stream inner, long limit) : ForwardStream
    {
        private ReadOnlyMemory<byte> ahead = start;

        public long Count { get; private set; }

        public PieceWriter? Copy { get; set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
        {
            int read;
            if (!ahead.IsEmpty)
            {
                read = Math.Min(ahead.Length, buffer.Length);
                ahead[..read].CopyTo(buffer);
                ahead = ahead[read..];
            }
            else read = await inner.ReadAsync(buffer, ct);
            Count += read;
            if (Count > limit) throw new Problem(413, "too_large", $"The file is larger than {limit / 1024 / 1024 / 1024} GB. Compress it with gzip, or split it.");
            if (Copy is not null && read > 0) await Copy.WriteAsync(buffer[..read], ct);
            return read;
        }
    }
}
