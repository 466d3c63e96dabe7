using System.Text;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Clientele.EndToEnd.Tests;

/// <summary>Live events, sources and merges in the console, over events that were really sent.</summary>
[Collection<ConsoleCollection>]
public sealed class CollectConsoleTests(Shop shop, Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<string> Key() => await shop.Service.One<string>($"select k.public_key from platform.api_keys k where k.organization_id = {shop.Alpha.OrganizationId} and k.kind = 'write' limit 1", Ct);

    private async Task Send(string items)
    {
        using var client = new HttpClient { BaseAddress = shop.Address };
        using var body = new StringContent($$"""{"writeKey": "{{await Key()}}", "batch": [{{items}}]}""", Encoding.UTF8, "text/plain");
        using var answer = await client.PostAsync(new Uri("v1/batch", UriKind.Relative), body, Ct);
        answer.EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task An_event_is_seen_while_it_comes_in_and_a_refused_one_with_the_reason()
    {
        var (word, user) = ("Word" + Guid.NewGuid().ToString("N")[..8], "user-" + Guid.NewGuid().ToString("N")[..8]);
        await using var visit = await shop.Visit(browser, "admin@alpha.example");
        var page = visit.Page;
        await visit.Open("/o/alpha/live");
        await Send($$"""{"type": "track", "event": "{{word}}", "userId": "{{user}}", "properties": {"colour": "teal"} }, {"type": "dance", "event": "{{word}} refused"}""");
        var live = page.GetByRole(AriaRole.Table, new() { Name = "Live" });
        await Expect(live).ToContainTextAsync(word);
        await Expect(live.GetByRole(AriaRole.Link, new() { Name = user })).ToBeVisibleAsync();
        await live.GetByText(word).First.ClickAsync();
        await Expect(live).ToContainTextAsync("teal");
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Refused" })).ToContainTextAsync("There is no type \"dance\"");

        // Paused, nothing more is asked for.
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Send($$"""{"type": "track", "event": "{{word}} later", "userId": "{{user}}"}""");
        await page.WaitForTimeoutAsync(2500);
        await Expect(live).Not.ToContainTextAsync(word + " later");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await page.Mouse.MoveAsync(0, 0);
        await Expect(live).ToContainTextAsync(word + " later");
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task A_source_shows_its_key_and_what_to_paste_and_a_silent_one_stands_out()
    {
        await shop.Service.Run($"""
            with silent as (
                insert into platform.api_keys (organization_id, workspace_id, kind, name, public_key)
                values ({shop.Alpha.OrganizationId}, {shop.Alpha.WorkspaceId}, 'write', 'Old site', {"wk_" + Guid.NewGuid().ToString("N")}) returning organization_id, id
            )
            insert into events.source_counts (organization_id, api_key_id, minute, received, stored, last_event_at)
            select s.organization_id, s.id, date_trunc('minute', now()) - m * interval '1 minute', 5, 5, now() - m * interval '1 minute' from silent s, generate_series(90, 110) as m
            """, Ct);
        await using var visit = await shop.Visit(browser, "admin@alpha.example");
        await visit.Open("/o/alpha/sources");
        var first = visit.Page.GetByRole(AriaRole.Region, new() { Name = "First write key" });
        await Expect(first.Locator("pre")).ToContainTextAsync($"data-key=\"{await Key()}\"");
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Old site" })).ToContainTextAsync("Silent");
        await Expect(first).Not.ToContainTextAsync("Silent");

        await using var viewer = await shop.Visit(browser, "viewer@alpha.example");
        await viewer.Page.GotoAsync("/o/alpha/sources");
        await Expect(viewer.Page.GetByText("You may not do this")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_merge_that_came_by_itself_is_listed_and_undone()
    {
        var (visitor, user) = ("anon-" + Guid.NewGuid().ToString("N")[..8], "user-" + Guid.NewGuid().ToString("N")[..8]);
        await Send($$"""{"type": "identify", "userId": "{{user}}"}, {"type": "page", "anonymousId": "{{visitor}}"}""");
        await Send($$"""{"type": "identify", "userId": "{{user}}", "anonymousId": "{{visitor}}"}""");
        await using var visit = await shop.Visit(browser, "admin@alpha.example");
        await visit.Open("/o/alpha/merges");
        var row = visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = user });
        await Expect(row).ToContainTextAsync("A visitor said who they are");
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Undo", Exact = false }).Last.ClickAsync();
        await Expect(row).ToContainTextAsync("Undone");
        Assert.Equal("undone", await shop.Db.One<string>($"select m.status from customers.merges m join customers.customers c on c.id = m.merged_id where c.customer_id = {visitor}", Ct));
    }
}
