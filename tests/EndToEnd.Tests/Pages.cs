using Microsoft.Playwright;

namespace Clientele.EndToEnd.Tests;

/// <summary>Every page of the console there is, by a name for files.</summary>
internal static class Pages
{
    public static readonly string[] Names = ["sign-in", "overview", "customers", "person", "person-orders", "person-documents", "order", "imports", "import-file", "import-mapping", "import", "organization", "settings", "keys", "jobs", "backups", "activity", "health", "health-errors", "health-database", "live", "sources", "merges", "explore", "explore-funnel", "explore-retention", "explore-paths", "data", "data-table", "data-row", "people", "roles", "account", "forgotten"];

    public static string Address(Shop shop, string name) => name switch
    {
        "sign-in" => "/sign-in",
        "overview" => $"/o/alpha/overview?{Shop.Year}",
        "customers" => "/o/alpha/customers",
        "person" => $"/o/alpha/customers/{shop.Ada.GetProperty("id")}",
        "person-orders" => $"/o/alpha/customers/{shop.Ada.GetProperty("id")}?tab=orders",
        "person-documents" => $"/o/alpha/customers/{shop.Ada.GetProperty("id")}?tab=files",
        "order" => $"/o/alpha/customers/{shop.Ada.GetProperty("id")}?tab=orders&order={shop.AdasOrder}",
        "imports" => "/o/alpha/imports",
        "import-file" => "/o/alpha/imports/new",
        "import-mapping" => $"/o/alpha/imports/new?import={shop.WaitingId}",
        "import" => $"/o/alpha/imports/{shop.ImportId}",
        "organization" => "/o/alpha/settings/organization",
        "settings" => "/o/alpha/settings/all",
        "keys" => "/o/alpha/settings/keys",
        "jobs" => "/o/alpha/settings/jobs",
        "backups" => "/o/alpha/settings/backups",
        "activity" => "/o/alpha/settings/activity",
        "health" => "/o/alpha/settings/health",
        "health-errors" => "/o/alpha/settings/health?part=errors",
        "health-database" => "/o/alpha/settings/health?part=database",
        "live" => "/o/alpha/live",
        "sources" => "/o/alpha/sources",
        "merges" => "/o/alpha/merges",
        "explore" => $"/o/alpha/explore?kind=trend&interval=month&events=order_completed.order_refunded&breakdown=attribute-country&compare=yes&{Shop.Year}",
        "explore-funnel" => $"/o/alpha/explore?kind=funnel&events=order_completed.order_refunded&window=30d&{Shop.Year}",
        "explore-retention" => $"/o/alpha/explore?kind=retention&interval=month&start=order_completed&{Shop.Year}",
        "explore-paths" => $"/o/alpha/explore?kind=paths&{Shop.Year}",
        "people" => "/o/alpha/settings/people",
        "roles" => "/o/alpha/settings/roles?role=viewer",
        "account" => "/o/alpha/account",
        "forgotten" => "/forgotten",
        "data" => "/o/alpha/data",
        "data-table" => "/o/alpha/data/commerce/customer_orders?where=order_total.gte.20&sort=ordered_at.desc&pin=order_id",
        "data-row" => $"/o/alpha/data/customers/customers?row={shop.Ada.GetProperty("id")}&part=relations",
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    /// <summary>Opens one; nobody needs to be signed in for the first.</summary>
    public static async Task<Visit> Open(Shop shop, Browser browser, string name, BrowserNewContextOptions options)
    {
        var visit = name is "sign-in" or "forgotten" ? await Visit.Begin(await browser.NewComputer(shop.Address, options)) : await shop.Visit(browser, name is "backups" or "health-database" ? Shop.Operator : "admin@alpha.example", options);
        try
        {
            await visit.Open(Address(shop, name));
            return visit;
        }
        catch
        {
            await visit.DisposeAsync();
            throw;
        }
    }
}
