using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Clientele.Testing;

namespace Clientele.Events.Tests;

/// <summary>What goes in over HTTP, and what is in the log afterwards.</summary>
public sealed class CollectTests(CollectApp app) : IClassFixture<CollectApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Id() => Guid.NewGuid().ToString();

    [Theory]
    [InlineData("track", """{"event": "Order Completed", "properties": {"total": 27.5, "currency": "eur"}}""", "order_completed", "Order Completed")]
    [InlineData("page", """{"name": "Home", "properties": {"title": "Welcome", "url": "https://a.example/"}}""", "page_view", "Page view")]
    [InlineData("screen", """{"name": "Home"}""", "screen_view", "Screen view")]
    [InlineData("identify", """{"traits": {"plan": "pro"}}""", "identify", "Identify")]
    [InlineData("group", """{"groupId": "g1", "traits": {"name": "Initech"}}""", "group", "Group")]
    [InlineData("alias", """{"previousId": "before-1"}""", "alias", "Alias")]
    public async Task Every_call_is_an_event_when_it_is_answered(string call, string body, string type, string name)
    {
        var message = JsonNode.Parse(body)!.AsObject();
        (message["messageId"], message["userId"]) = (Id(), "u-" + Id());
        Assert.Equal("""{"success":true}""", await app.Sent($"/v1/{call}", message.ToJsonString()));
        var written = await app.Event(message["messageId"]!.GetValue<string>());
        Assert.Equal((type, name), (written.EventType, written.EventName));
        Assert.Equal(await app.Person(message["userId"]!.GetValue<string>()), written.CustomerId);
        Assert.Empty(await app.Events(message["messageId"]!.GetValue<string>(), app.Beta));
    }

    [Fact]
    public async Task The_key_is_found_in_basic_bearer_and_body()
    {
        var body = $$$"""{"userId": "u", "event": "E", "messageId": "{{{Id()}}}", "writeKey": "{{{app.Key}}}"}""";
        await app.Sent("/v1/track", body, string.Empty);
        await app.Sent("/v1/track", """{"userId": "u", "event": "E"}""", null, r => r.Headers.Authorization = new("Bearer", app.Key));
        await app.Sent("/v1/track", """{"userId": "u", "event": "E"}""", null, r => r.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(app.Key))));
        Assert.Equal((401, "write_key_missing"), await (await app.Send("/v1/track", """{"userId": "u", "event": "E"}""", string.Empty)).Problem());
        Assert.Equal((401, "write_key_invalid"), await (await app.Send("/v1/track", """{"userId": "u", "event": "E"}""", "wk_nobody")).Problem());
        Assert.Equal((401, "write_key_invalid"), await (await app.Send("/v1/track", """{"userId": "u", "event": "E", "writeKey": "wk_\u0000"}""", string.Empty)).Problem());
    }

    [Fact]
    public async Task A_key_writes_to_its_own_organization_only()
    {
        var (mine, theirs) = (Id(), Id());
        await app.Sent("/v1/track", $$"""{"userId": "same", "event": "E", "messageId": "{{mine}}"}""");
        await app.Sent("/v1/track", $$"""{"userId": "same", "event": "E", "messageId": "{{theirs}}"}""", app.BetaKey);
        // The same message id in two organizations are two messages.
        await app.Sent("/v1/track", $$"""{"userId": "same", "event": "E", "messageId": "{{mine}}"}""", app.BetaKey);
        Assert.Single(await app.Events(mine));
        Assert.Single(await app.Events(mine, app.Beta));
        Assert.Empty(await app.Events(theirs));
        Assert.NotEqual(await app.Person("same"), await app.Person("same", app.Beta));
    }

    [Fact]
    public async Task A_revoked_key_is_refused()
    {
        var key = "wk_" + Id();
        await app.Service.Run($"insert into platform.api_keys (organization_id, workspace_id, kind, name, public_key, revoked_at) values ({app.Alpha.OrganizationId}, {app.Alpha.WorkspaceId}, 'write', 'old', {key}, now())", Ct);
        Assert.Equal((401, "write_key_invalid"), await (await app.Send("/v1/track", """{"userId": "u", "event": "E"}""", key)).Problem());
    }

    [Theory]
    [InlineData("gzip", "application/json")]
    [InlineData("gzip", "application/x-www-form-urlencoded")]
    [InlineData("deflate", "text/plain")]
    [InlineData("raw deflate", "application/json")]
    [InlineData("br", "application/json")]
    [InlineData("no header", "text/plain")]
    [InlineData("form", "application/x-www-form-urlencoded")]
    public async Task Bodies_are_read_whatever_they_call_themselves(string how, string type)
    {
        var message = Id();
        var json = Encoding.UTF8.GetBytes($$$"""{"batch": [{"type": "track", "event": "Zipped", "userId": "u", "messageId": "{{{message}}}"}]}""");
        var body = how switch
        {
            "gzip" or "no header" => Zip(json, s => new GZipStream(s, CompressionLevel.Fastest)),
            "deflate" => Zip(json, s => new ZLibStream(s, CompressionLevel.Fastest)),
            "raw deflate" => Zip(json, s => new DeflateStream(s, CompressionLevel.Fastest)),
            "br" => Zip(json, s => new BrotliStream(s, CompressionLevel.Fastest)),
            _ => Encoding.UTF8.GetBytes("data=" + Uri.EscapeDataString(Convert.ToBase64String(json)) + "&ip=1"),
        };
        using var answer = await app.Send("/v1/batch", body, null, r =>
        {
            r.Content!.Headers.ContentType = new(type);
            if (how is not ("no header" or "form")) r.Content.Headers.ContentEncoding.Add(how == "raw deflate" ? "deflate" : how);
        });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("zipped", (await app.Event(message)).EventType);
    }

    private static byte[] Zip(byte[] plain, Func<Stream, Stream> with)
    {
        var to = new MemoryStream();
        using (var zip = with(to)) zip.Write(plain);
        return to.ToArray();
    }

    [Fact]
    public async Task What_is_too_large_is_said_so_and_a_bomb_does_not_go_off()
    {
        var big = new string('x', 33 * 1024);
        Assert.Equal((413, "too_large"), await (await app.Send("/v1/track", $$$"""{"userId": "u", "event": "E", "properties": {"big": "{{{big}}}"}}""")).Problem());
        Assert.Equal((413, "too_large"), await (await app.Send("/v1/batch", "{\"batch\":[" + string.Join(',', Enumerable.Repeat($$$"""{"event":"{{{big[..1000]}}}"}""", 600)) + "]}")).Problem());
        Assert.Equal((413, "too_many_events"), await (await app.Send("/v1/batch", "{\"batch\":[" + string.Join(',', Enumerable.Repeat("{}", 2501)) + "]}")).Problem());
        var bomb = Zip(new byte[50 * 1024 * 1024], s => new GZipStream(s, CompressionLevel.Fastest));
        Assert.True(bomb.Length < 500 * 1024);
        Assert.Equal((413, "too_large"), await (await app.Send("/v1/batch", bomb, null, r => r.Content!.Headers.ContentEncoding.Add("gzip"))).Problem());
        Assert.Equal((400, "body_damaged"), await (await app.Send("/v1/batch", bomb[..1000], null, r => r.Content!.Headers.ContentEncoding.Add("gzip"))).Problem());
        Assert.Equal((400, "encoding_unknown"), await (await app.Send("/v1/batch", "{}", null, r => r.Content!.Headers.ContentEncoding.Add("zstd"))).Problem());

        Assert.Equal((400, "encoding_unknown"), await (await app.Send("/v1/batch", "{}", null, r => { for (var i = 0; i < 3; i++) r.Content!.Headers.ContentEncoding.Add("gzip"); })).Problem());

        // What stands once for all events, and would stand with each: alone too large, or too large with so many.
        string Sharing(int length, int events) => $$$"""{"context": {"app": "{{{new string('x', length)}}}"}, "batch": [{{{string.Join(',', Enumerable.Repeat("{}", events))}}}]}""";
        foreach (var body in (string[])[Sharing(33 * 1024, 1), Sharing(20 * 1024, 2500)])
            Assert.Equal((413, "too_large"), await (await app.Send("/v1/batch", body)).Problem());
        await app.Sent("/v1/batch", Sharing(20 * 1024, 1));

        // In a batch, the large one goes to quarantine and its neighbours are written.
        var (first, last) = (Id(), Id());
        var answer = await app.Sent("/v1/batch", $$$"""{"batch": [{"type": "track", "event": "A", "messageId": "{{{first}}}"}, {"type": "track", "event": "B", "properties": {"big": "{{{big}}}"}}, {"type": "track", "event": "C", "messageId": "{{{last}}}"}]}""");
        Assert.Contains("\"accepted\":2", answer, StringComparison.Ordinal);
        Assert.Contains("\"index\":1", answer, StringComparison.Ordinal);
        await app.Event(first);
        await app.Event(last);
    }

    [Fact]
    public async Task The_same_message_counts_once_however_often_it_comes()
    {
        var id = Id();
        var body = $$$"""{"batch": [{"type": "track", "event": "Once", "userId": "u", "messageId": "{{{id}}}"}, {"type": "track", "event": "Once", "userId": "u", "messageId": "{{{id}}}"}]}""";
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => app.Sent("/v1/batch", body)));
        await app.Event(id);
        // A retry whose clock was corrected to another month.
        await app.Sent("/v1/batch", body.Replace("\"userId\"", "\"timestamp\": \"2024-01-01T00:00:00Z\", \"userId\"", StringComparison.Ordinal));
        await app.Event(id);
    }

    [Fact]
    public async Task The_clock_of_the_sender_may_be_wrong()
    {
        var (late, old, plain) = (Id(), Id(), Id());
        // Three hours ahead: what happened ten seconds before sending, happened ten seconds ago.
        await app.Sent("/v1/batch", $$$"""{"batch": [{"type": "track", "event": "E", "messageId": "{{{late}}}", "timestamp": "{{{DateTimeOffset.UtcNow.AddHours(3).AddSeconds(-10):O}}}"}], "sentAt": "{{{DateTimeOffset.UtcNow.AddHours(3):O}}}"}""");
        Assert.InRange((DateTimeOffset.UtcNow - (await app.Event(late)).OccurredAt).TotalSeconds, 5, 120);
        await app.Sent("/v1/track", $$"""{"event": "E", "messageId": "{{old}}", "timestamp": "2015-02-23T22:28:55.111Z"}""");
        Assert.Equal(new DateTimeOffset(2015, 2, 23, 22, 28, 55, 111, TimeSpan.Zero), (await app.Event(old)).OccurredAt);
        await app.Sent("/v1/track", $$"""{"event": "E", "messageId": "{{plain}}", "timestamp": "whenever"}""");
        Assert.InRange((DateTimeOffset.UtcNow - (await app.Event(plain)).OccurredAt).TotalSeconds, -1, 120);
    }

    [Fact]
    public async Task What_holds_for_the_batch_holds_for_each_unless_it_says_otherwise()
    {
        var (one, other) = (Id(), Id());
        await app.Sent("/v1/batch", $$$"""
            {"context": {"locale": "fr-FR", "ip": "198.51.100.7", "app": {"name": "shop"}}, "integrations": {"All": false}, "batch": [
                {"type": "track", "event": "E", "messageId": "{{{one}}}"},
                {"type": "track", "event": "E", "messageId": "{{{other}}}", "context": {"locale": "en-GB"}, "integrations": {"Amplitude": true}}]}
            """);
        var (first, second) = (await app.Event(one), await app.Event(other));
        Assert.Equal("fr-FR", first.Context.GetProperty("context").GetProperty("locale").GetString());
        Assert.Equal("en-GB", second.Context.GetProperty("context").GetProperty("locale").GetString());
        Assert.Equal("shop", second.Context.GetProperty("context").GetProperty("app").GetProperty("name").GetString());
        Assert.False(second.Context.GetProperty("integrations").GetProperty("All").GetBoolean());
        Assert.True(second.Context.GetProperty("integrations").GetProperty("Amplitude").GetBoolean());
        Assert.Equal(IPAddress.Parse("198.51.100.7"), second.IpAddress);
    }

    [Fact]
    public async Task Context_becomes_columns()
    {
        var id = Id();
        await app.Sent("/v1/track", $$$"""
            {"event": "Product Added", "messageId": "{{{id}}}", "userId": "u", "properties": {"price": 18.99, "revenue": "37.98", "currency": "usd"}, "context": {
                "ip": "203.0.113.77", "sessionId": 1700000000000, "library": {"name": "analytics.js", "version": "2"},
                "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "page": {"url": "https://shop.example/p/1", "title": "Cup", "referrer": "https://www.google.com/"},
                "campaign": {"name": "spring", "source": "newsletter", "medium": "email"}, "screen": {"width": 390, "height": 844} } }
            """);
        var e = await app.Event(id);
        Assert.Equal((37.98m, "USD"), (e.EventValue!.Value, e.Currency));
        Assert.Equal(("mobile", "Safari 17", "iOS 17"), (e.DeviceType, e.Browser, e.Os));
        Assert.Equal(("https://shop.example/p/1", "Cup", "https://www.google.com/"), (e.PageUrl, e.PageTitle, e.ReferrerUrl));
        Assert.Equal(("newsletter", "spring", "390x844"), (e.UtmSource, e.UtmCampaign, e.ScreenResolution));
        Assert.Equal(("1700000000000", "analytics.js"), (e.SessionId, e.SourceSystem));
        Assert.Equal(IPAddress.Parse("203.0.113.77"), e.IpAddress);
    }

    [Fact]
    public async Task Addresses_are_kept_cut_or_left_out_as_the_organization_wants()
    {
        async Task<CollectApp.Row> Sent(string policy, string ip)
        {
            var id = Id();
            await app.Set("collection.ip_address", policy, app.Beta);
            await app.Sent("/v1/track", $$$"""{"event": "E", "messageId": "{{{id}}}", "context": {"ip": "{{{ip}}}"}}""", app.BetaKey);
            return await app.Event(id, app.Beta);
        }
        Assert.Equal("203.0.113.77", (await Sent("\"keep\"", "203.0.113.77")).IpAddress!.ToString());
        var cut = await Sent("\"truncate\"", "203.0.113.77");
        Assert.Equal("203.0.113.0", cut.IpAddress!.ToString());
        Assert.DoesNotContain("113.77", cut.Context.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("2001:db8:1::", (await Sent("\"truncate\"", "2001:db8:1:2:3:4:5:6")).IpAddress!.ToString());
        var none = await Sent("\"drop\"", "203.0.113.77");
        Assert.Null(none.IpAddress);
        Assert.DoesNotContain("203.0", none.Context.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_of_other_sites_may_send_and_ask_before()
    {
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/batch");
        preflight.Headers.Add("Origin", "https://shop.example");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
        using var may = await app.Sdk.SendAsync(preflight, Ct);
        Assert.Equal(HttpStatusCode.NoContent, may.StatusCode);
        Assert.Equal("https://shop.example", may.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("authorization,content-type", may.Headers.GetValues("Access-Control-Allow-Headers").Single());

        var id = Id();
        using var beacon = await app.Send("/v1/batch", $$$"""{"writeKey": "{{{app.Key}}}", "batch": [{"type": "page", "messageId": "{{{id}}}"}]}""", string.Empty, r =>
        {
            r.Content!.Headers.ContentType = new("text/plain");
            r.Headers.Add("Origin", "https://shop.example");
            r.Headers.UserAgent.ParseAdd("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36");
            r.Headers.Add("Sec-CH-UA-Platform", "\"Windows\"");
            r.Headers.Add("Sec-CH-UA-Platform-Version", "\"15.0.0\"");
        });
        Assert.Equal((HttpStatusCode.OK, "https://shop.example"), (beacon.StatusCode, beacon.Headers.GetValues("Access-Control-Allow-Origin").Single()));
        var e = await app.Event(id);
        Assert.Equal(("desktop", "Chrome 140", "Windows 11"), (e.DeviceType, e.Browser, e.Os));
        // A page's own connection is the person's.
        Assert.NotNull(e.IpAddress);

        // What no answer's header may hold is not said back.
        using var odd = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 }) { BaseAddress = app.Sdk.BaseAddress };
        using var strange = new HttpRequestMessage(HttpMethod.Options, "/v1/batch");
        strange.Headers.TryAddWithoutValidation("Origin", "https://caf\u00e9.example");
        strange.Headers.TryAddWithoutValidation("Access-Control-Request-Headers", "caf\u00e9");
        using var plain = await odd.SendAsync(strange, Ct);
        Assert.Equal((HttpStatusCode.NoContent, false, "Content-Type, Authorization"),
            (plain.StatusCode, plain.Headers.Contains("Access-Control-Allow-Origin"), plain.Headers.GetValues("Access-Control-Allow-Headers").Single()));

        // An error can be read by the page too.
        using var refused = await app.Send("/v1/batch", "{", null, r => r.Headers.Add("Origin", "https://shop.example"));
        Assert.Equal((HttpStatusCode.BadRequest, "https://shop.example"), (refused.StatusCode, refused.Headers.GetValues("Access-Control-Allow-Origin").Single()));
    }

    [Fact]
    public async Task A_key_for_one_site_is_not_taken_from_another()
    {
        var key = "wk_" + Id();
        await app.Service.Run($"insert into platform.api_keys (organization_id, workspace_id, kind, name, public_key, allowed_origins) values ({app.Alpha.OrganizationId}, {app.Alpha.WorkspaceId}, 'write', 'site', {key}, array['https://ours.example'])", Ct);
        await app.Sent("/v1/track", """{"event": "E"}""", key, r => r.Headers.Add("Origin", "https://ours.example"));
        Assert.Equal((403, "origin_refused"), await (await app.Send("/v1/track", """{"event": "E"}""", key, r => r.Headers.Add("Origin", "https://theirs.example"))).Problem());
    }

    [Fact]
    public async Task All_documented_payloads_are_taken_and_no_field_is_lost()
    {
        var file = SharedData.Find("vectors/segment-spec/examples.json");
        Assert.SkipWhen(file is null, "../shared/vectors/segment-spec is not there.");
        var examples = JsonNode.Parse(await File.ReadAllTextAsync(file!, Ct))!.AsArray();
        Assert.Equal(138, examples.Count);
        var taken = 0;
        foreach (var example in examples)
        {
            var message = example!["payload"]?.DeepClone().AsObject() ?? FromCall(example);
            var (path, items) = message["batch"] is JsonArray batch ? ("/v1/batch", batch.ToList()) : (PathOf(example, message), [message]);
            // Ids of our own, since the examples repeat theirs; they must come out as they went in too.
            foreach (var item in items) item!["messageId"] = Id();
            await app.Sent(path, message.ToJsonString());
            foreach (var item in items)
            {
                var written = await app.Event(item!["messageId"]!.GetValue<string>());
                Assert.True(JsonNode.DeepEquals(Expected(message, item.AsObject()), Rebuilt(written, item.AsObject())), $"{example}\n{Rebuilt(written, item.AsObject())}");
            }
            taken++;
        }
        Assert.Equal(138, taken);
    }

    // What analytics.js makes of its arguments before it sends them.
    private static JsonObject FromCall(JsonNode example)
    {
        var method = example["method"]!.GetValue<string>();
        var args = example["args"]!.AsArray().Select(a => a?.DeepClone()).ToList();
        var message = new JsonObject { ["type"] = method, ["anonymousId"] = "anon-" + Id() };
        string[] names = method switch
        {
            "track" => ["event", "properties"],
            "page" => ["category", "name", "properties"],
            "alias" => ["userId"],
            "group" => ["groupId", "traits"],
            _ => ["userId", "traits"],
        };
        if (method == "track" && args[0] is JsonObject whole) return Merge(message, whole);
        if (method is "identify" or "page" && args[0] is JsonObject) names = names[^1..];
        foreach (var (name, value) in names.Zip(args)) message[name] = value;
        if (args.Count > names.Length && args[^1] is JsonObject options) Merge(message, options);
        if (method == "alias") message["previousId"] = message["anonymousId"]!.DeepClone();
        return message;
    }

    private static JsonObject Merge(JsonObject to, JsonObject from)
    {
        foreach (var (name, value) in from) to[name] = value?.DeepClone();
        return to;
    }

    private static string PathOf(JsonNode example, JsonObject message)
    {
        var word = (message["type"] ?? message["action"])?.GetValue<string>() ?? example["heading"]!.GetValue<string>().ToLowerInvariant();
        return "/v1/" + (word is "track" or "identify" or "page" or "screen" or "group" or "alias" ? word : message.ContainsKey("event") ? "track" : message.ContainsKey("groupId") ? "group" : message.ContainsKey("traits") ? "identify" : "page");
    }

    private static JsonObject Expected(JsonObject message, JsonObject item)
    {
        var expected = item.DeepClone().AsObject();
        if (!ReferenceEquals(message, item))
        {
            foreach (var part in (string[])["context", "integrations"])
                if (message[part] is JsonObject shared) expected[part] = Merge(shared.DeepClone().AsObject(), expected[part] as JsonObject ?? []);
            if (message["sentAt"] is { } sent) expected["sentAt"] ??= sent.DeepClone();
        }
        expected.Remove("writeKey"); // It says who sends, and is no part of what is sent.
        return expected;
    }

    // The message from what is in the log: the context is all of it but what the event tells, and its name.
    private static JsonObject Rebuilt(CollectApp.Row row, JsonObject sent)
    {
        var message = JsonNode.Parse(row.Context.GetRawText())!.AsObject();
        var told = row.EventType is "identify" or "group" ? "traits" : "properties";
        if (sent.ContainsKey(told)) message[told] = JsonNode.Parse(row.Properties.GetRawText());
        if (row.EventType is not ("page_view" or "screen_view" or "identify" or "group" or "alias")) message["event"] = row.EventName;
        return message;
    }
}
