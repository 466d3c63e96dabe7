using Clientele.EndToEnd.Tests;
using Clientele.Testing;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Browser))]
// Killed imports wait half a minute for their lease to run out: others go on meanwhile.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]

namespace Clientele.EndToEnd.Tests;

/// <summary>The machine's own Chromium, started once for all tests, when the first of them needs it.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

    private static readonly string[] arguments =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    private readonly Lazy<Task<IBrowser>> chromium;
    private IPlaywright? playwright;

    public Browser()
    {
        Assertions.SetDefaultExpectTimeout(15_000);
        chromium = new(Start);
    }

    /// <summary>Folder of the built console.</summary>
    public static string Console => Path.Combine(SharedData.Root, "ui", "dist");

    /// <summary>axe-core, from the console's own development packages.</summary>
    public static string Axe => Path.Combine(SharedData.Root, "ui", "node_modules", "axe-core", "axe.min.js");

    private static string? Executable =>
        Environment.GetEnvironmentVariable("CLIENTELE_CHROMIUM") is { Length: > 0 } given ? given : Array.Find(usual, File.Exists);

    /// <summary>Somebody at a computer of their own: no cookies, English, a large light screen.</summary>
    public async Task<IBrowserContext> NewComputer(Uri address, BrowserNewContextOptions? options = null)
    {
        Assert.SkipWhen(Executable is null, "There is no Chromium: apt-get install chromium, or name one in CLIENTELE_CHROMIUM.");
        Assert.SkipUnless(File.Exists(Path.Combine(Console, "index.html")), "The console is not built: npm --prefix ui run build.");
        options ??= new();
        options.BaseURL = address.ToString();
        options.Locale ??= "en-GB";
        options.ViewportSize ??= new() { Width = 1440, Height = 900 };
        options.ReducedMotion = ReducedMotion.Reduce;
        return await (await chromium.Value).NewContextAsync(options);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (chromium.IsValueCreated) await (await chromium.Value).CloseAsync();
        playwright?.Dispose();
    }

    private async Task<IBrowser> Start()
    {
        playwright = await Playwright.CreateAsync();
        return await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Headless = true, Args = arguments });
    }
}
