using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Imports;

/// <summary>Looks at a file's text as it streams by: its hash, its lines, whether it is UTF-8, and whether it is text at all.</summary>
internal sealed class FileScan : IDisposable
{
    /// <summary>A line longer than this is a wrong delimiter or a lost quote, not a line.</summary>
    public const int LongestLine = 1024 * 1024;

    private const int HeadLength = 256 * 1024;

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly MemoryStream head = new();
    private readonly byte[] pending = new byte[4];
    private int pendingLength;
    private long lineLength;
    private long lineEnds;
    private bool endsInLine;

    public long Bytes { get; private set; }

    /// <summary>Lines with something on them, the header included.</summary>
    public long Lines { get; private set; }

    /// <summary>It begins as an object does: one a line, without a header.</summary>
    public bool IsJson => head.Length > 0 && head.GetBuffer().AsSpan(0, (int)Math.Min(head.Length, 100)).TrimStart("\uFEFF \t\r\n"u8).StartsWith("{"u8);

    /// <summary>The first line that is not UTF-8.</summary>
    public long? NotUtf8At { get; private set; }

    /// <summary>The beginning of the text, for the preview.</summary>
    public byte[] Head => head.ToArray();

    public byte[] Hash() => hash.GetHashAndReset();

    /// <exception cref="Problem">A line is too long, or the file is not text.</exception>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        hash.AppendData(bytes);
        if (Bytes == 0) RefuseOtherKinds(bytes);
        if (head.Length < HeadLength) head.Write(bytes[..(int)Math.Min(bytes.Length, HeadLength - head.Length)]);
        if (bytes.Contains((byte)0)) throw new Problem(400, "file_not_text", $"The file is not text: there is a zero byte near line {Lines + 1}. Export it as CSV in UTF-8.");
        Bytes += bytes.Length;
        if (NotUtf8At is null) CheckUtf8(bytes);
        CountLines(bytes);
    }

    public void Finish()
    {
        if (endsInLine) Lines++;
        if (pendingLength > 0) NotUtf8At ??= lineEnds + 1;
        if (Bytes == 0 || Lines == 0) throw new Problem(400, "file_empty", "The file is empty. Export it again and check that it has lines.");
        if (Lines == 1 && !IsJson) throw new Problem(400, "file_empty", "The file has a header but no line below it. Export it again and check that it has lines.");
    }

    private static void RefuseOtherKinds(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || start.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            throw new Problem(400, "file_not_text", "The file is UTF-16. Save it as CSV in UTF-8 and try again.");
        if (start.StartsWith("PK\u0003\u0004"u8)) throw new Problem(400, "file_not_text", "This is a ZIP or Excel file. Export the sheet as CSV and try again.");
        if (start.StartsWith("%PDF"u8)) throw new Problem(400, "file_not_text", "This is a PDF. Export the data as CSV and try again.");
    }

    private void CountLines(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOf((byte)'\n') is >= 0 and var end)
        {
            lineLength += end;
            RefuseLong();
            lineEnds++;
            if (lineLength > 0) Lines++;
            (lineLength, endsInLine) = (0, false);
            bytes = bytes[(end + 1)..];
        }
        lineLength += bytes.Length;
        endsInLine = lineLength > 0;
        RefuseLong();
    }

    private void RefuseLong()
    {
        if (lineLength > LongestLine)
            throw new Problem(400, "line_too_long", $"Line {Lines + 1} is longer than {LongestLine / 1024 / 1024} MB. Is it a CSV file with line ends, and are its quotes closed?");
    }

    // A character may be cut by the end of a chunk: its first bytes wait for the next one.
    private void CheckUtf8(ReadOnlySpan<byte> bytes)
    {
        if (pendingLength > 0)
        {
            var joined = new byte[pendingLength + bytes.Length];
            pending.AsSpan(0, pendingLength).CopyTo(joined);
            bytes.CopyTo(joined.AsSpan(pendingLength));
            pendingLength = 0;
            bytes = joined;
        }
        var whole = bytes;
        while (!bytes.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(bytes, out _, out _);
            if (status == System.Buffers.OperationStatus.NeedMoreData) { bytes.CopyTo(pending); pendingLength = bytes.Length; return; }
            var valid = Utf8.IsValid(bytes) ? bytes.Length : ValidLength(bytes);
            if (valid == 0)
            {
                NotUtf8At = lineEnds + whole[..^bytes.Length].Count((byte)'\n') + 1;
                return;
            }
            bytes = bytes[valid..];
        }
    }

    private static int ValidLength(ReadOnlySpan<byte> bytes)
    {
        Span<char> sink = stackalloc char[4096];
        var done = 0;
        while (done < bytes.Length)
        {
            var status = Utf8.ToUtf16(bytes[done..], sink, out var read, out _, replaceInvalidSequences: false);
            done += read;
            if (status is System.Buffers.OperationStatus.InvalidData or System.Buffers.OperationStatus.NeedMoreData) break;
        }
        return done;
    }

    public void Dispose()
    {
        hash.Dispose();
        head.Dispose();
    }
}
