using System.Buffers.Binary;
using System.Security.Cryptography;
using Clientele.Platform.Data;

namespace Clientele.Platform.Files;

/// <summary>
/// A file encrypted with a key of its own: a version byte, then chunks of 64 KiB under AES-256-GCM, each with its tag. The nonce of a
/// chunk is its number and whether it is the last, so that chunks neither change places nor are missing at the end; the key is used for
/// one file and once, so no nonce comes twice. The first chunk is there even when the file is empty.
/// </summary>
internal static class SealedFile
{
    public const int ChunkBytes = 64 * 1024, TagBytes = 16, KeyBytes = 32;
    public const byte Version = 1;

    public static long Chunks(long bytes) => Math.Max(1, (bytes + ChunkBytes - 1) / ChunkBytes);

    /// <summary>How much there is to store of so much.</summary>
    public static long StoredBytes(long bytes) => 1 + bytes + Chunks(bytes) * TagBytes;

    public static void Nonce(Span<byte> nonce, long chunk, bool last)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64BigEndian(nonce, chunk);
        nonce[^1] = last ? (byte)1 : (byte)0;
    }
}

/// <summary>Encrypts what it reads from another stream.</summary>
internal sealed class SealingStream(Stream plain, byte[] key) : ForwardStream
{
    private readonly AesGcm aes = new(key, SealedFile.TagBytes);
    // One byte more than a chunk tells whether it is the last.
    private readonly byte[] ahead = new byte[SealedFile.ChunkBytes + 1];
    private int aheadLength;
    private byte[] ready = [SealedFile.Version];
    private int given;
    private long chunk;
    private bool done;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
    {
        if (given == ready.Length && !done) await Next(ct);
        var count = Math.Min(buffer.Length, ready.Length - given);
        ready.AsMemory(given, count).CopyTo(buffer);
        given += count;
        return count;
    }

    private async Task Next(CancellationToken ct)
    {
        aheadLength += await plain.ReadAtLeastAsync(ahead.AsMemory(aheadLength), ahead.Length - aheadLength, throwOnEndOfStream: false, ct);
        done = aheadLength <= SealedFile.ChunkBytes;
        var length = Math.Min(aheadLength, SealedFile.ChunkBytes);
        if (ready.Length != length + SealedFile.TagBytes) ready = new byte[length + SealedFile.TagBytes];
        Seal(length);
        if (!done) ahead[0] = ahead[SealedFile.ChunkBytes];
        aheadLength -= length;
        given = 0;
        chunk++;
    }

    private void Seal(int length)
    {
        Span<byte> nonce = stackalloc byte[12];
        SealedFile.Nonce(nonce, chunk, done);
        aes.Encrypt(nonce, ahead.AsSpan(0, length), ready.AsSpan(0, length), ready.AsSpan(length), [SealedFile.Version]);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) aes.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Decrypts a stored file as it is read, from anywhere. What was changed, cut off, added or put elsewhere is an <see cref="InvalidDataException"/>, before a byte of the chunk is given out.</summary>
/// <param name="stored">Can seek.</param>
/// <param name="length">Of the file as it came, in bytes.</param>
internal sealed class OpeningStream(Stream stored, byte[] key, long length) : SeekableStream
{
    private readonly AesGcm aes = new(key, SealedFile.TagBytes);
    private readonly byte[] closed = new byte[SealedFile.ChunkBytes + SealedFile.TagBytes];
    private readonly byte[] open = new byte[SealedFile.ChunkBytes];
    private int openLength;
    private long openChunk = -1;
    private bool measured;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
    {
        // Of an empty file the one chunk is opened all the same: it says that it is empty.
        if (Position >= length && !(length == 0 && openChunk < 0)) return 0;
        if (buffer.IsEmpty) return 0;
        if (Position / SealedFile.ChunkBytes is var wanted && wanted != openChunk) await Open(wanted, ct);
        var from = (int)(Position - openChunk * SealedFile.ChunkBytes);
        var count = Math.Min(buffer.Length, openLength - from);
        open.AsMemory(from, count).CopyTo(buffer);
        Position += count;
        return count;
    }

    private async Task Open(long chunk, CancellationToken ct)
    {
        if (!measured)
        {
            if (stored.Length != SealedFile.StoredBytes(length)) throw Damaged();
            var version = new byte[1];
            stored.Seek(0, SeekOrigin.Begin);
            await stored.ReadExactlyAsync(version, ct);
            if (version[0] != SealedFile.Version) throw Damaged();
            measured = true;
        }
        var last = chunk == SealedFile.Chunks(length) - 1;
        var size = last ? (int)(length - chunk * SealedFile.ChunkBytes) : SealedFile.ChunkBytes;
        stored.Seek(1 + chunk * (SealedFile.ChunkBytes + SealedFile.TagBytes), SeekOrigin.Begin);
        await stored.ReadExactlyAsync(closed.AsMemory(0, size + SealedFile.TagBytes), ct);
        openChunk = -1;
        Unseal(chunk, last, size);
        (openChunk, openLength) = (chunk, size);
    }

    private void Unseal(long chunk, bool last, int size)
    {
        Span<byte> nonce = stackalloc byte[12];
        SealedFile.Nonce(nonce, chunk, last);
        try { aes.Decrypt(nonce, closed.AsSpan(0, size), closed.AsSpan(size, SealedFile.TagBytes), open.AsSpan(0, size), [SealedFile.Version]); }
        catch (AuthenticationTagMismatchException) { throw Damaged(); }
    }

    private static InvalidDataException Damaged() => new("A stored file is not as it was encrypted: bytes of it were changed, are missing, or stand elsewhere.");

    public override long Length => length;

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            aes.Dispose();
            stored.Dispose();
        }
        base.Dispose(disposing);
    }
}
