using System.Globalization;
using System.Text;

namespace Clientele.EndToEnd.Tests;

/// <summary>
/// A file of orders of four lines each: some of nobody known, some refunds, lines that are equal, lines that cannot be read.
/// The lines of an order do not stand together. The same for the same number of lines.
/// </summary>
internal sealed class GeneratedOrders
{
    public const string Mapping = """
        {
          "format": { "date": "yyyy-MM-dd HH:mm", "timeZone": "Europe/Paris", "currency": "EUR" },
          "columns": {
            "orderNumber": "Order", "orderedAt": "Date", "productId": "SKU", "productName": "Product",
            "quantity": "Quantity", "unitPrice": "Price", "customerId": "Customer", "country": "Country"
          },
          "kinds": { "order": "^[0-9]+$", "refund": "^R" }
        }
        """;

    private static readonly string[] countries = ["France", "Spain", "Italy", "Belgium", "Portugal"];

    private readonly HashSet<string> orders = [];

    public GeneratedOrders(int lines)
    {
        var csv = new StringBuilder("Order,Date,SKU,Product,Quantity,Price,Customer,Country\n");
        var random = new Random(20_241_231);
        for (var n = 0; n < lines; n++)
        {
            // Neighbouring lines belong to different orders.
            var order = n % 500 + n / 2000 * 500;
            var refund = order % 29 == 28;
            var quantity = (refund ? -1 : 1) * random.Next(1, 9);
            var cents = random.Next(50, 20_000);
            var bad = n % 5000 == 4321;
            csv.Append(CultureInfo.InvariantCulture, $"{(refund ? "R" : "")}{100_000 + order},2024-{1 + order % 12:00}-{1 + order % 28:00} {order % 24:00}:30,P{n % 321},Thing no {n % 321},{(bad ? "none" : quantity)},{cents / 100m},{(order % 11 == 10 ? "" : $"c{order % 2500}")},{countries[order % 5]}\n");
            Lines++;
            if (bad) { Rejected++; continue; }
            if (refund) Refunded += quantity * cents / 100m;
            else
            {
                orders.Add($"{order}");
                Revenue += quantity * cents / 100m;
            }
        }
        Csv = csv.ToString();
    }

    public string Csv { get; }

    public int Lines { get; }

    public int Rejected { get; private set; }

    public int Orders => orders.Count;

    public decimal Revenue { get; private set; }

    public decimal Refunded { get; private set; }

    /// <summary>Writes file and mapping into a folder.</summary>
    public async Task<(string File, string Mapping)> Write(string folder)
    {
        var (file, mapping) = (Path.Combine(folder, "orders.csv"), Path.Combine(folder, "mapping.json"));
        await File.WriteAllTextAsync(file, Csv);
        await File.WriteAllTextAsync(mapping, Mapping);
        return (file, mapping);
    }
}
