using Clientele.DataApi.Run;
using Microsoft.AspNetCore.Http;

namespace Clientele.DataApi.Tests;

/// <summary>The body of an answer, as it goes to somebody who reads slowly or not at all.</summary>
public sealed class BodyTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // Takes nothing, for ever.
    private sealed class Stuck : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken));
    }

    private static async Task Send(Stream to, TimeSpan longest, int bytes)
    {
        var context = new DefaultHttpContext();
        context.Response.Body = to;
        using var body = new Body(context.Response, null, longest);
        body.Write(new byte[bytes]);
        await body.Flush(Ct);
    }

    [Fact]
    public async Task Who_does_not_fetch_an_answer_does_not_keep_it_for_ever() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Send(new Stuck(), TimeSpan.FromMilliseconds(1), 1_000_000));

    [Fact]
    public async Task Who_fetches_it_gets_all_of_it()
    {
        using var taken = new MemoryStream();
        await Send(taken, TimeSpan.FromMinutes(2), 1_000_000);
        Assert.Equal(1_000_000, taken.Length);
    }
}
