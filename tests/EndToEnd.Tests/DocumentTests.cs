using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Clientele.EndToEnd.Tests;

/// <summary>Documents on the page of a customer: added, opened by a link, deleted; with the keyboard.</summary>
[Collection<ConsoleCollection>]
public sealed class DocumentTests(Shop shop, Browser browser)
{
    private static readonly byte[] picture = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private static ILocator Notice(IPage page) => page.GetByRole(AriaRole.Region, new() { Name = "What was just done" });

    private async Task<string> NewCustomer() =>
        $"/o/alpha/customers/{await shop.Db.One<Guid>($"insert into customers.customers (customer_id, name) values ({Guid.NewGuid().ToString("N")}, 'Doc Person') returning id", TestContext.Current.CancellationToken)}?tab=files";

    private static async Task Add(IPage page, string name, string type, byte[] bytes)
    {
        var chooser = await page.RunAndWaitForFileChooserAsync(async () =>
        {
            await Button(page, "Add a document").FocusAsync();
            await page.Keyboard.PressAsync("Enter");
        });
        await chooser.SetFilesAsync(new FilePayload { Name = name, MimeType = type, Buffer = bytes });
    }

    [Fact]
    public async Task A_document_is_added_opened_and_deleted_with_the_keyboard()
    {
        await using var visit = await shop.Visit(browser, await shop.NewPerson());
        var page = visit.Page;
        await visit.Open(await NewCustomer());
        await Expect(page.GetByText("No documents yet")).ToBeVisibleAsync();
        await Add(page, "notes.txt", "text/plain", "Some words."u8.ToArray());
        await Expect(Notice(page)).ToContainTextAsync("notes.txt was added.");
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "Sensitive" }).FocusAsync();
        await page.Keyboard.PressAsync("Space");
        await Add(page, "card.png", "image/png", picture);
        var lines = page.GetByRole(AriaRole.List, new() { Name = "Documents" }).GetByRole(AriaRole.Listitem);
        await Expect(lines).ToHaveCountAsync(2);
        await Expect(lines.First).ToContainTextAsync("Sensitive");

        // A text is downloaded, a picture opens in a tab of its own, where nothing runs.
        var download = await page.RunAndWaitForDownloadAsync(() => Button(page, "Open notes.txt").PressAsync("Enter"));
        Assert.Equal(("notes.txt", "Some words."), (download.SuggestedFilename, await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken)));
        var tab = await page.Context.RunAndWaitForPageAsync(() => Button(page, "Open card.png").PressAsync("Enter"));
        await tab.WaitForLoadStateAsync();
        Assert.Equal(1, await tab.Locator("img").EvaluateAsync<int>("image => image.naturalWidth"));
        await tab.CloseAsync();

        await Button(page, "Delete notes.txt").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Leave as it is" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(Button(page, "Delete notes.txt")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Delete" }).PressAsync("Enter");
        await Expect(lines).ToHaveCountAsync(1);
        await Expect(page.GetByRole(AriaRole.List, new() { Name = "Documents" })).ToBeFocusedAsync();
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task What_is_not_taken_is_said_beside_the_button_and_nothing_is_added()
    {
        await using var visit = await shop.Visit(browser, await shop.NewPerson());
        await visit.Open(await NewCustomer());
        await Add(visit.Page, "drawing.svg", "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"u8.ToArray());
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Files of this type are not taken");
        await Expect(visit.Page.GetByText("No documents yet")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_viewer_opens_what_is_not_sensitive_and_adds_nothing()
    {
        await using var visit = await shop.Visit(browser, await shop.NewPerson("viewer"));
        await visit.Open($"/o/alpha/customers/{shop.Ada.GetProperty("id")}?tab=files");
        await Expect(Button(visit.Page, "Open Framework contract 2026.pdf")).ToBeVisibleAsync();
        await Expect(visit.Page.GetByText("Opening it needs the permission for sensitive files")).ToBeVisibleAsync();
        foreach (var name in (string[])["Open Passport.png", "Add a document", "Delete Passport.png"]) await Expect(Button(visit.Page, name)).ToHaveCountAsync(0);
        Assert.Empty(visit.Faults);
    }
}
