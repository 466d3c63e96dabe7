using System.Globalization;
using System.IO.Compression;
using Clientele.Demo;
using Clientele.Demo.Generator;
using Clientele.Platform.Imports;
using Clientele.Platform.Migrations;
using Clientele.Platform.Problems;

namespace Clientele.Bench;

/// <summary>The orders to import: the user's file, the well-known public data set where it lies beside the project, or the demo shop's.</summary>
internal sealed record OrdersFile(string Path, Mapping Mapping)
{
    private const int LinesToGenerate = 540_000;

    /// <summary>Before anything is started.</summary>
    public static void Check(string[] args)
    {
        if (args.Length == 0) return;
        if (args.Length != 4 || Value(args, "--file") is not { } file || Value(args, "--map") is not { } map)
            throw new SetupException("import takes --file CSV and --map MAPPING together, or nothing.");
        if (Array.Find([file, map], path => !File.Exists(path)) is { } missing) throw new SetupException($"There is no file {missing}.");
    }

    public static async Task<OrdersFile> Choose(string[] args, string generated, CancellationToken ct)
    {
        if (args.Length > 0) return new OrdersFile(Value(args, "--file")!, await Read(Value(args, "--map")!, ct));
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "Clientele.slnx"))) folder = folder.Parent;
        if (folder is not null)
        {
            var file = System.IO.Path.Combine(folder.FullName, "../shared/data/online-retail/online-retail.csv.gz");
            var map = System.IO.Path.Combine(folder.FullName, "samples/mappings/online-retail.json");
            if (File.Exists(file) && File.Exists(map)) return new OrdersFile(file, await Read(map, ct));
        }
        return await Generate(generated, ct);
    }

    private static string? Value(string[] args, string option) => args[0] == option ? args[1] : args[2] == option ? args[3] : null;

    private static async Task<Mapping> Read(string path, CancellationToken ct)
    {
        try { return Mapping.Parse(await File.ReadAllTextAsync(path, ct)); }
        catch (Exception e) when (e is Problem or IOException or UnauthorizedAccessException) { throw new SetupException($"The mapping {path} cannot be read: {e.Message}", e); }
    }

    private static async Task<OrdersFile> Generate(string path, CancellationToken ct)
    {
        await using var text = new StreamWriter(new GZipStream(File.Create(path), CompressionLevel.Fastest));
        await text.WriteLineAsync("number,time,product,name,quantity,price,customer,country".AsMemory(), ct);
        var lines = 0;
        var shop = new Shop(new DemoOptions(DemoOptions.LargestSize, 1, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        foreach (var slice in shop.All.TakeWhile(_ => lines < LinesToGenerate))
        {
            var customers = slice.Customers.ToDictionary(c => c.Id, c => c.CustomerId);
            foreach (var order in slice.Orders)
            {
                foreach (var line in order.Lines)
                {
                    var price = decimal.Round(line.Total / line.Quantity, 6);
                    await text.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                        $"{order.Number},{order.OrderedAt:O},{line.ProductId},\"{line.ProductName}\",{line.Quantity},{price},{customers[order.CustomerId!.Value]},{order.Country}").AsMemory(), ct);
                    lines++;
                }
            }
        }
        var columns = new (string Field, string Column)[]
        {
            ("orderNumber", "number"), ("orderedAt", "time"), ("productId", "product"), ("productName", "name"), ("quantity", "quantity"),
            ("unitPrice", "price"), ("customerId", "customer"), ("country", "country"),
        };
        return new OrdersFile(path, new Mapping(
            new MappingFormat(Currency: "EUR"), columns.ToDictionary(c => c.Field, c => new MappingColumn(c.Column)),
            new Dictionary<string, string> { ["order"] = "^[0-9]", ["refund"] = "^R" }));
    }
}
