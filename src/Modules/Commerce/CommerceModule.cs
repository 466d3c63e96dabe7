using Clientele.Commerce.Imports;
using Clientele.Commerce.Orders;
using Clientele.Commerce.Overview;
using Clientele.Platform.Data;
using Clientele.Platform.Imports;
using Clientele.Platform.Modules;
using Clientele.Platform.Organizations;
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
        api.MapGet("/overview", GetOverview.Handle).WithTags("Overview");
        api.MapGet("/overview/countries", GetOverview.Countries).WithTags("Overview");
        api.MapGet("/customers/{id:guid}/orders", ReadOrders.OfCustomer).WithTags("Orders");
        api.MapGet("/orders/{id:guid}", ReadOrders.One).WithTags("Orders");
        api.MapGet("/palette", FindAnything.Handle).WithTags("Orders");
    }

    private sealed class OrdersUseCurrency : ICurrencyUse
    {
        public Task<bool> InUse(Db db, CancellationToken ct) =>
            db.One<bool>($"select exists (select from commerce.customer_orders o where o.organization_id = platform.organization())", ct);
    }
}
