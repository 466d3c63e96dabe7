using System.Collections.Concurrent;

namespace Clientele.DataApi.Rest;

/// <summary>
/// How many requests hold a connection at once: fewer than the pool has, so that the rest of the application is never without
/// one, and fewer of one organization than of all, so that no other is without.
/// </summary>
/// <param name="all">Of all organizations together.</param>
/// <param name="each">Of one.</param>
/// <param name="patience">How long a request waits for its turn, with each of the two.</param>
internal sealed class Places(int all, int each, TimeSpan patience) : IDisposable
{
    private readonly SemaphoreSlim together = new(all, all);
    private readonly ConcurrentDictionary<Guid, SemaphoreSlim> own = new();

    /// <summary>Waits for a place; disposing of what is returned leaves it.</summary>
    /// <exception cref="ApiError">There was none in time.</exception>
    public async ValueTask<IDisposable> Enter(Guid organization, CancellationToken ct)
    {
        // One's own first: who waits for it keeps nobody else waiting.
        var mine = own.GetOrAdd(organization, _ => new SemaphoreSlim(each, each));
        if (!await mine.WaitAsync(patience, ct)) throw Full($"The organization asks more than {each} questions at once");
        try
        {
            if (!await together.WaitAsync(patience, ct)) throw Full($"More than {all} questions are asked at once");
        }
        catch
        {
            mine.Release();
            throw;
        }
        return new Place(mine, together);
    }

    private static ApiError Full(string message) => new(503, "PGRST003", message) { Hint = "Ask again a little later, and fewer at a time.", Headers = [new("Retry-After", "2")] };

    public void Dispose()
    {
        together.Dispose();
        foreach (var (_, places) in own) places.Dispose();
    }

    private sealed class Place(SemaphoreSlim mine, SemaphoreSlim together) : IDisposable
    {
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) == 1) return;
            together.Release();
            mine.Release();
        }
    }
}
