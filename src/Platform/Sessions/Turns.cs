using Clientele.Platform.Problems;

namespace Clientele.Platform.Sessions;

/// <summary>Slow work of which so much is done at a time and so much may wait; whoever comes beyond that is told to come back.</summary>
internal sealed class Turns(int atOnce, int mostInside) : IDisposable
{
    private readonly SemaphoreSlim slots = new(atOnce);
    private int inside;

    /// <exception cref="Problem">503 <c>busy</c>: too many wait already.</exception>
    public async Task<T> Take<T>(Func<Task<T>> work, CancellationToken ct)
    {
        if (Interlocked.Increment(ref inside) > mostInside)
        {
            Interlocked.Decrement(ref inside);
            throw new Problem(503, "busy", "Too many people sign in at this moment. Try again in a few seconds.") { RetryAfter = TimeSpan.FromSeconds(3) };
        }
        try
        {
            await slots.WaitAsync(ct);
            try { return await work(); }
            finally { slots.Release(); }
        }
        finally { Interlocked.Decrement(ref inside); }
    }

    public void Dispose() => slots.Dispose();
}
