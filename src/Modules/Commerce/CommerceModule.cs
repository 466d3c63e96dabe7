using Clientele.Commerce.Imports;
using Clientele.Commerce.Orders;
using Clientele.Commerce.Overview;
using Clientele.Platform.Audit;
using Clientele.Platform.Data;
using Clientele.Platform.Imports;
using Clientele.Platform.Modules;
using Clientele.Platform.Organizations;
using Clientele.Platform.Permissions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Commerce;

/// <summary>Orders, refunds and adjustments, their import, and the sales overview.</summary>
public sealed class CommerceModule : IModule
{
    public string Name => "commerce";

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton<IImporter, OrderImporter>();
        services.AddSingleton<ICurrencyUse, OrdersUseCurrency>();
        services.AddHostedService<WatchProductSums>();
    }

    public void MapRoutes(IEndpointRouteBuilder api)
    {
        api.MapGet("/overview", GetOverview.Handle).WithTags("Overview").Requires(Can.ReadCustomers);
        api.MapGet("/overview/countries", GetOverview.Countries).WithTags("Overview").Requires(Can.ReadCustomers);
        api.MapGet("/customers/{id:guid}/orders", ReadOrders.OfCustomer).Reads("customer", "id").WithTags("Orders").Requires(Can.ReadCustomers);
        api.MapGet("/orders/{id:guid}", ReadOrders.One).Reads("order", "id").WithTags("Orders").Requires(Can.ReadCustomers);
        api.MapGet("/palette", FindAnything.Handle).Reads("customers").WithTags("Orders").Requires(Can.ReadCustomers);
    }

    /// <summary>Orders, or an import that is about to write some.</summary>
    internal static Task<bool> AmountsExist(Transaction t, CancellationToken ct) => t.One<bool>($"""
        select exists (select from commerce.customer_orders o where o.organization_id = platform.organization())
            or exists (select from platform.imports i where i.organization_id = platform.organization() and i.kind = 'orders' and i.worker is not null)
            or exists (select from commerce.staged_order_lines s where s.organization_id = platform.organization())
        """, ct);

    private sealed class OrdersUseCurrency : ICurrencyUse
    {
        public Task<bool> InUse(Transaction t, CancellationToken ct) => AmountsExist(t, ct);
    }
}
