using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Platform.Data;

namespace Clientele.Demo.Generator;

/// <summary>What the shop sells: things for the house.</summary>
internal sealed partial record Product(string Id, string Name, string Category, decimal Price, double Popularity)
{
    private readonly Json[] facts = [.. Enumerable.Range(0, 7).Select(quantity => Facts(Id, Name, Category, Price, quantity))];

    public string Url { get; } = $"{Pages.Home}p/{Slug(Name)}";

    /// <summary>The properties of an event about it, in the words of the Segment specification; with a quantity from 1 to 6, or 0 for none.</summary>
    public Json About(int quantity) => facts[quantity];

    public static IReadOnlyList<Product> All { get; } = [.. Parse()];

    public static IReadOnlyList<string> Categories { get; } = [.. All.Select(p => p.Category).Distinct()];

    /// <summary>What people look at in a month, January first.</summary>
    public static IReadOnlyList<Weighted<Product>> ByMonth { get; } = [.. Enumerable.Range(1, 12).Select(month => new Weighted<Product>(All, p => p.Popularity * Season(p.Category, month)))];

    public static string Slug(string name) => NotWord().Replace(name.ToLowerInvariant(), "-").Trim('-');

    private const string Text = """
        Kitchen|Cast iron casserole 24 cm:119.00|Chef's knife 20 cm:69.90|Olive wood board:34.90|Enamel saucepan:39.90|Pepper mill oak:44.50|Stoneware mixing bowl:27.90|Linen apron:38.00|Moka pot six cups:32.90|Copper measuring spoons:18.50|Set of three tea tins:21.90
        Tableware|Dinner plate sand:14.90|Soup bowl indigo:12.90|Espresso cup pair:17.50|Water carafe 1 l:24.90|Wine glasses, box of four:36.00|Cutlery set 24 pieces:129.00|Cake stand:42.00|Salt cellar:9.90|Serving platter oval:33.50|Cereal bowl speckled:11.90
        Textiles|Linen duvet cover:139.00|Pillowcase pair washed linen:45.00|Wool throw grey:89.00|Bath towel waffle:26.90|Cotton tea towels, three:16.90|Velvet cushion ochre:32.90|Quilt stonewashed:119.00|Bath mat:29.90|Tablecloth natural:59.00|Napkins, set of six:34.00
        Lighting|Paper pendant lamp:54.90|Table lamp terracotta:79.00|Reading lamp brass:98.00|Floor lamp tripod:169.00|String lights 10 m:24.90|Wall lamp rattan:64.50|Bedside lamp opal:58.00|Outdoor lantern:37.90|Desk lamp black:84.00|Filament bulb E27:8.90
        Candles|Scented candle fig:24.90|Scented candle cedar:24.90|Beeswax tapers, pair:11.50|Pillar candle ivory:9.90|Candle holder brass:19.90|Reed diffuser:28.90|Incense sandalwood:8.50|Advent candle set:29.90|Tealights, box of 24:7.90|Room spray linen:17.90
        Garden|Terracotta pot 22 cm:16.90|Watering can 5 l:34.90|Pruning shears:27.50|Garden apron:36.00|Herb seeds, box of eight:14.90|Bird feeder:22.90|Hammock cotton:79.00|Folding chair oak:89.00|Picnic blanket:46.00|Plant mister:13.90
        Storage|Seagrass basket large:39.90|Seagrass basket small:24.90|Glass jar 1 l:8.90|Glass jar 2 l:11.90|Wall hook row:27.90|Shoe rack ash:74.00|Laundry hamper:64.90|Magazine rack:45.00|Drawer dividers:18.90|Wire crate:29.90
        Paper|Weekly planner:19.90|Notebook dotted:14.50|Fountain pen:39.00|Wrapping paper stars:5.90|Greeting cards, ten:13.90|Desk calendar:17.90|Wax seal kit:24.50|Pencil set:12.90|Photo album linen:36.90|Wall print botanical:29.00
        """;

    // A few products sell most: the rank falls like 1/n, and which product has which rank is mixed over the categories.
    private static IEnumerable<Product> Parse() => Text.Split('\n')
        .Select(line => line.Trim().Split('|'))
        .SelectMany(line => line.Skip(1).Select(product => (Category: line[0], Parts: product.Split(':'))))
        .Select((p, index) => new Product(
            $"CL-{1001 + index}", p.Parts[0], p.Category, decimal.Parse(p.Parts[1], CultureInfo.InvariantCulture), 1.0 / (4 + index * 37 % 80)));

    private static double Season(string category, int month) => (category, month) switch
    {
        ("Garden", >= 4 and <= 8) => 2.6,
        ("Garden", _) => 0.4,
        ("Candles", >= 10) => 2.4,
        ("Lighting", >= 10) => 1.4,
        ("Paper", 12) => 2.0,
        ("Textiles", 1 or 2 or 11) => 1.5,
        _ => 1,
    };

    private static Json Facts(string id, string name, string category, decimal price, int quantity) => new(quantity == 0
        ? JsonSerializer.Serialize(new { product_id = id, name, category, price })
        : JsonSerializer.Serialize(new { product_id = id, name, category, price, quantity }));

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotWord();
}
