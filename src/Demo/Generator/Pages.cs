using System.Text.Json;
using Clientele.Platform.Data;

namespace Clientele.Demo.Generator;

/// <summary>A page of the shop.</summary>
internal sealed record Page(string Url, string Title)
{
    public Json About { get; } = new(JsonSerializer.Serialize(new { path = new Uri(Url).PathAndQuery, title = Title }));
}

internal static class Pages
{
    public const string Home = "https://shop.example.com/";

    public static Page Front { get; } = new(Home, "Maison Claire: things for the house");
    public static Page Cart { get; } = new(Home + "cart", "Your cart");
    public static Page Checkout { get; } = new(Home + "checkout", "Checkout");
    public static Page Thanks { get; } = new(Home + "checkout/thank-you", "Thank you for your order");
    public static Page Account { get; } = new(Home + "account", "Your account");

    public static IReadOnlyList<Page> Reading { get; } =
    [
        new(Home + "journal/caring-for-linen", "Caring for linen"), new(Home + "journal/a-table-for-ten", "A table for ten"),
        new(Home + "journal/herbs-on-the-sill", "Herbs on the sill"), new(Home + "about", "About us"), new(Home + "delivery", "Delivery and returns"),
    ];

    public static IReadOnlyList<Page> Categories { get; } = [.. Product.Categories.Select(c => new Page(Home + "c/" + Demo.Generator.Product.Slug(c), c))];

    private static readonly Dictionary<string, Page> products = Demo.Generator.Product.All.ToDictionary(p => p.Id, p => new Page(p.Url, p.Name));

    public static Page Of(Product product) => products[product.Id];

    /// <summary>What people type, with the page it leads to.</summary>
    public static IReadOnlyList<(Page Page, Json About)> Searches { get; } =
    [
        .. new[] { "linen", "candle", "lamp", "knife", "basket", "gift", "towel", "bowl", "duvet", "plates", "planner", "christmas", "hammock", "glass jar", "cushion" }
            .Select(words => (new Page(Home + "search?q=" + Uri.EscapeDataString(words), $"Search: {words}"), new Json(JsonSerializer.Serialize(new { query = words })))),
    ];
}
