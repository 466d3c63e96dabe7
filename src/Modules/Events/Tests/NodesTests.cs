using System.Net.Http.Json;
using System.Text;
using Clientele.Events.Collection;
using Clientele.Server;
using Clientele.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Clientele.Events.Tests;

/// <summary>A second node over the same PostgreSQL: what both are sent counts once, and each knows places as its operator says.</summary>
[Trait("Runs", "processes")]
public sealed class NodesTests(CollectApp app) : IClassFixture<CollectApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed class Node(WebApplication application) : IAsyncDisposable
    {
        public HttpClient Sdk { get; } = new(new SocketsHttpHandler { UseCookies = false })
        {
            BaseAddress = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()),
        };

        public async ValueTask DisposeAsync()
        {
            Sdk.Dispose();
            await application.DisposeAsync();
        }
    }

    private async Task<Node> Second(PlaceOptions? places = null)
    {
        var node = App.Build(app.Databases, new AppOptions(0, TrustedProxies: ["127.0.0.1", "::1"]), services =>
        {
            services.AddLogging(l => l.ClearProviders());
            if (places is not null) services.AddSingleton(places);
        });
        await node.StartAsync(Ct);
        return new Node(node);
    }

    private async Task Send(HttpClient to, string body, Action<HttpRequestMessage>? with = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/batch") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = app.Basic();
        with?.Invoke(request);
        using var answer = await to.SendAsync(request, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public async Task What_two_nodes_are_sent_at_once_counts_once()
    {
        await using var second = await Second();
        var tag = "twice-" + Guid.NewGuid().ToString("N")[..8];
        // Each batch goes to both at the same time, and shares half of its events with the next one.
        var sends = new List<Task>();
        for (var batch = 0; batch < 12; batch++)
        {
            var events = Enumerable.Range(batch * 20, 40).Select(n => $$"""{"type": "track", "event": "Seen", "messageId": "{{tag}}-{{n}}", "userId": "{{tag}}-{{n % 7}}", "anonymousId": "{{tag}}-browser-{{n % 7}}"}""");
            var body = $$"""{"batch": [{{string.Join(',', events)}}]}""";
            sends.Add(Send(app.Sdk, body));
            sends.Add(Send(second.Sdk, body));
        }
        await Task.WhenAll(sends);
        Assert.Equal((260, 260), (await app.Db.One<Counted>($"""
            select count(*)::integer as rows, count(distinct e.context ->> 'messageId')::integer as ids from log.events e where e.context ->> 'messageId' like {tag + "%"}
            """, Ct)).Pair);
        Assert.Equal((7, 7), (await app.Db.One<Counted>($"""
            select (select count(*) from customers.customers c where c.customer_id like {tag + "%"})::integer as rows,
                   (select count(*) from customers.identities i where i.value like {tag + "%"})::integer as ids
            """, Ct)).Pair);
        Assert.Equal(0, await app.For(app.Beta).One<long>($"select count(*) from log.events", Ct));
    }

    private sealed record Counted(int Rows, int Ids)
    {
        public (int, int) Pair => (Rows, Ids);
    }

    private sealed record Place(string? Country, string? City)
    {
        public (string?, string?) Pair => (Country, City);
    }

    private async Task<(string?, string?)> PlaceOf(HttpClient node, string address, params (string Name, string Value)[] headers)
    {
        var id = Guid.NewGuid().ToString();
        await Send(node, $$"""{"batch": [{"type": "page", "messageId": "{{id}}", "anonymousId": "{{id}}"}]}""", r =>
        {
            r.Headers.Add("Origin", "https://shop.example");
            r.Headers.Add("X-Forwarded-For", address);
            foreach (var (name, value) in headers) r.Headers.Add(name, value);
        });
        return (await app.Db.One<Place>($"select e.country, e.city from log.events e where e.context ->> 'messageId' = {id}", Ct)).Pair;
    }

    [Fact]
    public async Task A_proxys_headers_say_where_a_visitor_is_only_where_the_operator_trusts_them()
    {
        await using var trusting = await Second(new PlaceOptions("CF-IPCountry", "CF-IPCity", null));
        Assert.Equal(("SN", "Dakar"), await PlaceOf(trusting.Sdk, "196.1.95.1", ("CF-IPCountry", "SN"), ("CF-IPCity", "Dakar")));
        Assert.Equal((null, null), await PlaceOf(trusting.Sdk, "196.1.95.1", ("CF-IPCountry", "XX")));
        Assert.Equal((null, null), await PlaceOf(app.Sdk, "196.1.95.1", ("CF-IPCountry", "SN"), ("CF-IPCity", "Dakar")));
    }

    [Fact]
    public async Task A_file_of_addresses_says_where_a_visitor_is()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, PartsTests.Sample(24), Ct);
            await using var node = await Second(new PlaceOptions(null, null, file));
            Assert.Equal(("SN", "Dakar"), await PlaceOf(node.Sdk, "196.1.95.1"));
            Assert.Equal((null, null), await PlaceOf(node.Sdk, "10.0.0.1"));
            Assert.Equal((null, null), await PlaceOf(app.Sdk, "196.1.95.1"));
        }
        finally { File.Delete(file); }
    }
}

/// <summary>What people do about collection in the console.</summary>
public sealed class OperationsTests(CollectApp app) : IClassFixture<CollectApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_does_not_want_to_be_watched_is_not()
    {
        var user = "shy-" + Guid.NewGuid().ToString("N")[..8];
        async Task<bool> Kept()
        {
            var id = Guid.NewGuid().ToString();
            await app.Sent("/v1/track", $$"""{"event": "Seen", "messageId": "{{id}}", "userId": "{{user}}"}""");
            return (await app.Events(id)).Count == 1;
        }
        Assert.True(await Kept());
        var path = $"api/customers/{await app.Person(user)}";
        Task<HttpResponseMessage> Refuse(HttpClient who, bool refused) => who.PutAsJsonAsync(new Uri(path + "/tracking", UriKind.Relative), new { refused }, Ct);
        Assert.Equal((403, "forbidden"), await (await Refuse(app.Viewer, true)).Problem());
        Assert.Equal((404, "not_found"), await (await Refuse(app.Stranger, true)).Problem());
        Assert.False((await app.Admin.Json(path)).GetProperty("trackingRefused").GetBoolean());
        Assert.True(await Kept());

        // Said twice, it is told once.
        foreach (var _ in (int[])[1, 2]) Assert.Equal(204, (await (await Refuse(app.Admin, true)).Problem()).Status);
        Assert.True((await app.Admin.Json(path)).GetProperty("trackingRefused").GetBoolean());
        Assert.False(await Kept());
        Assert.Equal(204, (await (await Refuse(app.Admin, false)).Problem()).Status);
        Assert.True(await Kept());
        Assert.Equal(["tracking_refused", "tracking_allowed"], await app.Db.List<string>($"""
            select e.event_type from log.events e where e.customer_id = {await app.Person(user)} and e.event_category = 'state' order by e.writer, e.position
            """, Ct));
    }

    [Fact]
    public async Task A_run_over_a_batch_of_events_can_be_ended()
    {
        async Task<Guid> Begin(string status) => await app.Db.One<Guid>($"insert into events.batch_operations (organization_id, operation_type, source) values (platform.organization(), 'reprocessing', {status}) returning id", Ct);
        Task<HttpResponseMessage> Cancel(HttpClient who, Guid id) => who.Post($"api/batches/{id}/cancel");
        var (waiting, running) = (await Begin("waiting"), await Begin("running"));
        await app.Db.Run($"update events.batch_operations b set status = 'processing', started_at = now(), accepted_count = 3 where b.id = {running}", Ct);
        Assert.Equal((403, "forbidden"), await (await Cancel(app.Viewer, waiting)).Problem());
        Assert.Equal((404, "not_found"), await (await Cancel(app.Stranger, waiting)).Problem());
        foreach (var id in (Guid[])[waiting, running])
        {
            Assert.Equal(204, (await (await Cancel(app.Admin, id)).Problem()).Status);
            Assert.Equal((409, "batch_not_running"), await (await Cancel(app.Admin, id)).Problem());
        }
        // Whoever is at it cannot go on as if nothing had been said.
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => app.Db.Run($"update events.batch_operations b set status = 'completed', finished_at = now() where b.id = {running}", Ct));
        Assert.Equal("CL001", refused.SqlState);
        Assert.Equal(["cancelled", "cancelled"], (await app.Admin.Json("api/batches")).GetProperty("items").EnumerateArray().Where(b => b.GetProperty("operation").GetString() == "reprocessing").Select(b => b.GetProperty("status").GetString()!));
        Assert.Empty((await app.Stranger.Json("api/batches")).GetProperty("items").EnumerateArray());
    }
}
