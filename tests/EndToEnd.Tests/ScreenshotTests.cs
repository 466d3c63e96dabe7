using Microsoft.Playwright;

namespace Clientele.EndToEnd.Tests;

/// <summary>Pictures of every page for somebody to look at: CLIENTELE_SHOTS=FOLDER ./test --filter Screenshot.</summary>
[Collection<ConsoleCollection>]
public sealed class ScreenshotTests(Shop shop, Browser browser)
{
    private static readonly (int Width, int Height)[] screens = [(1440, 900), (768, 1024), (390, 844)];

    public static TheoryData<string> All => [.. Pages.Names];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Every_page_on_every_screen_in_both_themes(string name)
    {
        var folder = Environment.GetEnvironmentVariable("CLIENTELE_SHOTS");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "Pictures are taken when CLIENTELE_SHOTS names a folder.");
        foreach (var (width, height) in screens)
        {
            await using var visit = await Pages.Open(shop, browser, name, new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = ColorScheme.Light });
            foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
            {
                await visit.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
                await visit.Settled();
                await visit.Page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{width}-{(scheme == ColorScheme.Dark ? "dark" : "light")}.png"), FullPage = true });
            }
        }
    }
}
