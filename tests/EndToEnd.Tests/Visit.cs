using Clientele.Testing;
using Microsoft.Playwright;

namespace Clientele.EndToEnd.Tests;

/// <summary>A person at a page of the console. Whatever goes wrong behind it is written down.</summary>
public sealed class Visit : IAsyncDisposable
{
    private readonly IBrowserContext computer;

    private Visit(IBrowserContext computer, IPage page)
    {
        this.computer = computer;
        Page = page;
        page.Console += (_, message) => { if (message.Type is "error" or "warning") Faults.Add($"{message.Type}: {message.Text}"); };
        page.PageError += (_, error) => Faults.Add($"uncaught: {error}");
        page.Response += (_, response) => { if (response.Status >= 400) Faults.Add($"{response.Status} {response.Url}"); };
        // A question that nobody waits for any more is taken back: that is no failure.
        page.RequestFailed += (_, request) => { if (request.Failure is not "net::ERR_ABORTED") Faults.Add($"{request.Failure} {request.Url}"); };
    }

    public IPage Page { get; }

    /// <summary>Errors on the console, requests that failed or were refused.</summary>
    public List<string> Faults { get; } = [];

    public ILocator Heading => Page.GetByRole(AriaRole.Heading, new() { Level = 1 });

    /// <summary>A person's own computer, signed in.</summary>
    public static async Task<Visit> SignedIn(TestApp app, Browser browser, string email, BrowserNewContextOptions? options = null)
    {
        var computer = await browser.NewComputer(app.Address, options);
        var answer = await computer.APIRequest.PostAsync("/api/session", new() { DataObject = new { email, password = TestApp.Password }, Headers = new Dictionary<string, string> { ["X-Clientele"] = "console" } });
        Assert.True(answer.Ok, await answer.TextAsync());
        return await Begin(computer);
    }

    public static async Task<Visit> Begin(IBrowserContext computer) => new(computer, await computer.NewPageAsync());

    /// <summary>Opens an address and waits until everything on it is there.</summary>
    public async Task Open(string address)
    {
        await Page.GotoAsync(address);
        await Settled();
    }

    public async Task Settled()
    {
        await Assertions.Expect(Heading).ToBeVisibleAsync();
        await Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await Assertions.Expect(Page.Locator(".mantine-Skeleton-root")).ToHaveCountAsync(0);
        // Charts draw themselves in the next frames.
        await Page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
    }

    public async ValueTask DisposeAsync() => await computer.DisposeAsync();
}
