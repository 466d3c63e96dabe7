using System.Security.Cryptography;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Files;

/// <summary>A file as it streams in: its beginning was looked at, and all of it is counted, hashed and looked through while the store reads it.</summary>
internal sealed class ArrivingFile : ForwardStream
{
    private static ReadOnlySpan<byte> Macros => "vbaProject.bin"u8;

    private readonly Stream inner;
    private readonly long limit;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    // The end of what passed, so that a word is found across two reads.
    private readonly byte[] seam = new byte[(Macros.Length - 1) * 2];
    private int seamLength;
    private ReadOnlyMemory<byte> head;

    private ArrivingFile(Stream inner, ReadOnlyMemory<byte> head, string type, long limit) => (this.inner, this.head, Type, this.limit) = (inner, head, type, limit);

    public string Type { get; }

    public long Count { get; private set; }

    /// <summary>Of all that came, once it has.</summary>
    public byte[] Hash() => hash.GetHashAndReset();

    /// <param name="limit">In bytes.</param>
    /// <exception cref="Problem"><c>file_empty</c>, <c>file_type_refused</c>, <c>file_type_differs</c>.</exception>
    public static async Task<ArrivingFile> Look(Stream body, string name, string? claimed, long limit, CancellationToken ct)
    {
        var head = new byte[FileTypes.HeadBytes];
        var length = await body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, ct);
        if (length == 0) throw new Problem(400, "file_empty", "The file is empty. Choose another, or save it again.");
        return new ArrivingFile(body, head.AsMemory(0, length), FileTypes.Find(head.AsSpan(0, length), name, claimed), limit);
    }

    public static Problem TooLarge(long limit) => new(413, "too_large", $"The file is larger than {limit / 1_000_000:N0} MB. Make it smaller, or ask an administrator to raise the limit in the settings.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
    {
        int read;
        if (!head.IsEmpty)
        {
            read = Math.Min(head.Length, buffer.Length);
            head[..read].CopyTo(buffer);
            head = head[read..];
        }
        else read = await inner.ReadAsync(buffer, ct);
        Count += read;
        if (Count > limit) throw TooLarge(limit);
        LookThrough(buffer.Span[..read]);
        return read;
    }

    private void LookThrough(ReadOnlySpan<byte> bytes)
    {
        hash.AppendData(bytes);
        if (FileTypes.IsText(Type) && !FileTypes.IsTextOnly(bytes)) throw new Problem(415, "file_type_refused", "The file begins as text and then is none. Save it again as plain text, or send it as a .zip.");
        if (!FileTypes.IsZip(Type)) return;
        var edge = Math.Min(bytes.Length, Macros.Length - 1);
        bytes[..edge].CopyTo(seam.AsSpan(seamLength));
        if (bytes.IndexOf(Macros) >= 0 || seam.AsSpan(0, seamLength + edge).IndexOf(Macros) >= 0)
            throw new Problem(415, "file_type_refused", "The document holds macros, which run on the reader's machine. Save it without them.");
        // What is left at the seam: the last bytes of both together.
        var all = seam.AsSpan(0, seamLength + edge);
        var last = bytes.Length >= Macros.Length - 1 ? bytes[^(Macros.Length - 1)..] : all[Math.Max(0, all.Length - (Macros.Length - 1))..];
        var kept = last.ToArray();
        kept.CopyTo(seam, 0);
        seamLength = kept.Length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) hash.Dispose();
        base.Dispose(disposing);
    }
}
