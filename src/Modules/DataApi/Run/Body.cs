using System.Buffers;
using Clientele.Platform.Keys;
using Microsoft.AspNetCore.Http;

namespace Clientele.DataApi.Run;

/// <summary>
/// The body of an answer while its rows arrive. Up to a megabyte it is kept, so that status and headers can say how many rows
/// there are; a larger one is sent as it comes, and memory stays as it is.
/// </summary>
/// <param name="longest">How long whoever asked may take to fetch it: meanwhile it holds a connection. Null: as long as they like.</param>
internal sealed class Body(HttpResponse response, Func<Task>? start, TimeSpan? longest = null) : IDisposable
{
    private const int Kept = 1 << 20;

    // So much is taken by the server's own buffer, whoever reads.
    private const int Unhindered = 32 * 1024;

    private CancellationTokenSource? patience;
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int length;

    /// <summary>Whether the answer has begun.</summary>
    public bool Streams { get; private set; }

    public int Length => length;

    public ReadOnlySpan<byte> Content => buffer.AsSpan(0, length);

    public Span<byte> Space(int wanted)
    {
        if (buffer.Length - length < wanted)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(buffer.Length * 2, length + wanted));
            buffer.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        return buffer.AsSpan(length);
    }

    public void Advance(int count) => length += count;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Space(bytes.Length));
        length += bytes.Length;
    }

    public void Clear() => length = 0;

    /// <summary>After each row.</summary>
    public ValueTask Row(CancellationToken ct) => start is not null && length >= (Streams ? 64 * 1024 : Kept) ? Send(ct) : ValueTask.CompletedTask;

    private async ValueTask Send(CancellationToken ct)
    {
        if (!Streams)
        {
            Streams = true;
            await start!();
        }
        // Whoever reads a million rows must not keep a thread that hears of others' requests.
        await Task.Yield();
        await Flush(ct);
    }

    public async ValueTask Flush(CancellationToken ct)
    {
        if (length == 0) return;
        await response.Body.WriteAsync(buffer.AsMemory(0, length), Patient(ct));
        KeyUse.Sent(response.HttpContext, length);
        length = 0;
    }

    private CancellationToken Patient(CancellationToken ct)
    {
        if (longest is not { } most || (patience is null && length <= Unhindered)) return ct;
        if (patience is null)
        {
            patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            patience.CancelAfter(most);
        }
        return patience.Token;
    }

    public void Dispose()
    {
        patience?.Dispose();
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
