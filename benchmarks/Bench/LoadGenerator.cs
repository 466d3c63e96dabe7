using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Clientele.Bench;

/// <param name="Seconds">From the first request to the last answer.</param>
/// <param name="Refused">Requests answered with 429 or 503 and sent again.</param>
internal sealed record LoadResult(double Seconds, long Events, long Requests, long Refused, double P50, double P99, double Longest);

/// <summary>
/// clientele-bench load URL KEY EVENTS BATCH CONNECTIONS RATE FIRST: sends page views of a shop's visitors, each about 550 bytes of JSON,
/// in batches (1: single events to /v1/track), as fast as they are answered or at so many events a second, and prints what it saw as
/// one line of JSON. FIRST numbers the first event; the same number is the same event.
/// </summary>
internal static class LoadGenerator
{
    /// <summary>How many people visit: each is sent with a user id and the id of their browser.</summary>
    private const int People = 20_000;

    public static async Task<int> Run(string[] args)
    {
        var (url, key) = (new Uri(args[0]), args[1]);
        var numbers = args[2..].Select(a => long.Parse(a, CultureInfo.InvariantCulture)).ToArray();
        var (events, batch, connections, rate, first) = (numbers[0], (int)numbers[1], (int)numbers[2], numbers[3], numbers[4]);
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections, UseCookies = false, UseProxy = false }) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(key + ":")));
        var latencies = new List<double>[connections];
        long next = 0, refused = 0;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async connection =>
        {
            var mine = latencies[connection] = [];
            while (true)
            {
                var from = Interlocked.Add(ref next, batch) - batch;
                if (from >= events) return;
                if (rate > 0)
                {
                    // By the timetable, not by the last answer: a slow answer does not make the next request come later.
                    var due = TimeSpan.FromSeconds((double)from / rate) - watch.Elapsed;
                    if (due > TimeSpan.Zero) await Task.Delay(due);
                }
                var count = (int)Math.Min(batch, events - from);
                var body = Body(first + from, count, batch == 1);
                var begun = rate > 0 ? TimeSpan.FromSeconds((double)from / rate) : watch.Elapsed;
                while (!await Send(client, batch == 1 ? "v1/track" : "v1/batch", body))
                {
                    Interlocked.Increment(ref refused);
                    await Task.Delay(100);
                }
                mine.Add((watch.Elapsed - begun).TotalMilliseconds);
            }
        }));
        var all = latencies.SelectMany(l => l).ToList();
        Console.WriteLine(JsonSerializer.Serialize(new LoadResult(watch.Elapsed.TotalSeconds, events, all.Count, refused, Table.Percentile(all, 0.5), Table.Percentile(all, 0.99), all.Max())));
        return 0;
    }

    private static async Task<bool> Send(HttpClient client, string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        if (answer.StatusCode == HttpStatusCode.OK) return true;
        if (answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable) return false;
        throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }

    private static byte[] Body(long first, int count, bool single)
    {
        var text = new StringBuilder(count * 600);
        if (!single) text.Append("{\"batch\":[");
        for (var i = 0; i < count; i++)
        {
            if (i > 0) text.Append(',');
            Event(text, first + i);
        }
        if (!single) text.Append(CultureInfo.InvariantCulture, $"],\"sentAt\":\"{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ}\"}}");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Event(StringBuilder text, long number)
    {
        // Spread, so that neighbours are different people.
        var person = number * 7919 % People;
        var product = number * 31 % 997;
        text.Append(CultureInfo.InvariantCulture, $$"""
            {"type":"track","event":"Product Viewed","messageId":"bench-{{number:x12}}-4b1d-9c0e","userId":"user-{{person}}","anonymousId":"anon-{{person}}-7f3e","timestamp":"{{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ}}",
            """);
        text.Append(CultureInfo.InvariantCulture, $$"""
            "properties":{"product_id":"P-{{product}}","name":"Product {{product}}","price":{{product % 90 + 10}}.95,"currency":"EUR","category":"Things"},"context":{"ip":"198.51.100.{{person % 250}}","locale":"en-GB",
            """);
        text.Append(CultureInfo.InvariantCulture, $$"""
            "page":{"url":"https://shop.example/p/{{product}}","title":"Product {{product}}"},"userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36","library":{"name":"analytics.js"} } }
            """);
    }
}
