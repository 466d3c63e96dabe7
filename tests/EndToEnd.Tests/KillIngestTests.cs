using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Clientele.EndToEnd.Tests;

/// <summary>Events are sent while the server and PostgreSQL are killed again and again: what was acknowledged is there, once.</summary>
public sealed class KillIngestTests
{
    private const int Events = 200_000;
    private const int Batch = 100;
    private const int Senders = 6;

    [Fact]
    public async Task Every_acknowledged_event_is_there_exactly_once()
    {
        await using var installation = new Installation();
        await installation.StartServer();
        var key = await installation.Scalar<string>("select k.public_key from platform.api_keys k where k.kind = 'write' limit 1");
        var acknowledged = new ConcurrentBag<int>();
        var next = -1;
        var troubles = 0;

        async Task Sender()
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://localhost:{installation.Port}/"), Timeout = TimeSpan.FromSeconds(30) };
            client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(key + ":")));
            while (Interlocked.Increment(ref next) is < Events / Batch and var number)
            {
                var body = Body(number);
                // As an SDK does: the same messages again until they are acknowledged.
                while (!await Sent(client, body))
                {
                    Interlocked.Increment(ref troubles);
                    await Task.Delay(100, TestContext.Current.CancellationToken);
                }
                acknowledged.Add(number);
            }
        }

        var sending = Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(Sender)));
        var (servers, databases) = (0, 0);
        while (!sending.IsCompleted)
        {
            await Task.WhenAny(sending, Task.Delay(Random.Shared.Next(500, 4000), TestContext.Current.CancellationToken));
            if (sending.IsCompleted) break;
            if (Random.Shared.Next(2) == 0)
            {
                servers++;
                await installation.KillServer();
                await installation.StartServer();
            }
            else
            {
                databases++;
                await installation.KillPostgres();
                await Installation.Until("PostgreSQL to be back", async () =>
                {
                    try { return await installation.Scalar<int>("select 1") == 1; }
                    catch (Npgsql.NpgsqlException) { return false; }
                });
            }
        }
        await sending;
        TestContext.Current.TestOutputHelper?.WriteLine($"server killed {servers} times, PostgreSQL {databases} times; {troubles} requests were sent again");

        Assert.True(servers + databases >= 2, "Nothing was killed while the events were sent.");
        Assert.Equal(Events / Batch, acknowledged.Distinct().Count());
        Assert.Equal((long)Events, await installation.Scalar<long>("select count(*) from log.events e where e.context ->> 'messageId' like 'kill-%'"));
        Assert.Equal((long)Events, await installation.Scalar<long>("select count(distinct e.context ->> 'messageId') from log.events e where e.context ->> 'messageId' like 'kill-%'"));
        Assert.Equal(0L, await installation.Scalar<long>("select count(*) from log.events e where e.customer_id is null and e.context ->> 'messageId' like 'kill-%'"));
    }

    private static async Task<bool> Sent(HttpClient client, byte[] body)
    {
        try
        {
            using var content = new ByteArrayContent(body);
            using var answer = await client.PostAsync(new Uri("v1/batch", UriKind.Relative), content);
            // Nothing but "taken" and "come again" is an answer here.
            Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable, HttpStatusCode.TooManyRequests]);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException) { return false; }
    }

    private static byte[] Body(int number)
    {
        var events = Enumerable.Range(number * Batch, Batch).Select(i => $$"""{"type":"track","event":"Tick","messageId":"kill-{{i}}","userId":"user-{{i % 500}}","properties":{"n":{{i}} } }""");
        return Encoding.UTF8.GetBytes($$"""{"batch":[{{string.Join(',', events)}}]}""");
    }
}
