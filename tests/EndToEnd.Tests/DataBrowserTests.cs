using System.Diagnostics;
using System.Text.Json;
using Clientele.Platform.Tenancy;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Clientele.EndToEnd.Tests;

/// <summary>The data browser in a real browser: a table is opened, filtered, sorted, changed and looked back on; its call is run by curl itself.</summary>
[Collection<ConsoleCollection>]
public sealed class DataBrowserTests(Shop shop, Browser browser)
{
    private const string Table = "/o/alpha/data/commerce/customer_orders";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Issued(string Secret);

    private async Task<string> Key(Tenant tenant)
    {
        var db = shop.For(tenant with { Access = Access.System });
        var workspace = await db.One<Guid>($"select w.id from platform.workspaces w order by w.created_at limit 1", Ct);
        return (await db.One<Issued>($"select k.secret from platform.issue_api_key('curl', {workspace}) k", Ct)).Secret;
    }

    private static ILocator Cell(IPage page, int row, int column) => page.Locator($"[data-at='{row}:{column}']");

    /// <summary>Runs the call as somebody would who has copied it.</summary>
    private static async Task<JsonElement> Run(string call, string key)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-c", call.Replace("curl '", "curl -sS '", StringComparison.Ordinal)]) { RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["CLIENTELE_KEY"] = key } })!;
        var (output, errors) = (shell.StandardOutput.ReadToEndAsync(Ct), shell.StandardError.ReadToEndAsync(Ct));
        await shell.WaitForExitAsync(Ct);
        Assert.True(shell.ExitCode == 0, await errors);
        return JsonSerializer.Deserialize<JsonElement>(await output);
    }

    [Fact]
    public async Task A_table_is_found_filtered_sorted_changed_and_asked_for_by_curl()
    {
        await using var visit = await shop.Visit(browser, await shop.NewPerson());
        var page = visit.Page;
        var grid = page.GetByRole(AriaRole.Grid);

        // Found by part of its name.
        await visit.Open("/o/alpha/data?schema=customers");
        await page.GetByPlaceholder("Find a table").FillAsync("customer_orders");
        await page.GetByRole(AriaRole.Link, new() { Name = "commerce.customer_orders", Exact = true }).ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("customer_orders");
        var all = await shop.Db.One<long>($"select count(*) from commerce.customer_orders", Ct);
        await Expect(page.Locator("#main").GetByText($"{all} rows", new() { Exact = true })).ToBeVisibleAsync();

        // Filtered: column, comparison, value.
        await page.GetByRole(AriaRole.Button, new() { Name = "Filter", Exact = true }).ClickAsync();
        var column = page.GetByRole(AriaRole.Combobox, new() { Name = "Column" });
        await column.FillAsync("kind");
        await page.GetByRole(AriaRole.Option, new() { Name = "kind", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Value" }).ClickAsync();
        await page.GetByRole(AriaRole.Option, new() { Name = "order", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
        var orders = await shop.Db.One<long>($"select count(*) from commerce.customer_orders o where o.kind = 'order'", Ct);
        await Expect(page.Locator("#main").GetByText($"{orders} rows", new() { Exact = true })).ToBeVisibleAsync();
        Assert.Contains("where=kind.eq.order", page.Url, StringComparison.Ordinal);
        // The address is the state: other columns, and the same filter.
        await page.GotoAsync(page.Url + "&columns=order_id,order_total,notes,customer_id,ordered_at");
        await Expect(grid.GetByRole(AriaRole.Columnheader, new() { Name = "notes" })).ToBeVisibleAsync();

        // Sorted by a head, then the other way round.
        var head = grid.GetByRole(AriaRole.Columnheader, new() { Name = "ordered_at" });
        await head.GetByRole(AriaRole.Button).ClickAsync();
        await Expect(head).ToHaveAttributeAsync("aria-sort", "ascending");
        await head.GetByRole(AriaRole.Button).ClickAsync();
        await Expect(head).ToHaveAttributeAsync("aria-sort", "descending");
        var newest = await shop.Db.One<string>($"select o.order_id from commerce.customer_orders o where o.kind = 'order' order by o.ordered_at desc limit 1", Ct);
        await Expect(Cell(page, 0, 1)).ToHaveTextAsync(newest);

        // A cell, by the keyboard alone.
        var word = "Looked at " + Guid.NewGuid().ToString("N")[..8];
        await Cell(page, 0, 1).FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(Cell(page, 0, 3)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "notes" }).FillAsync(word);
        await page.Keyboard.PressAsync("Enter");
        await Expect(Cell(page, 0, 3)).ToHaveTextAsync(word);
        // Enter goes on to the cell below.
        await Expect(Cell(page, 1, 3)).ToBeFocusedAsync();
        Assert.Equal(word, await shop.Db.One<string>($"select o.notes from commerce.customer_orders o where o.order_id = {newest}", Ct));

        // What the table does not take stands beside the field, and nothing has changed.
        Assert.Empty(visit.Faults);
        // An amount has its two places, as PostgreSQL keeps it.
        var total = await shop.Db.One<string>($"select o.order_total::text from commerce.customer_orders o where o.order_id = {newest}", Ct);
        await Expect(Cell(page, 0, 2)).ToHaveTextAsync(total);
        await Cell(page, 0, 2).FocusAsync();
        await page.Keyboard.PressAsync("F2");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "order_total" }).FillAsync("1");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByText("The table asks: order_total = (((subtotal + tax_amount) + shipping_amount) - discount_amount)").First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "order_total" }).PressAsync("Escape");
        await Expect(Cell(page, 0, 2)).ToBeFocusedAsync();
        await Expect(Cell(page, 0, 2)).ToHaveTextAsync(total);
        Assert.All(visit.Faults, f => Assert.Contains("400", f, StringComparison.Ordinal));
        visit.Faults.Clear();

        // A key is picked by the name of what it leads to.
        await Cell(page, 0, 4).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var picker = page.GetByRole(AriaRole.Combobox, new() { Name = "customer_id" });
        await picker.FillAsync("radia");
        await page.GetByRole(AriaRole.Option, new() { Name = "Radia Perlman" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await Expect(Cell(page, 0, 4)).ToContainTextAsync("Radia Perlman");
        Assert.Equal("Radia Perlman", await shop.Db.One<string>($"select c.name from commerce.customer_orders o join customers.customers c on c.id = o.customer_id where o.order_id = {newest}", Ct));

        // The row, where it leads, and who changed it.
        await Cell(page, 0, 1).FocusAsync();
        await page.Keyboard.PressAsync(" ");
        var drawer = page.GetByRole(AriaRole.Dialog);
        await drawer.GetByRole(AriaRole.Tab, new() { Name = "Relations" }).ClickAsync();
        await Expect(drawer.GetByRole(AriaRole.Link, new() { Name = "Radia Perlman" })).ToBeVisibleAsync();
        await Expect(drawer.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "customer_order_items" })).ToContainTextAsync((await shop.Db.One<long>(
            $"select count(*) from commerce.customer_order_items i join commerce.customer_orders o on o.id = i.order_id where o.order_id = {newest}", Ct)).ToString(System.Globalization.CultureInfo.InvariantCulture));
        await drawer.GetByRole(AriaRole.Tab, new() { Name = "History" }).ClickAsync();
        var entries = drawer.GetByRole(AriaRole.List, new() { Name = "History" }).GetByRole(AriaRole.Listitem);
        await Expect(entries).ToHaveCountAsync(2);
        await Expect(entries.Nth(1)).ToContainTextAsync(word);
        await Expect(entries.Nth(1)).ToContainTextAsync("changed it");
        await page.Keyboard.PressAsync("Escape");
        await Expect(Cell(page, 0, 1)).ToBeFocusedAsync();

        // The call gives what is on the screen, and to another organization's key nothing of it.
        await page.GetByRole(AriaRole.Button, new() { Name = "As a call" }).ClickAsync();
        var call = (await page.Locator("pre").TextContentAsync())!;
        var rows = await Run(call, await Key(shop.Alpha));
        Assert.Equal(Math.Min(50, orders), rows.GetArrayLength());
        Assert.Equal((newest, word), (rows[0].GetProperty("order_id").GetString(), rows[0].GetProperty("notes").GetString()));
        var foreign = await Run(call, await Key(shop.Beta));
        Assert.DoesNotContain(newest, foreign.EnumerateArray().Select(r => r.GetProperty("order_id").GetString()));
        Assert.All(foreign.EnumerateArray(), r => Assert.StartsWith("77", r.GetProperty("order_id").GetString(), StringComparison.Ordinal));
        Assert.DoesNotContain("sk_", call, StringComparison.Ordinal);
        Assert.Empty(visit.Faults);
    }

    [Theory]
    [InlineData("where=kind.eq.order,order_total.gte.20,promotion_code.is.null,order_status.not.is.null,kind.in.(order,refund),order_id.not.ilike.*9*&sort=ordered_at.desc,order_total&count=exact")]
    [InlineData("where=order_id.ilike.10*,order_total.lt.0&match=any&sort=order_id&page=2&size=25&count=exact")]
    public async Task The_call_for_the_client_gives_what_is_on_the_screen(string search)
    {
        var folder = Path.Combine(Testing.SharedData.Root, "tests", "Clients", "postgrest-js");
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            using var install = Process.Start(new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--prefix", folder]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            await install.WaitForExitAsync(Ct);
            Assert.SkipWhen(install.ExitCode != 0, "The client could not be installed from the npm registry.");
        }
        await using var visit = await shop.Visit(browser, await shop.NewPerson());
        await visit.Open($"{Table}?{search}&columns=order_id,order_total&show=call");
        await visit.Page.GetByText("postgrest-js", new() { Exact = true }).ClickAsync();
        await Expect(visit.Page.Locator("pre")).ToContainTextAsync("new PostgrestClient");
        var call = (await visit.Page.Locator("pre").TextContentAsync())! + "console.log(JSON.stringify({ data, count, error }))";
        using var node = Process.Start(new ProcessStartInfo("node", ["--input-type=module", "-e", call]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["CLIENTELE_KEY"] = await Key(shop.Alpha) } })!;
        var (output, errors) = (node.StandardOutput.ReadToEndAsync(Ct), node.StandardError.ReadToEndAsync(Ct));
        await node.WaitForExitAsync(Ct);
        Assert.True(node.ExitCode == 0, await errors);
        var answer = JsonSerializer.Deserialize<JsonElement>(await output);
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("error").ValueKind);

        await visit.Page.Keyboard.PressAsync("Escape");
        var rows = visit.Page.Locator("tbody tr:not([aria-hidden])");
        await Expect(rows).ToHaveCountAsync(answer.GetProperty("data").GetArrayLength());
        Assert.NotEqual(0, answer.GetProperty("data").GetArrayLength());
        var number = 0;
        foreach (var row in answer.GetProperty("data").EnumerateArray()) await Expect(Cell(visit.Page, number++, 1)).ToHaveTextAsync(row.GetProperty("order_id").GetString()!);
        await Expect(visit.Page.Locator("#main").GetByText($"{answer.GetProperty("count")} rows", new() { Exact = true })).ToBeVisibleAsync();
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task Rows_are_added_brought_in_from_a_file_and_deleted_and_brought_back()
    {
        var tag = Guid.NewGuid().ToString("N")[..8];
        await using var visit = await shop.Visit(browser, await shop.NewPerson());
        var page = visit.Page;
        await visit.Open($"/o/alpha/data/customers/customers?where=customer_id.ilike.{tag}*&columns=customer_id,name,email&sort=customer_id");
        await Expect(page.GetByText("No row is like that")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "New row" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Textbox, new() { Name = "name", Exact = true }).FillAsync("Added \\ by hand");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add the row" }).ClickAsync();
        await Expect(dialog.GetByText("A value is needed here.")).ToBeVisibleAsync();
        await Expect(dialog.GetByRole(AriaRole.Textbox, new() { Name = "customer_id" })).ToBeFocusedAsync();
        visit.Faults.Clear();
        await dialog.GetByRole(AriaRole.Textbox, new() { Name = "customer_id" }).FillAsync(tag + "-1");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add the row" }).ClickAsync();
        await Expect(Cell(page, 0, 2)).ToHaveTextAsync("Added \\ by hand");

        // Of four lines one is the same as a row that is there, and one is no address.
        await page.GetByRole(AriaRole.Button, new() { Name = "Import", Exact = true }).ClickAsync();
        await dialog.Locator("input[type=file]").Or(page.Locator("input[type=file]")).First.SetInputFilesAsync(new FilePayload
        {
            Name = "people.csv",
            MimeType = "text/csv",
            Buffer = System.Text.Encoding.UTF8.GetBytes($"Customer ID,Name,Email\n{tag}-2,Two,two@{tag}.example\n{tag}-1,Again,\n{tag}-3,\"Three, the third\",three@{tag}.example\n{tag}-4,Four,{new string('x', 400)}\n"),
        });
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Import 4 lines" }).ClickAsync();
        await Expect(dialog.GetByText("2 lines written, 2 refused.")).ToBeVisibleAsync();
        var refused = dialog.GetByRole(AriaRole.Table, new() { Name = "Lines that were refused" });
        await Expect(refused.GetByRole(AriaRole.Row).Nth(1)).ToContainTextAsync("3");
        await Expect(refused.GetByRole(AriaRole.Row).Nth(1)).ToContainTextAsync("customer_id: Another row has this already.");
        await Expect(refused.GetByRole(AriaRole.Row).Nth(2)).ToContainTextAsync("email");
        visit.Faults.Clear();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Close" }).Last.ClickAsync();
        await Expect(Cell(page, 2, 2)).ToHaveTextAsync("Three, the third");

        // A file of what is on the screen; where the browser asks nobody for its place, it is a download.
        await page.EvaluateAsync("window.showSaveFilePicker = undefined");
        await page.GetByRole(AriaRole.Button, new() { Name = "Export" }).ClickAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Menuitem, new() { Name = "CSV" }).ClickAsync());
        Assert.Equal("customers.customers.csv", download.SuggestedFilename);
        using (var file = new StreamReader(await download.CreateReadStreamAsync()))
            Assert.Equal($"customer_id,name,email\n{tag}-1,\"Added \\ by hand\",\n{tag}-2,Two,two@{tag}.example\n{tag}-3,\"Three, the third\",three@{tag}.example\n", await file.ReadToEndAsync(Ct));

        // Deleted after its name was typed, and brought back.
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "Mark all rows of the page" }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete 3 rows" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Textbox).FillAsync("customers");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Delete 3 rows" }).ClickAsync();
        await Expect(page.GetByText("No row is like that")).ToBeVisibleAsync();
        Assert.Equal(0, await shop.Db.One<long>($"select count(*) from customers.customers c where c.customer_id like {tag + "%"}", Ct));
        await page.GetByRole(AriaRole.Button, new() { Name = "Bring the rows back" }).ClickAsync();
        await Expect(Cell(page, 2, 2)).ToHaveTextAsync("Three, the third");
        Assert.Equal(3, await shop.Db.One<long>($"select count(*) from customers.customers c where c.customer_id like {tag + "%"}", Ct));
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task Who_only_reads_is_shown_no_way_to_write_and_nobody_sees_another_organization()
    {
        await using var viewer = await shop.Visit(browser, await shop.NewPerson("viewer"));
        await viewer.Open(Table);
        await Expect(viewer.Page.GetByText("You read here.")).ToBeVisibleAsync();
        await Expect(viewer.Page.GetByRole(AriaRole.Button, new() { Name = "New row" })).ToHaveCountAsync(0);
        await Cell(viewer.Page, 0, 2).FocusAsync();
        await viewer.Page.Keyboard.PressAsync(" ");
        await viewer.Page.GetByRole(AriaRole.Tab, new() { Name = "History" }).ClickAsync();
        await Expect(viewer.Page.GetByText("You may not do this")).ToBeVisibleAsync();
        await Expect(viewer.Page.GetByRole(AriaRole.Grid)).Not.ToContainTextAsync("770001");

        // A row of beta's, by an address that somebody passed on.
        var theirs = await shop.For(shop.Beta).One<Guid>($"select o.id from commerce.customer_orders o order by o.ordered_at limit 1", Ct);
        await using var admin = await shop.Visit(browser, await shop.NewPerson());
        await admin.Open($"{Table}?where=id.eq.{theirs}&row={theirs}");
        await Expect(admin.Page.GetByText("There is no such row")).ToBeVisibleAsync();
        await Expect(admin.Page.GetByText("No row is like that")).ToBeVisibleAsync();
        await Expect(admin.Page.Locator("body")).Not.ToContainTextAsync(Shop.Foreign);
        Assert.Empty(admin.Faults);
    }
}
