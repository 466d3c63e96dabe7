using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Demo;
using Clientele.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Clientele.EndToEnd.Tests;

/// <summary>The page Explore over a small demo shop: every kind of question is asked, and its numbers lead to customers.</summary>
public sealed partial class ExploreTests(ExploreTests.DemoApp shop, Browser browser) : IClassFixture<ExploreTests.DemoApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Alpha is a demo shop; beta has nothing.</summary>
    public sealed class DemoApp : TestApp
    {
        protected override string? Console => Browser.Console;

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await DemoLoader.Load(Databases, Alpha, new DemoOptions(6_000, 7, DateTimeOffset.UtcNow), null, CancellationToken.None);
            // The timelines follow the log a moment later: then both engines count the same.
            for (var patience = 0; patience < 600; patience++)
            {
                if (await Events(string.Empty) is { } there && there > 0 && there == await Events("?engine=sql")) return;
                await Task.Delay(100);
            }
            throw new TimeoutException("The timelines did not follow the log.");
        }

        private async Task<decimal?> Events(string engine)
        {
            using var answer = await Admin.Post($"api/analytics/query{engine}", JsonSerializer.Deserialize<JsonElement>("""{"kind": "trend", "interval": "month", "from": "2020-01-01", "to": "2029-12-31", "series": [{}]}"""));
            if (!answer.IsSuccessStatusCode) return null;
            return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()).GetProperty("result").GetProperty("lines")[0].GetProperty("total").GetDecimal();
        }
    }

    private async Task<Visit> Open(string question, string email = "viewer@alpha.example")
    {
        var visit = await Visit.SignedIn(shop, browser, email);
        await visit.Open($"/o/alpha/explore{question}");
        return visit;
    }

    // A year of it, so that whatever the day is there are numbers.
    private static string Year => string.Create(CultureInfo.InvariantCulture, $"from={DateTime.UtcNow.AddDays(-360):yyyy-MM-dd}&to={DateTime.UtcNow:yyyy-MM-dd}");

    [Theory]
    [InlineData("kind=trend&interval=month&events=[{\"event\":\"order_completed\",\"measure\":\"customers\"}]")]
    [InlineData("kind=funnel&events=product_viewed.order_completed")]
    [InlineData("kind=retention&interval=month&start=session_started")]
    [InlineData("kind=paths&start=product_viewed&view=table")]
    [InlineData("kind=lifecycle&interval=month&view=table")]
    [InlineData("kind=stickiness&interval=month&view=table")]
    public async Task Each_question_has_numbers_that_lead_to_their_customers(string question)
    {
        await using var visit = await Open($"?{question}&{Year}");
        var page = visit.Page;
        var number = page.GetByRole(AriaRole.Button, new() { NameRegex = ShowCustomers() }).First;
        var shown = Number().Match((await number.TextContentAsync())!).Value;
        await number.ClickAsync();
        var people = page.GetByRole(AriaRole.Dialog);
        await Expect(people.GetByText($"{shown} customer", new() { Exact = false }).First).ToBeVisibleAsync();
        Assert.Contains("pick=", page.Url, StringComparison.Ordinal);

        // The address holds who was picked, so back and forward open and close the list.
        await page.GoBackAsync();
        await Expect(people).ToHaveCountAsync(0);
        await page.GoForwardAsync();
        var person = people.GetByRole(AriaRole.Link).First;
        var name = (await person.Locator("span").First.TextContentAsync())!;
        await person.ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync(name);
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task A_funnel_is_built_by_keyboard_and_the_address_holds_it()
    {
        await using var visit = await Open(string.Empty);
        var page = visit.Page;
        await page.GetByRole(AriaRole.Radio, new() { Name = "Trend" }).FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Choose("Step 1", "order comp");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a step" }).PressAsync("Enter");
        await Choose("Step 2", "product v");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Funnel of 2 steps" })).ToBeVisibleAsync();

        // The order is put right with Alt and an arrow key, and the focus goes along.
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Step 2", Exact = true }).FocusAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("Alt+ArrowUp");
        await Expect(page.GetByRole(AriaRole.Combobox, new() { Name = "Step 1", Exact = true })).ToHaveValueAsync("Product viewed");
        await Expect(page).ToHaveURLAsync(FunnelAddress());
        var rows = page.GetByRole(AriaRole.Table, new() { Name = "Funnel of 2 steps" }).GetByRole(AriaRole.Row);
        await Expect(rows.Nth(1)).ToContainTextAsync("1. Product viewed");
        var answer = await rows.Nth(2).TextContentAsync();

        await page.ReloadAsync();
        await visit.Settled();
        await Expect(rows.Nth(2)).ToHaveTextAsync(answer!);
        await page.GoBackAsync();
        await Expect(page.GetByRole(AriaRole.Combobox, new() { Name = "Step 1", Exact = true })).ToHaveValueAsync("Order completed");
        Assert.Empty(visit.Faults);

        async Task Choose(string label, string text)
        {
            var picker = page.GetByRole(AriaRole.Combobox, new() { Name = label, Exact = true });
            await picker.FillAsync(text);
            var option = page.GetByRole(AriaRole.Option, new() { NameRegex = new Regex(text, RegexOptions.IgnoreCase) });
            await Expect(option).ToHaveCountAsync(1);
            // The list marks where the keyboard is a moment after the key.
            await picker.PressAsync("ArrowDown");
            await Expect(option).ToHaveAttributeAsync("data-combobox-selected", "true");
            await picker.PressAsync("Enter");
            await Expect(picker).ToHaveValueAsync(new Regex(text, RegexOptions.IgnoreCase));
        }
    }

    [Fact]
    public async Task The_palette_opens_each_kind_of_question()
    {
        await using var visit = await Open(string.Empty);
        await visit.Page.Keyboard.PressAsync("Control+K");
        await Expect(visit.Page.GetByRole(AriaRole.Combobox, new() { Name = "Find a page" })).ToBeFocusedAsync();
        await visit.Page.Keyboard.TypeAsync("lifecy");
        await Expect(visit.Page.GetByRole(AriaRole.Option, new() { Name = "Explore: Lifecycle" })).ToHaveAttributeAsync("aria-selected", "true");
        await visit.Page.Keyboard.PressAsync("Enter");
        await Expect(visit.Page.GetByRole(AriaRole.Radio, new() { Name = "Lifecycle" })).ToBeCheckedAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Img, new() { Name = "Stacked bar chart", Exact = false })).ToBeVisibleAsync();
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task Conditions_offer_values_that_occur_and_count_once_they_have_one()
    {
        await using var visit = await Open($"?kind=trend&interval=month&events=order_completed&{Year}");
        var page = visit.Page;
        var total = page.GetByRole(AriaRole.Table, new() { Name = "Totals", Exact = false }).GetByRole(AriaRole.Button);
        var all = await total.TextContentAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a condition", Exact = false }).ClickAsync();
        await page.GetByRole(AriaRole.Combobox, new() { Name = "New condition for the whole question" }).FillAsync("country");
        await page.GetByRole(AriaRole.Option, new() { Name = "Country" }).Last.ClickAsync();
        await Expect(page.GetByText("1 condition has no value yet")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Compared with", Exact = false }).ClickAsync();
        await page.GetByRole(AriaRole.Option).First.ClickAsync();
        await Expect(page.GetByText("has no value yet")).ToHaveCountAsync(0);
        await Expect(total).Not.ToHaveTextAsync(all!);
        Assert.Contains("filters=", page.Url, StringComparison.Ordinal);
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task A_click_on_a_bar_leads_to_its_customers_and_above_it_to_those_who_dropped_out()
    {
        await using var visit = await Open($"?kind=funnel&events=product_viewed.order_completed&{Year}");
        var page = visit.Page;
        var chart = page.GetByRole(AriaRole.Img, new() { Name = "Bar chart of the steps", Exact = false });
        var box = (await chart.BoundingBoxAsync())!;
        await chart.ClickAsync(new() { Position = new() { X = box.Width * 0.76f, Y = box.Height - 50 } });
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Came to step 2, Order completed");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await chart.ClickAsync(new() { Position = new() { X = box.Width * 0.76f, Y = 44 } });
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("and no further");
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task An_answer_is_taken_away_as_picture_as_table_and_as_sql()
    {
        await using var visit = await Open($"?kind=retention&interval=month&start=session_started&{Year}");
        var page = visit.Page;
        foreach (var (item, ending, begins) in new[] { ("Picture (PNG)", ".png", new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G' }), ("Numbers (CSV)", ".csv", [0xef, 0xbb, 0xbf, (byte)'B']) })
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Download", Exact = false }).ClickAsync();
            var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Menuitem, new() { Name = item }).ClickAsync());
            Assert.EndsWith(ending, download.SuggestedFilename, StringComparison.Ordinal);
            Assert.Equal(begins, (await File.ReadAllBytesAsync((await download.PathAsync())!, Ct))[..4]);
        }
        await page.GetByRole(AriaRole.Button, new() { Name = "Show as…" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog).Locator("pre")).ToContainTextAsync("select");
        await page.GetByRole(AriaRole.Dialog).GetByText("JSON", new() { Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog).Locator("pre")).ToContainTextAsync("\"kind\": \"retention\"");
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task A_broken_address_says_which_part_and_what_the_server_refuses_names_its_field()
    {
        await using var visit = await Open("?kind=trend&interval=fortnight&colour=red&events=page_view");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("interval: “fortnight” is none of the words there are.");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("colour: there is no such part of a question.");
        await Expect(visit.Page.GetByRole(AriaRole.Img, new() { Name = "Line chart", Exact = false })).ToBeVisibleAsync();

        await visit.Open("/o/alpha/explore?kind=trend&interval=hour&from=2020-01-01&to=2026-01-01");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("interval So many hours make too many points.");
        Assert.All(visit.Faults, fault => Assert.Contains("400", fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_long_question_shows_how_far_it_is_and_is_stopped_on_the_server_too()
    {
        await using var visit = await Visit.SignedIn(shop, browser, "viewer@alpha.example");
        var page = visit.Page;
        var stopped = new TaskCompletionSource();
        await page.RouteAsync("**/api/analytics/query?*", route => route.FulfillAsync(new() { Status = 202, ContentType = "application/json", Body = """{"id": "0198", "state": "running", "progress": 0.1, "answer": null}""" }));
        await page.RouteAsync("**/api/analytics/queries/0198", async route =>
        {
            if (route.Request.Method == "DELETE") stopped.TrySetResult();
            await route.FulfillAsync(new() { Status = route.Request.Method == "DELETE" ? 204 : 200, ContentType = "application/json", Body = route.Request.Method == "DELETE" ? "" : """{"id": "0198", "state": "running", "progress": 0.42, "answer": null}""" });
        });
        await page.GotoAsync("/o/alpha/explore");
        await Expect(page.GetByRole(AriaRole.Progressbar)).ToHaveAttributeAsync("aria-valuenow", "42");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(15), Ct);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "The question was stopped" })).ToBeVisibleAsync();
        await page.UnrouteAllAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask again" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Img, new() { Name = "Line chart", Exact = false })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Who_has_no_events_is_told_what_to_do()
    {
        await using var visit = await Visit.SignedIn(shop, browser, "admin@beta.example");
        await visit.Open("/o/beta/explore");
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "Nothing to ask about yet" })).ToBeVisibleAsync();
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Open Sources" }).ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("Sources");
    }

    [GeneratedRegex("show the customers$|^[0-9]+%: [0-9]")]
    private static partial Regex ShowCustomers();

    [GeneratedRegex("[0-9,]+")]
    private static partial Regex Number();

    [GeneratedRegex(@"kind=funnel.*events=product_viewed\.order_completed")]
    private static partial Regex FunnelAddress();
}
