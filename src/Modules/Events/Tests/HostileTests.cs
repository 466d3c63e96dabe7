using System.Net;
using System.Text;

namespace Clientele.Events.Tests;

/// <summary>Whatever comes, the answer is no 5xx, the server lives, and what was good beside it is written.</summary>
public sealed class HostileTests(CollectApp app) : IClassFixture<CollectApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Id() => Guid.NewGuid().ToString();

    // Each stands as an item of a batch between two good ones.
    public static TheoryData<string, bool> Items() => new()
    {
        { """{"type":"track","event":"a\u0000b","properties":{"k\u0000":"v\u0000","n":{"\u0000":[1,"\u0000"]}},"userId":"u\u0000"}""", true },
        { """{"type":"track","event":"\ud83d","properties":{"lone":"\udc00","pair":"\ud83d\ude00","half":"\ud83dx"}}""", true },
        { """{"type":"track","event":"Big","properties":{"a":1e400,"b":-1e999999,"c":1E+131073,"d":0.1e-99999999999,"revenue":1e308}}""", true },
        { "{\"type\":\"track\",\"event\":\"Long\",\"properties\":{\"n\":" + new string('9', 20_000) + "}}", true },
        { """{"type":"track","type":"page","event":"Twice","event":"Twice again","properties":{"a":1,"a":2},"properties":{"a":3},"context":{"ip":"1.2.3.4","ip":5},"context":{"ip":[]}}""", true },
        { """{"type":"track","event":"Wrong kinds","userId":{"a":1},"anonymousId":[1],"messageId":{"x":1},"timestamp":{"a":1},"context":"text","integrations":7,"properties":[1,2]}""", true },
        { """{"type":"track","event":"Wrong kinds inside","context":{"page":7,"campaign":[],"device":"x","os":null,"screen":{"width":{},"height":[]},"ip":{"a":1},"userAgent":5,"traits":[],"consent":7,"externalIds":{"a":1},"userAgentData":[]}}""", true },
        { """{"type":"track","event":"'; drop table log.events; --","properties":{"__proto__":{"x":1},"constructor":"y","$where":"1","\"":"'"},"userId":"' or 1=1"}""", true },
        { """{"type":"track","event":"注文完了","userId":"é","timestamp":"0001-01-01T00:00:00Z"}""", true },
        { """{"type":"track","event":"Far","timestamp":"9999-12-31T23:59:59Z"}""", true },
        { """{"type":"track","event":"Zero","timestamp":"0"}""", true },
        { """{"type":"identify","userId":"h-1","traits":{"email":"a\u0000@b.example","name":"\ud800","birthday":"2024-02-31","address":{"city":"x","city":7},"address":{"city":"y"},"phone":12345678901234567890123,"deep":[[[[[[1]]]]]]}}""", true },
        { """{"type":"group","groupId":"g\u0000","traits":{"name":["x"]},"userId":"u"}""", true },
        { "{\"type\":\"track\",\"event\":\"" + new string('n', 5000) + "\",\"userId\":\"" + new string('u', 5000) + "\",\"messageId\":\"" + new string('m', 5000) + "\"}", true },
        { "{\"type\":\"track\",\"event\":\"Deep\",\"properties\":{\"a\":" + new string('[', 2000) + new string(']', 2000) + "}}", false },
        { """{"type":"track","event":""}""", false },
        { """{"type":"nothing","event":"E"}""", false },
        { """{"type":"\u0000"}""", false },
        { """{}""", false },
        { """{"type":"group","userId":"u"}""", false },
        { """{"type":"alias","userId":"u","previousId":"null"}""", false },
        { "7", false },
        { "null", false },
        { "[[]]", false },
        { "\"text\"", false },
    };

    [Theory]
    [MemberData(nameof(Items))]
    public async Task A_bad_event_keeps_nobody(string item, bool taken)
    {
        var (first, last) = (Id(), Id());
        // One of them has a message id, which another test may have sent before.
        item = item.Replace(new string('m', 5000), Id() + new string('m', 4900), StringComparison.Ordinal);
        var before = await app.Count();
        var waiting = await Quarantined();
        var body = $$"""{"batch": [{"type": "track", "event": "Before", "userId": "u", "messageId": "{{first}}"}, {{item}}, {"type": "track", "event": "After", "userId": "u", "messageId": "{{last}}"}]}""";
        var answer = await app.Sent("/v1/batch", body);
        await app.Event(first);
        await app.Event(last);
        Assert.Equal((taken ? 3 : 2, taken ? 0 : 1), (await app.Count() - before, await Quarantined() - waiting));
        Assert.Equal(!taken, answer.Contains("refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Alone_each_is_taken_or_refused_and_never_a_fault()
    {
        foreach (var item in Items().Select(i => i.Data.Item1))
        foreach (var path in (string[])["/v1/track", "/v1/identify", "/v1/page", "/v1/group", "/v1/alias", "/v1/batch", "/batch/", "/capture/", "/i/v0/e/"])
        {
            using var answer = await app.Send(path, item);
            Assert.True((int)answer.StatusCode is 200 or 400 or 413, $"{path}: {(int)answer.StatusCode}");
        }
    }

    [Fact]
    public async Task What_jsonb_refuses_is_kept_as_text_and_marked()
    {
        var id = Id();
        await app.Sent("/v1/track", $$$"""{"event": "E\u0000", "messageId": "{{{id}}}", "userId": "nul\u0000", "properties": {"nul": "a\u0000b", "lone": "\ud83d!", "pair": "\ud83d\ude00", "huge": 1e999999, "back": "\\u0000"} }""");
        var e = await app.Event(id);
        Assert.Equal("E\\u0000", e.EventName);
        Assert.Equal(("a\\u0000b", "\\ud83d!", "😀", "1e999999", "\\u0000"),
            (Text("nul"), Text("lone"), Text("pair"), Text("huge"), Text("back")));
        Assert.Equal(["characters", "numbers"], e.Context.GetProperty("$escaped").EnumerateArray().Select(x => x.GetString()));
        string? Text(string name) => e.Properties.GetProperty(name).GetString();
    }

    [Fact]
    public async Task Bytes_that_are_no_text_become_marks_that_say_so()
    {
        var id = Id();
        byte[] body = [.. Encoding.UTF8.GetBytes($$$"""{"event": "E", "messageId": "{{{id}}}", "properties": {"bad": "a"""), 0xFF, 0xC3, 0x28, .. "\"}}"u8];
        using var answer = await app.Send("/v1/track", body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var e = await app.Event(id);
        Assert.Contains('\uFFFD', e.Properties.GetProperty("bad").GetString()!);
        Assert.Equal("utf-8", e.Context.GetProperty("$escaped")[0].GetString());
    }

    [Fact]
    public async Task No_body_is_a_fault_of_ours()
    {
        var random = new Random(4711);
        var good = Encoding.UTF8.GetBytes("""{"batch": [{"type": "track", "event": "Zażółć", "userId": "u", "properties": {"a": [1, 2.5, null, true, "\u00e9\n"]}, "context": {"ip": "1.2.3.4", "page": {"url": "https://a.example"}}}], "sentAt": "2024-01-01T00:00:00Z"}""");
        var paths = (string[])["/v1/batch", "/v1/track", "/v1/identify", "/v1/import", "/batch/", "/e/"];
        for (var i = 0; i < 400; i++)
        {
            byte[] body = (i % 4) switch
            {
                0 => good[..random.Next(good.Length)],
                1 => Random(random, random.Next(300)),
                2 => Changed(good, random),
                _ => [.. good, .. Random(random, 3)],
            };
            using var answer = await app.Send(paths[i % paths.Length], body, null, r => { if (i % 10 == 9) r.Content!.Headers.ContentEncoding.Add(i % 20 == 9 ? "gzip" : "br"); });
            Assert.True((int)answer.StatusCode < 500, $"{(int)answer.StatusCode} for {Convert.ToHexString(body)} at {paths[i % paths.Length]}: {await answer.Content.ReadAsStringAsync(Ct)}");
        }
        foreach (var body in (string[])["", " ", "[", "{\"batch\":{}}", "{\"batch\":7}", "{\"batch\":[]}", "[]", "[[[", new string('[', 400_000), "{\"a\":" + new string('[', 200_000) + new string(']', 200_000) + "}", "data=", "data=%", "data=e30", "\uFEFF{}"])
        {
            foreach (var path in paths)
            {
                using var answer = await app.Send(path, body);
                Assert.True((int)answer.StatusCode < 500, $"{path} {body[..Math.Min(50, body.Length)]}");
            }
        }
        foreach (var query in (string[])["", "?data=", "?data=%00", "?data=!!!", "?data=e30=", "?a.b.c.d.e.f.g=1", "?event=%ED%A0%80&userId=%00", "?properties=1&properties.x=2"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/pixel.gif" + query + (query.Length == 0 ? "?" : "&") + "writeKey=" + app.Key);
            using var answer = await app.Sdk.SendAsync(request, Ct);
            Assert.True((int)answer.StatusCode < 500, query);
        }
    }

    private static byte[] Random(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Changed(byte[] body, Random random)
    {
        var changed = (byte[])body.Clone();
        for (var i = 0; i < 3; i++) changed[random.Next(changed.Length)] = (byte)random.Next(256);
        return changed;
    }

    private Task<long> Quarantined() => app.Db.One<long>($"select count(*) from events.quarantined_events", Ct);
}
