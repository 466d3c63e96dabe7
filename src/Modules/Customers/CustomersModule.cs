using Clientele.Customers.Figures;
using Clientele.Customers.Imports;
using Clientele.Customers.Profiles;
using Clientele.Platform.Imports;
using Clientele.Platform.Log;
using Clientele.Platform.Modules;
using Clientele.Platform.Permissions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Customers;

/// <summary>Profiles, search, and figures derived from the log.</summary>
public sealed class CustomersModule : IModule
{
    public string Name => "customers";

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton<ILogConsumer, CustomerFigures>();
        services.AddSingleton<IImporter, CustomerImporter>();
    }

    public void MapRoutes(IEndpointRouteBuilder api)
    {
        api.MapGet("/merges", ListMerges.Handle).WithTags("Customers").Requires(Can.ReadCustomers);
        var customers = api.MapGroup("/customers").WithTags("Customers").Requires(Can.ReadCustomers);
        customers.MapGet("/", ListCustomers.Handle);
        customers.MapGet("/{id:guid}", GetCustomer.Handle);
        customers.MapDelete("/{id:guid}", EraseCustomer.Handle).Requires(Can.ManageCustomers).Produces(StatusCodes.Status204NoContent);
        customers.MapPut("/{id:guid}/tracking", RefuseTracking.Handle).Requires(Can.ManageCustomers).Produces(StatusCodes.Status204NoContent);
        customers.MapPost("/{id:guid}/merge", MergeCustomers.Merge).Requires(Can.ManageCustomers);
        customers.MapGet("/{id:guid}/merges", MergeCustomers.List);
        customers.MapPost("/{id:guid}/merges/{merge:guid}/undo", MergeCustomers.Undo).Requires(Can.ManageCustomers).Produces(StatusCodes.Status204NoContent);
    }
}
