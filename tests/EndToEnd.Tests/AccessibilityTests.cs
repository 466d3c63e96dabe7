using System.Text.Json;
using Microsoft.Playwright;

namespace Clientele.EndToEnd.Tests;

/// <summary>What every page owes everybody: readable for all, no wider than a phone, and quiet behind the scenes.</summary>
[Collection<ConsoleCollection>]
public sealed class AccessibilityTests(Shop shop, Browser browser)
{
    private static readonly string[] blocking = ["serious", "critical"];

    public static TheoryData<string> All => [.. Pages.Names];

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_page_is_accessible_in_both_themes(string name)
    {
        Assert.SkipUnless(File.Exists(Browser.Axe), "axe-core is not installed: npm --prefix ui ci.");
        // The policy lets no foreign script in, so it is put aside for axe; the other tests keep it.
        await using var visit = await Pages.Open(shop, browser, name, new() { BypassCSP = true, ColorScheme = ColorScheme.Light });
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await visit.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await Assertions.Expect(visit.Page.Locator("html")).ToHaveAttributeAsync("data-mantine-color-scheme", scheme == ColorScheme.Dark ? "dark" : "light");
            await visit.Settled();
            var findings = await Findings(visit.Page);
            Assert.True(findings.Count == 0, $"{name}, {scheme}: {string.Join("\n", findings)}");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_page_fits_a_phone_and_nothing_fails_behind_it(string name)
    {
        await using var visit = await Pages.Open(shop, browser, name, new() { ViewportSize = new() { Width = 390, Height = 844 } });
        var (content, window) = (await Width(visit.Page, "scrollWidth"), await Width(visit.Page, "clientWidth"));
        Assert.True(content <= window, $"{name} is {content} px wide on a phone of {window} px.");
        Assert.Empty(visit.Faults);
    }

    private static Task<int> Width(IPage page, string measure) => page.EvaluateAsync<int>($"() => document.documentElement.{measure}");

    private static async Task<List<string>> Findings(IPage page)
    {
        if (!await page.EvaluateAsync<bool>("() => 'axe' in window")) await page.AddScriptTagAsync(new() { Path = Browser.Axe });
        var violations = await page.EvaluateAsync<JsonElement>("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations");
        return [.. violations.EnumerateArray()
            .Where(v => blocking.Contains(v.GetProperty("impact").GetString()))
            .SelectMany(v => v.GetProperty("nodes").EnumerateArray().Select(n => $"{v.GetProperty("id")}: {n.GetProperty("html")} {n.GetProperty("failureSummary")}"))];
    }
}
