using System.Net;
using System.Text;
using System.Text.Json;
using Clientele.Events.Collection;

namespace Clientele.Events.Tests;

/// <summary>The small tables of collection, without a server.</summary>
public sealed class PartsTests
{
    [Theory]
    [InlineData("Order Completed", "order_completed")]
    [InlineData("orderCompleted", "order_completed")]
    [InlineData("order_completed", "order_completed")]
    [InlineData("Product Added to Wishlist", "product_added_to_wishlist")]
    [InlineData("HTTPRequest Sent", "http_request_sent")]
    [InlineData("$autocapture", "$autocapture")]
    [InlineData("1st Visit", "event_1st_visit")]
    public void Names_become_words_of_the_catalogue(string name, string type) => Assert.Equal(type, EventNames.Snake(name));

    [Theory]
    [InlineData("注文完了", "注文取消")]
    [InlineData("Café", "Caf")]
    [InlineData("ünlü", "unlu")]
    public void Names_in_other_letters_stay_apart_and_keep_the_rule_of_the_log(string one, string other)
    {
        Assert.NotEqual(EventNames.Snake(one), EventNames.Snake(other));
        foreach (var name in (string[])[one, other, new string('x', 500), new string('é', 500), "\U0001F600", "__", "$", ""])
            Assert.Matches("^[a-z$][a-z0-9_]{0,99}$", EventNames.Snake(name));
    }

    [Theory]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "desktop", "Edge 140", "Windows 10")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "desktop", "Firefox 128", "Linux")]
    [InlineData("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36", "mobile", "Chrome 139", "Android 14")]
    [InlineData("Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1", "tablet", "Safari 16", "iPadOS 16")]
    [InlineData("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15", "desktop", "Safari 17", "macOS")]
    [InlineData("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot", null, null)]
    [InlineData("Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.0.0 Mobile Safari/537.36", "mobile", "Chrome 90", "Android 9")]
    [InlineData("curl/8.5.0", "bot", null, null)]
    [InlineData("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", "desktop", "Internet Explorer 11", "Windows 7")]
    [InlineData("something else", null, null, null)]
    [InlineData("", null, null, null)]
    public void User_agents_are_told_apart(string header, string? device, string? browser, string? os) => Assert.Equal(new Agent(device, browser, os), UserAgents.Of(header));

    [Theory]
    [InlineData("{\"a\":\"\\u0000\"}", "{\"a\":\"\\\\u0000\"}")]
    [InlineData("{\"a\":\"\\\\u0000\"}", "{\"a\":\"\\\\u0000\"}")]
    [InlineData("{\"a\":\"\\ud83d\\ude00 \\ud83d \\ude00\"}", "{\"a\":\"\\ud83d\\ude00 \\\\ud83d \\\\ude00\"}")]
    [InlineData("{\"a\":1e5000,\"b\":1e5}", "{\"a\":\"1e5000\",\"b\":1e5}")]
    [InlineData("no json", null)]
    public void What_jsonb_refuses_is_written_as_text(string json, string? safe) => Assert.Equal(safe, JsonText.Safe(json));

    [Fact]
    public void Places_are_read_from_a_database_of_addresses()
    {
        foreach (var bits in (int[])[24, 28, 32])
        {
            var database = AddressDatabase.Of(Sample(bits));
            // The first bit of the address decides: 128.0.0.0/1 is in Dakar.
            Assert.Equal(("SN", "Dakar"), database.Find(IPAddress.Parse("196.1.95.1")));
            Assert.Equal((null, null), database.Find(IPAddress.Parse("10.0.0.1")));
            Assert.Equal((null, null), database.Find(IPAddress.Parse("2001:db8::1")));
            // A damaged file has no places, and breaks nothing.
            var bytes = Sample(bits);
            for (var i = 0; i < bytes.Length; i++)
            {
                var damaged = (byte[])bytes.Clone();
                damaged[i] ^= 0xFF;
                try { AddressDatabase.Of(damaged).Find(IPAddress.Parse("196.1.95.1")); }
                catch (InvalidDataException) { /* said at opening */ }
            }
        }
        Assert.Throws<InvalidDataException>(() => AddressDatabase.Of("nothing of the kind"u8.ToArray()));
    }

    // One node: its left side is nobody, its right side the one record.
    /// <summary>A file of one node, whose records have so many bits.</summary>
    internal static byte[] Sample(int bits)
    {
        const int Nodes = 1;
        var (left, right) = (Nodes, Nodes + 16);
        byte[] tree = bits switch
        {
            24 => [0, 0, (byte)left, 0, 0, (byte)right],
            28 => [0, 0, (byte)left, 0, 0, 0, (byte)right],
            _ => [0, 0, 0, (byte)left, 0, 0, 0, (byte)right],
        };
        byte[] record = [.. Map(2), .. Text("country"), .. Map(1), .. Text("iso_code"), .. Text("SN"), .. Text("city"), .. Map(1), .. Text("names"), .. Map(1), .. Text("en"), .. Text("Dakar")];
        byte[] about = [.. Map(3), .. Text("node_count"), .. Number(Nodes), .. Text("record_size"), .. Number((byte)bits), .. Text("ip_version"), .. Number(4)];
        return [.. tree, .. new byte[16], .. record, 0xAB, 0xCD, 0xEF, .. "MaxMind.com"u8, .. about];
    }

    private static byte[] Map(int members) => [(byte)(0xE0 | members)];

    private static byte[] Text(string text) => [(byte)(0x40 | text.Length), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Number(byte number) => [0xC1, number];
}

/// <summary>The other ways in: PostHog's form, the pixel, and what browser SDKs ask for before they start.</summary>
public sealed class OtherWaysTests(CollectApp app) : IClassFixture<CollectApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Id() => Guid.NewGuid().ToString();

    [Fact]
    public async Task PostHogs_events_are_ours()
    {
        var (visitor, user, view, identify, group, order) = (Id(), "ph-" + Id(), Id(), Id(), Id(), Id());
        await app.Sent("/batch/", $$$"""
            {"api_key": "{{{app.Key}}}", "sent_at": "{{{DateTimeOffset.UtcNow:O}}}", "batch": [
                {"event": "$pageview", "distinct_id": "{{{visitor}}}", "uuid": "{{{view}}}", "timestamp": "{{{DateTimeOffset.UtcNow:O}}}", "properties": {"$device_id": "{{{visitor}}}", "$current_url": "https://a.example/?utm_source=x", "$browser": "Safari", "$os": "iOS", "$lib": "web", "$session_id": "s1"} },
                {"event": "$identify", "distinct_id": "{{{user}}}", "uuid": "{{{identify}}}", "properties": {"$anon_distinct_id": "{{{visitor}}}", "$set": {"email": "{{{user}}}@f.example"}, "$set_once": {"first": "yes"} } },
                {"event": "$groupidentify", "distinct_id": "$company_acme", "uuid": "{{{group}}}", "properties": {"$group_type": "company", "$group_key": "acme-{{{user}}}", "$group_set": {"name": "Acme"} } },
                {"event": "Order Completed", "distinct_id": "{{{user}}}", "uuid": "{{{order}}}", "properties": {"total": 9.5} }]}
            """, string.Empty);
        var (seen, known, told, bought) = (await app.Event(view), await app.Event(identify), await app.Event(group), await app.Event(order));
        Assert.Equal(("page_view", "identify", "group", "order_completed"), (seen.EventType, known.EventType, told.EventType, bought.EventType));
        Assert.Equal(("https://a.example/?utm_source=x", "x", "Safari", "iOS", "s1", "web"), (seen.PageUrl, seen.UtmSource, seen.Browser, seen.Os, seen.SessionId, seen.SourceSystem));
        Assert.Equal((9.5m, seen.CustomerId), (bought.EventValue!.Value, known.CustomerId));
        Assert.Equal(await app.Person(visitor), await app.Person(user));
        Assert.Null(told.CustomerId);
        Assert.Equal("Acme", await app.Db.One<string>($"select g.name from customers.groups g where g.group_type = 'company' and g.group_key = {"acme-" + user}", Ct));
        Assert.Equal("yes", await app.Db.One<string>($"select c.custom_attributes ->> 'first' from customers.customers c where c.customer_id = {user}", Ct));

        // One event, with the key among its properties, in a form.
        var single = Id();
        var form = "data=" + Uri.EscapeDataString(Convert.ToBase64String(Encoding.UTF8.GetBytes($$$"""{"event": "Solo", "uuid": "{{{single}}}", "properties": {"token": "{{{app.Key}}}", "distinct_id": "{{{user}}}"} }""")));
        await app.Sent("/e/?compression=base64", form, string.Empty, r => r.Content!.Headers.ContentType = new("application/x-www-form-urlencoded"));
        Assert.Equal(await app.Person(user), (await app.Event(single)).CustomerId);
    }

    [Fact]
    public async Task A_picture_brings_an_event()
    {
        var (plain, coded) = (Id(), Id());
        async Task<HttpResponseMessage> Get(string path) => await app.Sdk.GetAsync(new Uri(path, UriKind.Relative), Ct);
        using (var answer = await Get($"v1/pixel.gif?writeKey={app.Key}&event=Mail%20Opened&userId=p1&messageId={plain}&properties.mail=spring"))
            Assert.Equal((HttpStatusCode.OK, "image/gif"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Equal(("mail_opened", "spring"), ((await app.Event(plain)).EventType, (await app.Event(plain)).Properties.GetProperty("mail").GetString()));
        var data = Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"writeKey": "{{app.Key}}", "userId": "p1", "event": "Coded", "messageId": "{{coded}}"}""")).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        using (var answer = await Get($"v1/pixel/track?data={data}")) Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("coded", (await app.Event(coded)).EventType);
        using (var answer = await Get("v1/pixel.gif?event=x")) Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Browser_libraries_get_what_they_ask_for_before_they_start()
    {
        async Task<JsonElement> Get(string path)
        {
            using var answer = await app.Sdk.GetAsync(new Uri(path, UriKind.Relative), Ct);
            var text = await answer.Content.ReadAsStringAsync(Ct);
            Assert.True(answer.IsSuccessStatusCode, text);
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
        var segment = (await Get($"v1/projects/{app.Key}/settings")).GetProperty("integrations").GetProperty("Segment.io");
        Assert.Equal((app.Key, $"{app.Address.Authority}/v1", "http"), (segment.GetProperty("apiKey").GetString(), segment.GetProperty("apiHost").GetString(), segment.GetProperty("protocol").GetString()));
        var rudder = (await Get($"sourceConfig/?p=npm&v=3&writeKey={app.Key}")).GetProperty("source");
        Assert.True(rudder.GetProperty("enabled").GetBoolean());
        Assert.Equal((JsonValueKind.Object, 0), (rudder.GetProperty("config").ValueKind, rudder.GetProperty("destinations").GetArrayLength()));
        Assert.False((await Get($"array/{app.Key}/config")).GetProperty("sessionRecording").GetBoolean());
        using (var flags = await app.Send("/flags/?v=2", "{}", string.Empty)) Assert.Equal(HttpStatusCode.OK, flags.StatusCode);
        foreach (var path in (string[])["v1/projects/wk_nobody/settings", "sourceConfig/?writeKey=wk_nobody", "array/wk_nobody/config"])
            using (var refused = await app.Sdk.GetAsync(new Uri(path, UriKind.Relative), Ct)) Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        using var script = await app.Sdk.GetAsync(new Uri("clientele.js", UriKind.Relative), Ct);
        Assert.InRange((await script.Content.ReadAsByteArrayAsync(Ct)).Length, 1000, 5 * 1024);
        using var again = new HttpRequestMessage(HttpMethod.Get, "clientele.js");
        again.Headers.TryAddWithoutValidation("If-None-Match", script.Headers.ETag!.ToString());
        using var same = await app.Sdk.SendAsync(again, Ct);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
    }
}
