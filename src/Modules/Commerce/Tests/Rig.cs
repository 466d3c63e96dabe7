using System.Text;
using Clientele.Commerce.Imports;
using Clientele.Customers;
using Clientele.Platform.Imports;
using Clientele.Platform.Log;
using Clientele.Platform.Modules;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Commerce.Tests;

/// <summary>Imports as the server does them, without waiting for its clock.</summary>
internal static class Rig
{
    /// <summary>Few, so that a small file is written in several groups.</summary>
    public const int OrdersPerGroup = 50;

    public const string Header = "Order,Date,Article,Name,Quantity,Price,Customer,Country\n";

    public static Mapping Mapping(string currency = "GBP", Dictionary<string, string>? kinds = null) => new(
        new MappingFormat(Date: "yyyy-MM-dd HH:mm", TimeZone: "Europe/London", Currency: currency),
        new Dictionary<string, MappingColumn>
        {
            ["orderNumber"] = new("Order"),
            ["orderedAt"] = new("Date"),
            ["productId"] = new("Article"),
            ["productName"] = new("Name"),
            ["quantity"] = new("Quantity"),
            ["unitPrice"] = new("Price"),
            ["customerId"] = new("Customer"),
            ["country"] = new("Country"),
        },
        kinds ?? new Dictionary<string, string> { ["order"] = "^[0-9]+$", ["refund"] = "^C", ["adjustment"] = "^A" });

    public static ImportWorker Worker(TestDatabase database, IImporter? importer = null) =>
        new(database.Databases, [importer ?? new OrderImporter(OrdersPerGroup)], NullLogger<ImportWorker>.Instance);

    public static Task<Guid> Upload(TestDatabase database, Tenant tenant, string csv, string name = "orders.csv") =>
        Upload(database, tenant, Encoding.UTF8.GetBytes(csv), name);

    public static async Task<Guid> Upload(TestDatabase database, Tenant tenant, byte[] content, string name = "orders.csv") =>
        await ImportReceiver.Receive(database.For(tenant), "orders", name, new MemoryStream(content), Ct);

    public static async Task<Guid> Queue(TestDatabase database, Tenant tenant, string csv, Mapping? mapping = null)
    {
        var id = await Upload(database, tenant, csv);
        await ImportCommands.Start(database.For(tenant), [new OrderImporter()], id, mapping ?? Mapping(), Ct);
        return id;
    }

    /// <summary>How many of something the import made: <c>orders</c>, <c>refunds</c>…</summary>
    public static long Made(this ImportView import, string what) => import.Counts.TryGetProperty(what, out var count) ? count.GetInt64() : 0;

    /// <summary>Uploads, starts and works until nothing is left to do.</summary>
    public static async Task<ImportView> Import(TestDatabase database, Tenant tenant, string csv, Mapping? mapping = null)
    {
        var id = await Queue(database, tenant, csv, mapping);
        while (await Worker(database).RunNext(Ct, id)) { }
        return await ImportCommands.Get(database.For(tenant), id, Ct);
    }

    /// <summary>Lets the figures of customers catch up with the log.</summary>
    public static async Task CatchUp(TestDatabase database)
    {
        var services = new ServiceCollection();
        ((IModule)new CustomersModule()).AddServices(services);
        await using var provider = services.BuildServiceProvider();
        foreach (var consumer in provider.GetServices<ILogConsumer>()) await database.CatchUp(consumer);
    }

    public sealed record Totals(long Documents, long Lines, decimal Sum, long Facts, decimal FactSum, long Customers, long Staged);

    /// <summary>What there is now, of one organization.</summary>
    public static Task<Totals> Count(TestDatabase database, Tenant tenant) => database.For(tenant).One<Totals>($"""
        select (select count(*) from commerce.customer_orders) as documents,
               (select count(*) from commerce.customer_order_items) as lines,
               (select coalesce(sum(o.base_total), 0) from commerce.customer_orders o) as sum,
               (select count(*) from log.facts f where f.event_category = 'transaction') as facts,
               (select coalesce(sum(f.event_value), 0) from log.facts f where f.event_category = 'transaction') as fact_sum,
               (select count(*) from customers.customers) as customers,
               (select count(*) from commerce.staged_order_lines) as staged
        """, Ct);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;
}
