using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Clientele.EndToEnd.Tests;

/// <summary>Two profiles are made one person on the page of one of them, and taken apart again; a person is erased.</summary>
[Collection<ConsoleCollection>]
public sealed class PersonTests(Shop shop, Browser browser)
{
    private static readonly string[] blocking = ["serious", "critical"];

    private Task<Visit> Admin() => shop.Visit(browser, "admin@alpha.example");

    private static ILocator Dialog(IPage page) => page.GetByRole(AriaRole.Dialog);

    private static ILocator Notice(IPage page) => page.GetByRole(AriaRole.Region, new() { Name = "What was just done" });

    private static ILocator MergedProfiles(IPage page) => page.GetByRole(AriaRole.List, new() { Name = "Merged profiles" }).GetByRole(AriaRole.Listitem);

    private static Regex Address(Guid person) => new($"/o/alpha/customers/{person}");

    /// <summary>People whom no other test knows: what is done to them disturbs nobody.</summary>
    private async Task<Guid> NewCustomer(string name, string id, string? email = null, string? phone = null) => await shop.Db.One<Guid>($"""
        insert into customers.customers (customer_id, name, email, phone, tags)
        values ({id}, {name}, {email}, {phone}, array[{id}])
        returning id
        """, TestContext.Current.CancellationToken);

    private static string Fresh() => Guid.NewGuid().ToString("N")[..12];

    private static async Task<ILocator> Act(IPage page, string name)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "More actions" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = name }).ClickAsync();
        return Dialog(page);
    }

    // Finds somebody by the name of the one the page is about, which the search begins with, and merges the two.
    private static async Task Merge(Visit visit, string other)
    {
        var dialog = await Act(visit.Page, "Merge with…");
        await dialog.GetByRole(AriaRole.Combobox).FillAsync(other);
        await Expect(dialog.GetByRole(AriaRole.Option)).ToHaveCountAsync(1);
        await dialog.GetByRole(AriaRole.Option).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Merge", Exact = true }).ClickAsync();
        await Expect(Notice(visit.Page)).ToContainTextAsync("was merged into");
    }

    [Fact]
    public async Task Two_profiles_become_one_person_with_the_keyboard_and_are_two_again()
    {
        var name = "Mary " + Fresh();
        var (mary, guest) = (await NewCustomer(name, "m" + Fresh()), await NewCustomer(name, "g" + Fresh(), email: "mary@guest.example", phone: "+442079460000"));
        await using var visit = await Admin();
        var page = visit.Page;
        await visit.Open($"/o/alpha/customers/{mary}");
        var more = page.GetByRole(AriaRole.Button, new() { Name = "More actions" });
        await more.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Menuitem, new() { Name = "Merge with…" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");

        // Namesakes are proposed, but not the person itself.
        var dialog = Dialog(page);
        await Expect(dialog.GetByRole(AriaRole.Combobox)).ToBeFocusedAsync();
        await Expect(dialog.GetByRole(AriaRole.Combobox)).ToHaveValueAsync(name);
        await Expect(dialog.GetByRole(AriaRole.Option)).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(more).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Menuitem, new() { Name = "Merge with…" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        // Whom the search found a moment ago is listed at once, before the field has the focus that Enter needs.
        await Expect(dialog.GetByRole(AriaRole.Combobox)).ToBeFocusedAsync();
        await Expect(dialog.GetByRole(AriaRole.Option)).ToContainTextAsync("mary@guest.example");
        await page.Keyboard.PressAsync("Enter");

        await Expect(dialog.GetByRole(AriaRole.Table, new() { Name = "The two profiles" })).ToContainTextAsync("mary@guest.example");
        var takes = dialog.GetByRole(AriaRole.List, new() { NameRegex = new Regex("takes over$") });
        await Expect(takes).ToContainTextAsync("Email: mary@guest.example");
        await Expect(takes).ToContainTextAsync("Phone: +442079460000");
        await dialog.GetByLabel("Why they are the same person").FillAsync("Same address");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Tab");
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Merge", Exact = true })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");

        await Expect(Notice(page)).ToContainTextAsync("was merged into");
        await Expect(more).ToBeFocusedAsync();
        await Expect(page.GetByText("mary@guest.example")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Tab, new() { Name = "Details" }).ClickAsync();
        await Expect(MergedProfiles(page)).ToHaveCountAsync(1);
        await Expect(MergedProfiles(page)).ToContainTextAsync("Merged by admin");
        await Expect(MergedProfiles(page)).ToContainTextAsync("Same address");
        Assert.Equal(1, (await shop.Admin.Json($"api/customers?search={Uri.EscapeDataString(name)}")).GetProperty("items").GetArrayLength());

        // The merged profile's address is the person's now, with what it showed.
        await page.GotoAsync($"/o/alpha/customers/{guest}?tab=details");
        await Expect(page).ToHaveURLAsync(new Regex($"/o/alpha/customers/{mary}\\?tab=details$"));
        await Expect(MergedProfiles(page)).ToHaveCountAsync(1);

        await MergedProfiles(page).GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Undo the merge of") }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var undo = dialog.GetByRole(AriaRole.Button, new() { Name = "Undo the merge" });
        await Expect(undo).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(Notice(page)).ToContainTextAsync("is a profile of its own again");
        await Expect(MergedProfiles(page).GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
        await Expect(MergedProfiles(page)).ToContainTextAsync("Undone");
        await MergedProfiles(page).GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();
        await Expect(page).ToHaveURLAsync(Address(guest));
        await Expect(page.GetByText("mary@guest.example")).ToBeVisibleAsync();
        Assert.Equal(JsonValueKind.Null, (await shop.Admin.Json($"api/customers/{mary}")).GetProperty("email").ValueKind);
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task The_other_one_may_stay_and_a_merge_is_undone_where_it_was_said()
    {
        var (paul, pauline) = ("Paul " + Fresh(), "Pauline " + Fresh());
        var (first, second) = (await NewCustomer(paul, "p" + Fresh()), await NewCustomer(pauline, "q" + Fresh()));
        await using var visit = await Admin();
        var page = visit.Page;
        await visit.Open($"/o/alpha/customers/{first}");
        var dialog = await Act(page, "Merge with…");
        await dialog.GetByRole(AriaRole.Combobox).FillAsync(pauline);
        await Expect(dialog.GetByRole(AriaRole.Option)).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Enter");
        await dialog.GetByRole(AriaRole.Button, new() { Name = $"Let {pauline} stay instead" }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Heading, new() { Name = $"{pauline} takes over" })).ToBeVisibleAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Merge", Exact = true }).ClickAsync();

        // Whose page it was is somebody else now: the page goes along.
        await Expect(page).ToHaveURLAsync(Address(second));
        await Expect(visit.Heading).ToHaveTextAsync(pauline);
        await Expect(Notice(page)).ToContainTextAsync($"{paul} was merged into {pauline}.");
        await Notice(page).GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Expect(Notice(page)).ToContainTextAsync($"{paul} is a profile of its own again.");
        await visit.Open($"/o/alpha/customers/{first}");
        await Expect(visit.Heading).ToHaveTextAsync(paul);
        await Expect(page).ToHaveURLAsync(Address(first));
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task Only_the_last_merge_can_be_undone_and_a_refusal_is_told()
    {
        var names = new[] { "Rosa " + Fresh(), "Rosie " + Fresh(), "Rose " + Fresh() };
        var ids = new Guid[3];
        for (var i = 0; i < ids.Length; i++) ids[i] = await NewCustomer(names[i], "r" + Fresh());
        await using var visit = await Admin();
        var page = visit.Page;
        await visit.Open($"/o/alpha/customers/{ids[0]}?tab=details");
        await Expect(page.GetByText("No other profile has been merged into this one.")).ToBeVisibleAsync();
        await Merge(visit, names[1]);
        await Expect(MergedProfiles(page)).ToHaveCountAsync(1);
        var undo = MergedProfiles(page).GetByRole(AriaRole.Button);
        await undo.ClickAsync();

        // Meanwhile somebody else merges a third profile.
        using (var merged = await shop.Admin.Post($"api/customers/{ids[0]}/merge", new { merged = ids[2], reason = "" })) Assert.True(merged.IsSuccessStatusCode);
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Undo the merge" }).ClickAsync();
        await Expect(Dialog(page).GetByRole(AriaRole.Alert)).ToContainTextAsync("A later merge stands on this one.");
        await Expect(Dialog(page).GetByRole(AriaRole.Alert)).ToContainTextAsync("wrong_state");
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Leave as it is" }).ClickAsync();
        await page.ReloadAsync();
        await Expect(MergedProfiles(page)).ToHaveCountAsync(2);
        await Expect(MergedProfiles(page).Nth(0).GetByRole(AriaRole.Button)).ToHaveCountAsync(1);
        await Expect(MergedProfiles(page).Nth(1)).ToContainTextAsync("Undo the later one first");
    }

    [Fact]
    public async Task An_erased_person_is_gone_for_good()
    {
        var (id, name) = ("e" + Fresh(), "Erna " + Fresh());
        var person = await NewCustomer(name, id, email: "erna@gone.example");
        await using var visit = await Admin();
        var page = visit.Page;
        await visit.Open($"/o/alpha/customers/{person}");
        var dialog = await Act(page, "Erase…");
        await Expect(dialog.GetByRole(AriaRole.List, new() { Name = "This will happen:" })).ToContainTextAsync($"every identifier, {id} among them");
        await Expect(dialog.GetByRole(AriaRole.List, new() { Name = "This stays:" })).ToContainTextAsync("under the same pseudonym");
        await Expect(dialog).ToContainTextAsync("This cannot be undone by anybody.");
        var erase = dialog.GetByRole(AriaRole.Button, new() { Name = "Erase for good" });
        await Expect(erase).ToBeDisabledAsync();
        await dialog.GetByLabel($"Type {id} to go on").FillAsync(name);
        await Expect(erase).ToBeDisabledAsync();
        await dialog.GetByLabel($"Type {id} to go on").FillAsync(id);
        await page.Keyboard.PressAsync("Enter");

        await Expect(page).ToHaveURLAsync(new Regex("/o/alpha/customers$"));
        await Expect(visit.Heading).ToHaveTextAsync("Customers");
        await Expect(Notice(page)).ToContainTextAsync("The customer was erased. Orders and payments stay under a pseudonym.");
        Assert.Equal(0, (await shop.Admin.Json($"api/customers?search={Uri.EscapeDataString(name)}")).GetProperty("items").GetArrayLength());
        await visit.Open($"/o/alpha/customers/{person}");
        await Expect(page.GetByText("This customer was erased")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "More actions" })).ToHaveCountAsync(0);
        Assert.DoesNotContain(name, await page.InnerTextAsync("#root"), StringComparison.Ordinal);
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task A_viewer_sees_what_was_merged_and_is_offered_nothing_else()
    {
        var (anna, anne) = (await NewCustomer("Anna " + Fresh(), "a" + Fresh()), await NewCustomer("Anne " + Fresh(), "b" + Fresh()));
        using (var merged = await shop.Admin.Post($"api/customers/{anna}/merge", new { merged = anne, reason = "Sisters they are not" })) Assert.True(merged.IsSuccessStatusCode);
        await using var visit = await shop.Visit(browser, "viewer@alpha.example");
        var page = visit.Page;
        await visit.Open($"/o/alpha/customers/{anna}?tab=details");
        await Expect(MergedProfiles(page)).ToContainTextAsync("Sisters they are not");
        await Expect(MergedProfiles(page).GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "More actions" })).ToHaveCountAsync(0);
        Assert.Empty(visit.Faults);
    }

    [Fact]
    public async Task Merged_profiles_that_do_not_come_are_named_with_a_code_and_can_be_asked_for_again()
    {
        await using var visit = await Admin();
        var page = visit.Page;
        await page.RouteAsync("**/api/customers/*/merges", route => route.FulfillAsync(new()
        {
            Status = 500,
            ContentType = "application/problem+json",
            Body = """{"type":"about:blank","title":"Broken","status":500,"code":"internal_error","traceId":"00-4bf92f3577b34da6-01"}""",
        }));
        await page.GotoAsync($"/o/alpha/customers/{shop.Ada.GetProperty("id")}?tab=details");
        var alert = page.GetByRole(AriaRole.Alert);
        await Expect(alert).ToContainTextAsync("The merged profiles could not be loaded");
        await Expect(alert).ToContainTextAsync("internal_error · 00-4bf92f3577b34da6-01");
        await page.UnrouteAsync("**/api/customers/*/merges");
        await alert.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await Expect(page.GetByText("No other profile has been merged into this one.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_dialogs_are_accessible_and_fit_a_phone_in_both_themes()
    {
        Assert.SkipUnless(File.Exists(Browser.Axe), "axe-core is not installed: npm --prefix ui ci.");
        var other = "Zoe " + Fresh();
        var zoe = await NewCustomer("Zoe " + Fresh(), "z" + Fresh());
        await NewCustomer(other, "y" + Fresh(), email: "zoe@example.org");
        foreach (var width in (int[])[1440, 390])
        {
            await using var visit = await shop.Visit(browser, "admin@alpha.example", new() { BypassCSP = true, ColorScheme = ColorScheme.Light, ViewportSize = new() { Width = width, Height = 844 } });
            var page = visit.Page;
            await visit.Open($"/o/alpha/customers/{zoe}?tab=details");
            await Sound(page);
            var dialog = await Act(page, "Merge with…");
            await dialog.GetByRole(AriaRole.Combobox).FillAsync(other);
            await Expect(dialog.GetByRole(AriaRole.Option)).ToHaveCountAsync(1);
            await Sound(page);
            await page.Keyboard.PressAsync("Enter");
            await Expect(dialog.GetByRole(AriaRole.Table)).ToBeVisibleAsync();
            await Sound(page);
            await page.Keyboard.PressAsync("Escape");
            dialog = await Act(page, "Erase…");
            await Expect(dialog.GetByRole(AriaRole.Textbox)).ToBeFocusedAsync();
            await Sound(page);
        }
    }

    private static async Task Sound(IPage page)
    {
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await Expect(page.Locator("html")).ToHaveAttributeAsync("data-mantine-color-scheme", scheme == ColorScheme.Dark ? "dark" : "light");
            // A theme that changes and a dialog that opens take a few frames; half-way they are pale.
            await page.EvaluateAsync("async () => { for (let quiet = 0; quiet < 3; quiet = document.getAnimations().length ? 0 : quiet + 1) await new Promise(done => requestAnimationFrame(done)); }");
            if (!await page.EvaluateAsync<bool>("() => 'axe' in window")) await page.AddScriptTagAsync(new() { Path = Browser.Axe });
            var violations = await page.EvaluateAsync<JsonElement>("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations");
            Assert.Empty(violations.EnumerateArray().Where(v => blocking.Contains(v.GetProperty("impact").GetString())).Select(v => $"{v.GetProperty("id")}: {string.Join(" | ", v.GetProperty("nodes").EnumerateArray().Select(n => $"{n.GetProperty("html")} {n.GetProperty("failureSummary")}"))}"));
        }
        Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"));
    }
}
