using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Clientele.EndToEnd.Tests;

/// <summary>How somebody comes into an organization and proves who they are, in a real browser.</summary>
[Collection<ConsoleCollection>]
public sealed class PeopleConsoleTests(Shop shop, Browser browser)
{
    private const string Chosen = "a password of my own";

    [Fact]
    public async Task Somebody_is_invited_comes_sets_two_steps_up_and_signs_in_by_them()
    {
        var email = $"{Guid.NewGuid():N}@invited.example";
        await using var admin = await shop.Visit(browser, await shop.NewPerson());
        await admin.Open("/o/alpha/settings/people");
        await admin.Page.GetByRole(AriaRole.Button, new() { Name = "Invite" }).ClickAsync();
        var dialog = admin.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Email address").FillAsync(email);
        await admin.Page.Keyboard.PressAsync("Enter");
        // No mail is configured: the link is shown.
        var link = await dialog.Locator("code").TextContentAsync();

        await using var visit = await Visit.Begin(await browser.NewComputer(shop.Address));
        var page = visit.Page;
        await page.GotoAsync("/invitation#" + link!.Split('#')[1]);
        await Expect(visit.Heading).ToHaveTextAsync("Invitation to alpha");
        await page.GetByLabel("Your name").FillAsync("Ivy Invited");
        await page.GetByLabel("New password", new() { Exact = true }).FillAsync(Chosen);
        await page.GetByLabel("New password again").FillAsync(Chosen);
        await page.GetByRole(AriaRole.Button, new() { Name = "Accept" }).ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("Overview");
        // A viewer is not shown what would be refused.
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Members" })).ToHaveCountAsync(0);

        await page.GetByRole(AriaRole.Button, new() { Name = "Ivy Invited" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "My account" }).ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("My account");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set up" }).ClickAsync();
        dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Present password").FillAsync(Chosen);
        await page.Keyboard.PressAsync("Enter");
        var picture = await dialog.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("^QR code") }).GetAttributeAsync("aria-label");
        var secret = Unbase32(Regex.Match(picture!, "[A-Z2-7]{32}").Value);
        var used = Step();
        await dialog.GetByLabel("Code", new() { Exact = true }).FillAsync(Code(secret, used));
        await page.Keyboard.PressAsync("Enter");
        await Expect(dialog.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(10);
        var recovery = await dialog.GetByRole(AriaRole.Listitem).First.TextContentAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "I have kept them" }).ClickAsync();
        await Expect(page.GetByText("10 recovery codes left.")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Ivy Invited" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Sign out" }).ClickAsync();
        await SignIn(page, email);
        await Expect(visit.Heading).ToHaveTextAsync("Second step");
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync("000000");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This code is not right.");
        // The next half minute's code counts already; the one that was used never again.
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync(Code(secret, used + 1));
        await page.Keyboard.PressAsync("Enter");
        await Expect(visit.Heading).ToHaveTextAsync("Overview");

        await using var lost = await Visit.Begin(await browser.NewComputer(shop.Address));
        await lost.Page.GotoAsync("/sign-in");
        await SignIn(lost.Page, email);
        await lost.Page.GetByLabel("Code", new() { Exact = true }).FillAsync(recovery!);
        await lost.Page.Keyboard.PressAsync("Enter");
        await Expect(lost.Heading).ToHaveTextAsync("Overview");
    }

    [Fact]
    public async Task A_super_administrator_makes_a_role_and_is_told_why_somebody_may_do_something()
    {
        var viewer = await shop.NewPerson("viewer");
        await using var visit = await shop.Visit(browser, await shop.NewPerson("super_admin"));
        var page = visit.Page;
        await visit.Open("/o/alpha/settings/roles");
        await page.GetByRole(AriaRole.Button, new() { Name = "New role" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        var word = "r" + Guid.NewGuid().ToString("N")[..8];
        await dialog.GetByLabel("Name").FillAsync("Till " + word);
        await dialog.GetByLabel("Word").FillAsync(word);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Make the role" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Permissions of Till " + word })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Take away customer_data:*:read" }).ClickAsync();
        var saved = await page.RunAndWaitForResponseAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync(), answer => answer.Request.Method == "PUT");
        Assert.Equal(200, saved.Status);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Take away customer_data:*:read" })).ToHaveCountAsync(0);
        Assert.False(await shop.Service.One<bool>($"select exists (select from platform.role_permissions p where p.role = {word} and p.permission = 'customer_data')", TestContext.Current.CancellationToken));

        await page.GetByRole(AriaRole.Combobox, new() { Name = "Who" }).ClickAsync();
        await page.GetByRole(AriaRole.Option, new() { Name = viewer.Split('@')[0] }).ClickAsync();
        await page.GetByRole(AriaRole.Combobox, new() { Name = "What" }).ClickAsync();
        await page.GetByRole(AriaRole.Option, new() { Name = "See customers and their orders" }).ClickAsync();
        await Expect(page.GetByText("Their role, Viewer, has these permissions:")).ToBeVisibleAsync();
        Assert.Empty(visit.Faults);
    }

    private static async Task SignIn(IPage page, string email)
    {
        await page.GetByLabel("Email address").FillAsync(email);
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(Chosen);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByLabel("Code", new() { Exact = true })).ToBeVisibleAsync();
    }

    private static long Step() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30;

    // As an app works it out, by RFC 6238.
    private static string Code(byte[] secret, long step)
    {
        var counter = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // The standard's own.
        var mac = HMACSHA1.HashData(secret, counter);
#pragma warning restore CA5350
        return ((BinaryPrimitives.ReadUInt32BigEndian(mac.AsSpan(mac[^1] & 15)) & 0x7fff_ffff) % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    private static byte[] Unbase32(string text)
    {
        var bits = string.Concat(text.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2))];
    }
}
