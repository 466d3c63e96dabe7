using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Clientele.EndToEnd.Tests;

/// <summary>What people do at the console, in a real browser against the real application.</summary>
[Collection<ConsoleCollection>]
public sealed class ConsoleTests(Shop shop, Browser browser)
{
    private const string Overview = $"/o/alpha/overview?{Shop.Year}";

    private Task<Visit> Admin() => shop.Visit(browser, "admin@alpha.example");

    private static string Pounds(JsonElement amount) => "£" + amount.GetDecimal().ToString("#,##0.00", CultureInfo.InvariantCulture);

    private static string Count(JsonElement number) => number.GetInt64().ToString("#,##0", CultureInfo.InvariantCulture);

    private static ILocator Tile(IPage page, string metric) => page.GetByRole(AriaRole.Group, new() { Name = "Figures" }).GetByRole(AriaRole.Button, new() { Name = metric });

    private static async Task ShowsFigures(IPage page, JsonElement figures)
    {
        await Expect(Tile(page, "Revenue")).ToContainTextAsync(Pounds(figures.GetProperty("revenue")));
        await Expect(Tile(page, "Orders")).ToContainTextAsync(Count(figures.GetProperty("orders")));
        await Expect(Tile(page, "Customers")).ToContainTextAsync(Count(figures.GetProperty("customers")));
        await Expect(Tile(page, "Average order")).ToContainTextAsync(Pounds(figures.GetProperty("averageOrderValue")));
        await Expect(Tile(page, "Repeat rate")).ToContainTextAsync(figures.GetProperty("repeatRate").GetDecimal().ToString("0.#%", CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Signing_in_takes_nothing_but_the_keyboard()
    {
        await using var visit = await Visit.Begin(await browser.NewComputer(shop.Address));
        var page = visit.Page;
        await page.GotoAsync("/o/alpha/customers");
        await Expect(visit.Heading).ToHaveTextAsync("Sign in");
        await Expect(page.GetByLabel("Email address")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("admin@alpha.example");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("not the password");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The email address or the password is not right.");

        await Expect(page.GetByLabel("Password", new() { Exact = true })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Control+A");
        await page.Keyboard.TypeAsync(TestApp.Password);
        await page.Keyboard.PressAsync("Enter");
        // Back to what was asked for; without a wish it is the overview.
        await Expect(visit.Heading).ToHaveTextAsync("Customers");
        await visit.Open("/");
        await Expect(visit.Heading).ToHaveTextAsync("Overview");
        await Expect(page).ToHaveURLAsync(new Regex("/o/alpha/overview"));
    }

    [Fact]
    public async Task Who_comes_with_a_one_time_password_has_to_choose_another()
    {
        var email = await shop.NewPerson();
        await shop.Service.Run($"update platform.platform_users u set must_change_password = true where u.email = {email}", TestContext.Current.CancellationToken);
        await using var visit = await Visit.Begin(await browser.NewComputer(shop.Address));
        var page = visit.Page;
        await page.GotoAsync("/");
        await page.GetByLabel("Email address").FillAsync(email);
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(TestApp.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("Choose your password");

        // There is no way round.
        await page.GotoAsync("/o/alpha/overview");
        await Expect(visit.Heading).ToHaveTextAsync("Choose your password");

        await page.GetByLabel("Password you were given").FillAsync(TestApp.Password);
        await page.GetByLabel("New password", new() { Exact = true }).FillAsync("short");
        await page.GetByLabel("New password again").FillAsync("other");
        var save = page.GetByRole(AriaRole.Button, new() { Name = "Save and go on" });
        await save.ClickAsync();
        await Expect(page.GetByText("It needs at least 12 characters.")).ToBeVisibleAsync();
        await Expect(page.GetByText("The two are not the same.")).ToBeVisibleAsync();

        const string chosen = "a password of my own";
        await page.GetByLabel("New password", new() { Exact = true }).FillAsync(chosen);
        await page.GetByLabel("New password again").FillAsync(chosen);
        await save.ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("Overview");

        // And the chosen one is the one that counts.
        await page.GetByRole(AriaRole.Button, new() { Name = email[..32] }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByLabel("Email address").FillAsync(email);
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(chosen);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("Overview");
    }

    [Fact]
    public async Task The_overview_shows_what_the_API_says_and_a_country_narrows_it()
    {
        await using var visit = await Admin();
        var page = visit.Page;
        var api = await shop.Admin.Json($"api/overview?{Shop.Year}");
        await visit.Open(Overview);
        await ShowsFigures(page, api.GetProperty("current"));
        await Expect(page.GetByText($"{Count(api.GetProperty("current").GetProperty("refundCount"))} refunds")).ToBeVisibleAsync();
        await Expect(page.GetByText("1 adjustment")).ToBeVisibleAsync();
        var top = api.GetProperty("products")[0];
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Top products" }).GetByRole(AriaRole.Row).Nth(1)).ToContainTextAsync(top.GetProperty("name").GetString()!);
        await Expect(page.GetByRole(AriaRole.List, new() { Name = "Newest events" }).GetByRole(AriaRole.Listitem)).ToHaveCountAsync(12);

        var france = page.GetByRole(AriaRole.List, new() { Name = "Revenue by country" }).GetByRole(AriaRole.Button, new() { Name = "France" });
        await france.ClickAsync();
        var ofFrance = (await shop.Admin.Json($"api/overview?{Shop.Year}&country=France")).GetProperty("current");
        Assert.NotEqual(api.GetProperty("current").GetProperty("orders").GetInt64(), ofFrance.GetProperty("orders").GetInt64());
        await ShowsFigures(page, ofFrance);
        await Expect(page).ToHaveURLAsync(new Regex("country=France"));

        await page.ReloadAsync();
        await visit.Settled();
        await Expect(france).ToHaveAttributeAsync("aria-pressed", "true");
        await ShowsFigures(page, ofFrance);
        await page.GoBackAsync();
        await ShowsFigures(page, api.GetProperty("current"));
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task A_figure_that_is_picked_is_drawn()
    {
        await using var visit = await Admin();
        var page = visit.Page;
        await visit.Open(Overview);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Revenue over time" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Img, new() { Name = "Line chart of Revenue" })).ToBeVisibleAsync();
        await Tile(page, "Repeat rate").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Repeat rate over time" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Img, new() { Name = "Line chart of Repeat rate" })).ToBeVisibleAsync();
        await Expect(Tile(page, "Repeat rate")).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(page).ToHaveURLAsync(new Regex("metric=repeatRate"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Show as table: Repeat rate over time" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Repeat rate over time" }).GetByRole(AriaRole.Row)).Not.ToHaveCountAsync(1);
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task A_customer_is_found_opened_and_read_with_the_keyboard()
    {
        await using var visit = await Admin();
        var page = visit.Page;
        await visit.Open("/o/alpha/customers");
        await page.GetByLabel("Search name, email, identifier").FillAsync("lovelace");
        await Expect(page).ToHaveURLAsync(new Regex("search=lovelace"));
        var rows = page.GetByRole(AriaRole.Grid, new() { Name = "Customers" }).Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(1);
        await Expect(rows.First).ToContainTextAsync("Ada Lovelace");
        await rows.First.FocusAsync();
        await page.Keyboard.PressAsync("Enter");

        await Expect(visit.Heading).ToHaveTextAsync("Ada Lovelace");
        await Expect(page.Locator("main dl").First).ToContainTextAsync(Pounds(shop.Ada.GetProperty("revenue")));
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Order completed" })).ToHaveCountAsync(shop.Ada.GetProperty("orders").GetInt32());

        await page.GetByRole(AriaRole.Tab, new() { Name = "Orders" }).ClickAsync();
        var orders = page.GetByRole(AriaRole.Grid, new() { Name = "Orders" }).Locator("tbody tr");
        await Expect(orders.First).ToBeVisibleAsync();
        var number = (await orders.First.GetByRole(AriaRole.Gridcell).First.InnerTextAsync()).Trim();
        await orders.First.FocusAsync();
        await page.Keyboard.PressAsync("Enter");

        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog).ToContainTextAsync($"Order {number}");
        await Expect(page).ToHaveURLAsync(new Regex("order="));
        var order = await shop.Admin.Json($"api/orders/{Regex.Match(page.Url, "order=([0-9a-f-]{36})").Groups[1].Value}");
        var lines = dialog.GetByRole(AriaRole.Table, new() { Name = "Lines of the order" });
        foreach (var line in order.GetProperty("lines").EnumerateArray())
            await Expect(lines).ToContainTextAsync(line.GetProperty("name").GetString()!);
        await Expect(lines).ToContainTextAsync(Pounds(order.GetProperty("total")));
        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToHaveCountAsync(0);
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task Nothing_of_another_organization_is_anywhere()
    {
        Assert.Contains(Shop.Foreign, (await shop.Stranger.Json("api/customers")).ToString(), StringComparison.Ordinal);
        await using var visit = await Admin();
        var page = visit.Page;
        var answers = new StringBuilder();
        page.Response += async (_, response) =>
        {
            if (!response.Url.Contains("/api/", StringComparison.Ordinal)) return;
            var text = await response.TextAsync();
            lock (answers) answers.AppendLine(text);
        };
        foreach (var address in (string[])[Overview, "/o/alpha/customers", "/o/alpha/customers?search=Zyxwell", "/o/alpha/imports", "/o/alpha/settings/organization"])
        {
            await visit.Open(address);
            Assert.DoesNotContain(Shop.Foreign, await page.InnerTextAsync("#root"), StringComparison.OrdinalIgnoreCase);
        }
        await page.Keyboard.PressAsync("Control+K");
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Find a page" }).FillAsync(Shop.Foreign);
        await Expect(page.GetByText($"Nothing is called “{Shop.Foreign}”.")).ToBeVisibleAsync();
        lock (answers) Assert.DoesNotContain(Shop.Foreign, answers.ToString(), StringComparison.OrdinalIgnoreCase);

        var customer = (await shop.Stranger.Json("api/customers?limit=1")).GetProperty("items")[0].GetProperty("id").GetString();
        await page.GotoAsync($"/o/alpha/customers/{customer}");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This customer could not be loaded");
        await page.GotoAsync("/o/beta/overview");
        await Expect(visit.Heading).ToHaveTextAsync("This organization is not open to you");
    }

    [Fact]
    public async Task A_file_goes_in_is_watched_and_is_taken_out_again()
    {
        var csv = new StringBuilder("Order ID;Created at;SKU;Product name;Quantity;Unit price;Customer ID;Country\n");
        for (var i = 0; i < 3000; i++)
            csv.Append(CultureInfo.InvariantCulture, $"{50_000 + i / 2};2024-05-{1 + i % 28:00} 10:30;S{i % 40};Seed no {i % 40};{(i == 4 ? "many" : "2")};1,50;w{i / 2 % 100};Portugal\n");
        await using var visit = await Admin();
        var page = visit.Page;

        await visit.Open("/o/alpha/imports");
        await page.GetByRole(AriaRole.Link, new() { Name = "Import a file" }).ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("Import a file");
        var chooser = await page.RunAndWaitForFileChooserAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Choose a file" }).ClickAsync());
        await chooser.SetFilesAsync(new FilePayload { Name = "spring.csv", MimeType = "text/csv", Buffer = Encoding.UTF8.GetBytes(csv.ToString()) });

        // The columns are proposed by their names, the ways of writing by what stands there.
        await Expect(Field(page, "Order number")).ToHaveValueAsync("Order ID");
        await Expect(Field(page, "Ordered at")).ToHaveValueAsync("Created at");
        await Expect(Field(page, "Unit price")).ToHaveValueAsync("Unit price");
        await Expect(Field(page, "Customer identifier")).ToHaveValueAsync("Customer ID");
        await Expect(Field(page, "Between columns")).ToHaveValueAsync("Semicolon");
        await Expect(Field(page, "Decimal sign")).ToHaveValueAsync("Comma (1,5)");
        await Expect(page.GetByLabel("Date and time")).ToHaveValueAsync("yyyy-MM-dd HH:mm");
        await Expect(Content(page).GetByText("1 of the first 20 lines would be rejected.")).ToBeVisibleAsync();
        var read = page.GetByRole(AriaRole.Table, new() { Name = "As read" });
        await Expect(read).ToContainTextAsync("quantity \"many\" is not a number");

        // The columns follow another delimiter, and the check says what that breaks.
        await Field(page, "Between columns").ClickAsync();
        await page.GetByRole(AriaRole.Option, new() { Name = "Tab" }).ClickAsync();
        await Expect(Content(page).GetByText("The mapping has faults, marked on its fields.")).ToBeVisibleAsync();
        await page.GetByText("In the file", new() { Exact = true }).First.ClickAsync();
        var raw = page.GetByRole(AriaRole.Table, new() { Name = "In the file" });
        await Expect(raw.GetByRole(AriaRole.Columnheader)).ToHaveCountAsync(1);
        await Field(page, "Between columns").ClickAsync();
        await page.GetByRole(AriaRole.Option, new() { Name = "Semicolon" }).ClickAsync();
        await Expect(raw.GetByRole(AriaRole.Columnheader)).ToHaveCountAsync(8);
        await page.GetByText("As read", new() { Exact = true }).First.ClickAsync();
        await Expect(Content(page).GetByText("1 of the first 20 lines would be rejected.")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Start the import" }).ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("spring.csv");
        // At nought it has no width yet.
        await Expect(page.GetByRole(AriaRole.Progressbar)).ToBeAttachedAsync();
        await Expect(page.GetByText("You can leave this page; it goes on.")).ToBeVisibleAsync();
        await Expect(Content(page).GetByText("Completed", new() { Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(page.GetByRole(AriaRole.Progressbar)).ToHaveCountAsync(0);
        await Counted(page, "Lines read", "3,000");
        await Counted(page, "Accepted", "2,999");
        await Counted(page, "Rejected", "1");
        await Counted(page, "Orders", "1,500");
        await Counted(page, "New customers", "100");

        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Rejected lines" }).ClickAsync());
        Assert.Equal("spring.csv.rejects.csv", download.SuggestedFilename);
        var rejects = await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Contains("6,\"quantity \"\"many\"\" is not a number with \"\",\"\" as decimal sign.\",50002", rejects, StringComparison.Ordinal);

        await page.GetByRole(AriaRole.Button, new() { Name = "More actions" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Undo this import…" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog).ToContainTextAsync("1,500 orders are removed");
        await Expect(dialog).ToContainTextAsync("100 customers it created are removed too, except those who have orders or events from elsewhere");
        var undo = dialog.GetByRole(AriaRole.Button, new() { Name = "Undo the import" });
        await Expect(undo).ToBeDisabledAsync();
        await dialog.GetByLabel("Type spring.csv to go on").FillAsync("spring.cs");
        await Expect(undo).ToBeDisabledAsync();
        await dialog.GetByLabel("Type spring.csv to go on").FillAsync("spring.csv");
        await undo.ClickAsync();
        await Expect(Content(page).GetByText("Undone", new() { Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        Assert.Equal(0, (await shop.Admin.Json($"api/overview?{Shop.Year}&country=Portugal")).GetProperty("current").GetProperty("orders").GetInt64());
        Assert.Equal(0, (await shop.Admin.Json("api/customers?country=Portugal")).GetProperty("items").GetArrayLength());
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task Files_of_customers_and_of_events_go_in_and_are_taken_out_again()
    {
        await using var visit = await Admin();
        var page = visit.Page;
        await Send("Customers", "people.csv", "Customer no,Email,Name,City,Born\nW1,w1@w.example,Wanda,Porto,1990-05-01\nW2,w2@w.example,Wim,Porto,1991-06-02\n,,Nobody,,\n");
        await Expect(Field(page, "Customer identifier")).ToHaveValueAsync("Customer no");
        await Expect(Field(page, "Email")).ToHaveValueAsync("Email");
        await Field(page, "Date of birth").ClickAsync();
        await page.GetByRole(AriaRole.Option, new() { Name = "Born" }).ClickAsync();
        await Expect(Content(page).GetByText("1 of the first 3 lines would be rejected.")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "As read" })).ToContainTextAsync("A customer");
        await Expect(page.GetByText("Currency of the prices")).ToHaveCountAsync(0);
        await Run("people.csv");
        await Counted(page, "New customers", "2");
        await Counted(page, "Rejected", "1");
        Assert.Equal(2, (await shop.Admin.Json("api/customers?search=w.example")).GetProperty("items").GetArrayLength());
        await TakeBack("people.csv", "2 customers it created are removed too, except those who have orders or events from elsewhere");
        Assert.Equal(0, (await shop.Admin.Json("api/customers?search=w.example")).GetProperty("items").GetArrayLength());

        await Send("Events", "happened.jsonl", """
            {"type": "track", "event": "Shelf Dusted", "userId": "W9", "timestamp": "2024-03-01T10:00:00Z", "properties": {"shelf": 3}}
            {"type": "track", "event": "Shelf Dusted", "userId": "W9", "timestamp": "2024-03-02T10:00:00Z"}
            no json

            """);
        await Expect(Field(page, "Between columns")).ToHaveValueAsync("JSON: an object a line");
        await Expect(Field(page, "Whole message")).ToHaveValueAsync("$");
        await Expect(Content(page).GetByText("1 of the first 3 lines would be rejected.")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "As read" })).ToContainTextAsync("Shelf Dusted");
        await Run("happened.jsonl");
        await Counted(page, "Events", "2");
        await TakeBack("happened.jsonl", "2 events no longer count; they stay in the log, marked");
        Assert.Empty(visit.Faults);

        async Task Send(string kind, string name, string text)
        {
            await visit.Open("/o/alpha/imports/new");
            // By the keyboard: the kinds are one group, and the arrows go through it.
            await page.GetByRole(AriaRole.Radio, new() { Name = "Orders" }).FocusAsync();
            await page.Keyboard.PressAsync("ArrowRight");
            if (kind == "Events") await page.Keyboard.PressAsync("ArrowRight");
            await Expect(page.GetByText($"Drop a file of {kind.ToLowerInvariant()} here")).ToBeVisibleAsync();
            var chooser = await page.RunAndWaitForFileChooserAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Choose a file" }).ClickAsync());
            await chooser.SetFilesAsync(new FilePayload { Name = name, MimeType = "text/plain", Buffer = Encoding.UTF8.GetBytes(text) });
        }

        async Task Run(string name)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Start the import" }).ClickAsync();
            await Expect(visit.Heading).ToHaveTextAsync(name);
            await Expect(Content(page).GetByText("Completed", new() { Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        }

        async Task TakeBack(string name, string consequence)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "More actions" }).ClickAsync();
            await page.GetByRole(AriaRole.Menuitem, new() { Name = "Undo this import…" }).ClickAsync();
            var dialog = page.GetByRole(AriaRole.Dialog);
            await Expect(dialog).ToContainTextAsync(consequence);
            await dialog.GetByLabel($"Type {name} to go on").FillAsync(name);
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Undo the import" }).ClickAsync();
            await Expect(Content(page).GetByText("Undone", new() { Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        }
    }

    // What changes is also said to screen readers, outside of it.
    private static ILocator Content(IPage page) => page.GetByRole(AriaRole.Main);

    private static ILocator Field(IPage page, string label) => page.GetByRole(AriaRole.Combobox, new() { NameRegex = new Regex($"^{label}") }).First;

    private static Task Counted(IPage page, string label, string value) =>
        Expect(page.Locator("dl > div").Filter(new() { Has = page.Locator("dt", new() { HasTextRegex = new Regex($"^{label}$") }) }).Locator("dd").First).ToHaveTextAsync(value);

    [Fact]
    public async Task A_viewer_sees_imports_but_makes_none()
    {
        await using var visit = await shop.Visit(browser, "viewer@alpha.example");
        var page = visit.Page;
        await visit.Open("/o/alpha/imports");
        await Expect(page.GetByRole(AriaRole.Grid, new() { Name = "Imports" })).ToContainTextAsync("orders-2024.csv");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Import a file" })).ToHaveCountAsync(0);
        await visit.Open($"/o/alpha/imports/{shop.ImportId}");
        await page.GetByRole(AriaRole.Button, new() { Name = "More actions" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Menuitem)).ToHaveTextAsync(["Download the mapping"]);
        await visit.Open("/o/alpha/imports/new");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "You may not do this" })).ToBeVisibleAsync();
        await visit.Open("/o/alpha/settings/organization");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Save changes" })).ToHaveCountAsync(0);
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task French_stays_French()
    {
        var email = await shop.NewPerson();
        await using (var visit = await shop.Visit(browser, email))
        {
            await visit.Open(Overview);
            await visit.Page.GetByRole(AriaRole.Button, new() { Name = "(theme, language, sign out)" }).ClickAsync();
            await visit.Page.RunAndWaitForResponseAsync(
                () => visit.Page.GetByRole(AriaRole.Menuitemradio, new() { Name = "Français" }).ClickAsync(),
                r => r.Url.EndsWith("/api/session/preferences", StringComparison.Ordinal));
            await Expect(visit.Heading).ToHaveTextAsync("Vue d’ensemble");
            await visit.Page.ReloadAsync();
            await Expect(visit.Heading).ToHaveTextAsync("Vue d’ensemble");
            await Expect(visit.Page.Locator("html")).ToHaveAttributeAsync("lang", "fr");
            await Expect(visit.Page.GetByText("Chiffre d’affaires dans le temps")).ToBeVisibleAsync();
            Assert.Empty(visit.Faults);
        }
        // On another computer too.
        await using var elsewhere = await shop.Visit(browser, email);
        await elsewhere.Open("/o/alpha/customers");
        await Expect(elsewhere.Heading).ToHaveTextAsync("Clients");
    }

    [Fact]
    public async Task Dark_stays_dark()
    {
        await using var visit = await shop.Visit(browser, await shop.NewPerson());
        var page = visit.Page;
        var root = page.Locator("html");
        await visit.Open(Overview);
        await Expect(root).ToHaveAttributeAsync("data-mantine-color-scheme", "light");
        await page.GetByRole(AriaRole.Button, new() { Name = "(theme, language, sign out)" }).ClickAsync();
        await page.RunAndWaitForResponseAsync(
            () => page.GetByRole(AriaRole.Menuitemradio, new() { Name = "Dark" }).ClickAsync(),
            r => r.Url.EndsWith("/api/session/preferences", StringComparison.Ordinal));
        await Expect(root).ToHaveAttributeAsync("data-mantine-color-scheme", "dark");
        await page.ReloadAsync(new() { WaitUntil = WaitUntilState.Commit });
        await Expect(root).ToHaveAttributeAsync("data-mantine-color-scheme", "dark");
        await visit.Settled();
        var ground = await page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");
        Assert.True(Regex.Matches(ground, "[0-9]+").Select(m => int.Parse(m.Value, CultureInfo.InvariantCulture)).Take(3).Max() < 60, ground);
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task The_palette_finds_a_customer()
    {
        await using var visit = await Admin();
        var page = visit.Page;
        await visit.Open(Overview);
        await page.Keyboard.PressAsync("Control+K");
        await Expect(page.GetByRole(AriaRole.Combobox, new() { Name = "Find a page" })).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("hopper");
        await Expect(page.GetByRole(AriaRole.Option, new() { Name = "Grace Hopper" })).ToHaveAttributeAsync("aria-selected", "true");
        await page.Keyboard.PressAsync("Enter");
        await Expect(visit.Heading).ToHaveTextAsync("Grace Hopper");

        await page.Keyboard.PressAsync("Control+K");
        await Expect(page.GetByRole(AriaRole.Combobox, new() { Name = "Find a page" })).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("1001");
        await Expect(page.GetByRole(AriaRole.Option, new() { Name = "Order 1001" })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Option)).ToHaveCountAsync(0);
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task An_address_that_leads_nowhere_says_so()
    {
        await using var visit = await Admin();
        foreach (var address in (string[])["/o/alpha/no-such-page", "/nowhere"])
        {
            await visit.Open(address);
            await Expect(visit.Heading).ToHaveTextAsync("There is no such page");
        }
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Go to the overview" }).ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("Overview");
        Assert.Empty(visit.Faults);
    }

    [Theory]
    [InlineData(Overview, "**/api/overview?*", "The overview could not be loaded")]
    [InlineData("/o/alpha/customers", "**/api/customers?*", "The customers could not be loaded")]
    [InlineData("/o/alpha/imports", "**/api/imports", "The imports could not be loaded")]
    [InlineData("/o/alpha/settings/organization", "**/api/organization", "The settings could not be loaded")]
    public async Task A_server_in_trouble_is_named_with_a_code_and_can_be_asked_again(string address, string request, string what)
    {
        await using var visit = await Admin();
        var page = visit.Page;
        await page.RouteAsync(request, route => route.FulfillAsync(new()
        {
            Status = 500,
            ContentType = "application/problem+json",
            Body = """{"type":"about:blank","title":"Broken","status":500,"code":"internal_error","traceId":"00-4bf92f3577b34da6-01"}""",
        }));
        await page.GotoAsync(address);
        var alert = page.GetByRole(AriaRole.Alert);
        await Expect(alert).ToContainTextAsync(what);
        await Expect(alert).ToContainTextAsync("The server met a problem of its own.");
        await Expect(alert).ToContainTextAsync("internal_error · 00-4bf92f3577b34da6-01");
        await page.UnrouteAsync(request);
        await alert.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await Expect(alert).ToHaveCountAsync(0);
        await visit.Settled();
        await Expect(page.GetByText(what)).ToHaveCountAsync(0);
    }
}
