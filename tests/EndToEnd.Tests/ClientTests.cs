using System.Net;
using System.Text;
using System.Text.Json;
using Clientele.Testing;
using static Microsoft.Playwright.Assertions;

namespace Clientele.EndToEnd.Tests;

/// <summary>Real SDKs send; what they sent is in the log, with whom it is about.</summary>
public sealed class ClientTests(ClientTests.App app, Browser browser) : IClassFixture<ClientTests.App>
{
    public sealed class App : TestApp
    {
        public Task<string> Key => Service.One<string>($"select k.public_key from platform.api_keys k where k.organization_id = {Alpha.OrganizationId} and k.kind = 'write' limit 1", CancellationToken.None);

        /// <summary>Types of the events of a person, in alphabetical order.</summary>
        public Task<List<string>> Types(string user) => Db.List<string>($"""
            select e.event_type from log.events e where e.customer_id = any (
                select unnest(customers.profiles(customers.person(c.id))) from customers.customers c where c.customer_id = {user})
            -- What they did, not what became of their profiles: that depends on which of several requests comes first.
            and e.event_category is distinct from 'control'
            order by 1
            """, CancellationToken.None);

        /// <summary>What no SDK should have sent, with what was wrong with it.</summary>
        public Task<List<string>> Quarantined() => Db.List<string>($"select concat_ws(': ', q.event_type, q.problems, q.payload) from events.quarantined_events q", CancellationToken.None);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("segment", new[] { "alias", "group", "identify", "order_completed", "page_view" })]
    [InlineData("rudderstack", new[] { "group", "identify", "order_completed" })]
    [InlineData("posthog", new[] { "alias", "identify", "order_completed" })]
    public async Task A_servers_sdk_sends_and_nothing_is_lost(string client, string[] types)
    {
        var missing = await NpmPackages.Clients.Missing;
        Assert.SkipUnless(missing is null, missing ?? string.Empty);
        var tag = Guid.NewGuid().ToString("N")[..10];
        var (code, text) = await NpmPackages.Clients.Run("node", ["send.mjs", client, app.Address.ToString().TrimEnd('/'), await app.Key, tag]);
        Assert.True(code == 0 && text.Contains("sent", StringComparison.Ordinal), text);

        Assert.Equal(types, await app.Types($"user-{tag}"));
        Assert.Equal($"user-{tag}@example.com", await app.Db.One<string>($"select c.email from customers.customers c where c.customer_id = {$"user-{tag}"}", Ct));
        Assert.Equal(42.5m, await app.Db.One<decimal>($"select e.event_value from log.events e where e.properties ->> 'order_id' = {tag}", Ct));
        Assert.Equal("Initech", await app.Db.One<string>($"select g.name from customers.groups g where g.group_key = {$"group-{tag}"}", Ct));
        Assert.Equal(0, await app.For(app.Beta).One<long>($"select count(*) from log.events", Ct));
        Assert.Empty(await app.Quarantined());
    }

    [Fact]
    public async Task Analytics_js_starts_from_our_settings_and_sends()
    {
        var missing = await NpmPackages.Clients.Missing;
        Assert.SkipUnless(missing is null, missing ?? string.Empty);
        var library = await File.ReadAllTextAsync(Path.Combine(NpmPackages.Clients.Folder, "node_modules", "@segment", "analytics-next", "dist", "umd", "index.js"), Ct);
        var user = "user-" + Guid.NewGuid().ToString("N")[..10];
        await using var visit = await Shop("""
            <script src="/library.js"></script>
            """, library);
        var sent = await visit.Page.EvaluateAsync<string>("""
            async ([host, key, user]) => {
              const analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey: key, cdnURL: host });
              analytics.page("Home");
              analytics.identify(user, { plan: "pro" });
              analytics.track("Product Added", { product_id: "P1", price: 3 });
              return "called";
            }
            """, new object[] { app.Address.ToString().TrimEnd('/'), await app.Key, user });
        Assert.Equal("called", sent);
        await Installation.Until("the events of analytics.js", async () => (await app.Types(user)).Count >= 3);
        // The page it looked at before it said who it is, is that person's too.
        Assert.Equal(["identify", "page_view", "product_added"], await app.Types(user));
        Assert.StartsWith("Headless Chrome", await app.Db.One<string>($"select e.browser from log.events e where e.event_type = 'product_added' and e.context ->> 'userId' = {user}", Ct), StringComparison.Ordinal);
    }

    private static Task<string> Library(params string[] path) => File.ReadAllTextAsync(Path.Combine([NpmPackages.Clients.Folder, "node_modules", .. path]), Ct);

    [Fact]
    public async Task RudderStacks_browser_sdk_starts_from_our_source_config_and_sends()
    {
        var missing = await NpmPackages.Clients.Missing;
        Assert.SkipUnless(missing is null, missing ?? string.Empty);
        var user = "user-" + Guid.NewGuid().ToString("N")[..10];
        await using var visit = await Shop("""<script src="/library.js"></script>""", await Library("@rudderstack", "analytics-js", "dist", "npm", "modern", "bundled", "umd", "index.js"));
        // Its "ready" comes only after it has read the configuration and found the data plane.
        await visit.Page.EvaluateAsync("""
            async ([host, key, user]) => {
              const analytics = new rudderanalytics.RudderAnalytics();
              window.sdk = analytics;
              const ready = new Promise(resolve => analytics.ready(resolve));
              analytics.load(key, host, { configUrl: host });
              await ready;
              analytics.page("Home");
              analytics.identify(user, { plan: "pro" });
              analytics.track("Product Added", { product_id: "P1", price: 3 });
            }
            """, new object[] { app.Address.ToString().TrimEnd('/'), await app.Key, user });
        await Installation.Until("the events of RudderStack's SDK", async () => (await app.Types(user)).Count >= 3);
        Assert.Equal(["identify", "page_view", "product_added"], await app.Types(user));
        Assert.Equal("pro", await app.Db.One<string>($"select c.custom_attributes ->> 'plan' from customers.customers c where c.customer_id = {user}", Ct));
    }

    [Fact]
    public async Task PostHogs_browser_sdk_starts_from_our_config_and_sends()
    {
        var missing = await NpmPackages.Clients.Missing;
        Assert.SkipUnless(missing is null, missing ?? string.Empty);
        var user = "user-" + Guid.NewGuid().ToString("N")[..10];
        await using var visit = await Shop(string.Empty, await Library("posthog-js", "dist", "module.no-external.js"));
        // It asks for its configuration and for flags; that there are none is an answer, and no error. Without the last option it sends nothing from a browser that tests drive.
        var flags = await visit.Page.EvaluateAsync<string>("""
            async ([host, key, user]) => {
              const { posthog } = await import("/library.js");
              window.sdk = posthog;
              await new Promise(loaded => posthog.init(key, { api_host: host, loaded, persistence: "memory", request_batching: false, disable_surveys: true, opt_out_useragent_filter: true }));
              const answered = new Promise(resolve => posthog.onFeatureFlags((names, values, context) => resolve(JSON.stringify([names, context?.errorsLoading ?? false]))));
              posthog.reloadFeatureFlags();
              const flags = await answered;
              posthog.identify(user, { plan: "pro" });
              posthog.capture("Product Added", { product_id: "P1", price: 3 });
              return flags;
            }
            """, new object[] { app.Address.ToString().TrimEnd('/'), await app.Key, user });
        Assert.Equal("[[],false]", flags);
        // The page it counted by itself before it knew who it is, is that person's too.
        await Installation.Until("the events of PostHog's SDK", async () => new HashSet<string> { "identify", "page_view", "product_added" }.IsSubsetOf(await app.Types(user)));
        Assert.Equal("pro", await app.Db.One<string>($"select c.custom_attributes ->> 'plan' from customers.customers c where c.customer_id = {user}", Ct));
        Assert.Empty(await app.Quarantined());
    }

    [Fact]
    public async Task Our_script_sends_pages_and_events_and_waits_for_consent()
    {
        var user = "user-" + Guid.NewGuid().ToString("N")[..10];
        await using var visit = await Shop($"""
            <script>window.clientele = window.clientele || []; clientele.push(["track", "Before Load", {JsonSerializer.Serialize(new { a = 1 })}]);</script>
            <script src="{app.Address}clientele.js" data-key="{await app.Key}" data-consent="required"></script>
            """, string.Empty, "?utm_source=news&utm_campaign=may");
        await visit.Page.WaitForTimeoutAsync(500);
        // Nothing is stored or sent before the answer.
        Assert.Equal(0, await visit.Page.EvaluateAsync<int>("() => localStorage.length"));
        Assert.Equal(0, await app.Db.One<long>($"select count(*) from log.events e where e.source_system = 'clientele.js'", Ct));

        await visit.Page.EvaluateAsync("""user => { clientele.consent(true); clientele.identify(user, { plan: "pro" }); clientele.track("Product Viewed", { product_id: "P1" }); history.pushState({}, "", "/second"); }""", user);
        await Installation.Until("the events of our script", async () => (await app.Types(user)).Count >= 5);
        Assert.Equal(["before_load", "identify", "page_view", "page_view", "product_viewed"], await app.Types(user));
        Assert.Equal("may", await app.Db.One<string>($"select c.acquisition_campaign from customers.customers c where c.customer_id = {user}", Ct));
        Assert.True(await visit.Page.EvaluateAsync<bool>("() => localStorage.getItem('cl_user') !== null"));

        // What is not sent when the page goes, goes with it as a beacon.
        await visit.Page.EvaluateAsync("() => clientele.track('Last Words')");
        await visit.Page.GotoAsync("about:blank");
        await Installation.Until("the last words", async () => (await app.Types(user)).Contains("last_words"));

        await using var refusing = await Shop($"""<script src="{app.Address}clientele.js" data-key="{await app.Key}"></script>""", string.Empty);
        await refusing.Page.EvaluateAsync("() => { clientele.consent(false); clientele.track('Unwanted'); return clientele.flush(); }");
        await refusing.Page.WaitForTimeoutAsync(500);
        Assert.Equal(0, await app.Db.One<long>($"select count(*) from log.events e where e.event_type = 'unwanted'", Ct));
        Assert.Equal("cl_consent", await refusing.Page.EvaluateAsync<string>("() => Object.keys(localStorage).join()"));
    }

    [Fact]
    public async Task Our_script_is_small()
    {
        using var client = new HttpClient();
        var script = await client.GetByteArrayAsync(new Uri(app.Address, "clientele.js"), Ct);
        Assert.InRange(script.Length, 1000, 5 * 1024);
    }

    // A page of somebody else's site: another origin than ours, and really served, since browsers keep pages of no known place from reaching this machine.
    private async Task<Visit> Shop(string head, string library, string query = "")
    {
        var site = new Uri($"http://127.0.0.1:{Installation.FreePort()}/");
        var listener = new HttpListener();
        listener.Prefixes.Add(site.ToString());
        listener.Start();
        _ = Task.Run(async () =>
        {
            while (listener.IsListening)
            {
                var asked = await listener.GetContextAsync();
                var isLibrary = asked.Request.Url!.AbsolutePath == "/library.js";
                asked.Response.ContentType = isLibrary ? "text/javascript" : "text/html";
                asked.Response.Close(Encoding.UTF8.GetBytes(isLibrary ? library : $"<!doctype html><html><head><title>Shop</title>{head}</head><body><h1>Shop</h1></body></html>"), true);
            }
        }, Ct);
        var visit = await Visit.Begin(await browser.NewComputer(site));
        await visit.Page.GotoAsync($"{site}{query}");
        await Expect(visit.Heading).ToBeVisibleAsync();
        return visit;
    }
}
