using Clientele.Customers.Figures;
using Clientele.Customers.Files;
using Clientele.Customers.Imports;
using Clientele.Customers.Profiles;
using Clientele.Platform.Audit;
using Clientele.Platform.Files;
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
        api.MapGet("/merges", ListMerges.Handle).Reads("customers").WithTags("Customers").Requires(Can.ReadCustomers);
        var customers = api.MapGroup("/customers").WithTags("Customers").Requires(Can.ReadCustomers);
        customers.MapGet("/", ListCustomers.Handle).Reads("customers");
        customers.MapGet("/{id:guid}", GetCustomer.Handle).Reads("customer", "id");
        customers.MapDelete("/{id:guid}", EraseCustomer.Handle).Does("erase", "customer", "id", "warning").Requires(Can.ManageCustomers).Produces(StatusCodes.Status204NoContent);
        customers.MapGet("/{id:guid}/files", CustomerFiles.List).Reads("customer", "id").Requires(Can.ReadDocuments);
        customers.MapPost("/{id:guid}/files", CustomerFiles.Add).Requires(Can.AddDocuments).Produces<FileView>(StatusCodes.Status201Created);
        customers.MapPost("/{id:guid}/files/{file:guid}/link", CustomerFiles.Link).Requires(Can.ReadDocuments);
        customers.MapDelete("/{id:guid}/files/{file:guid}", CustomerFiles.Delete).Requires(Can.DeleteDocuments).Produces(StatusCodes.Status204NoContent);
        customers.MapPut("/{id:guid}/tracking", RefuseTracking.Handle).Does("change_tracking", "customer", "id").Requires(Can.ManageCustomers).Produces(StatusCodes.Status204NoContent);
        customers.MapPost("/{id:guid}/merge", MergeCustomers.Merge).Does("merge", "customer", "id", "warning").Requires(Can.ManageCustomers);
        customers.MapGet("/{id:guid}/merges", MergeCustomers.List).Reads("customer", "id");
        customers.MapPost("/{id:guid}/merges/{merge:guid}/undo", MergeCustomers.Undo).Does("undo_merge", "customer", "id", "warning").Requires(Can.ManageCustomers).Produces(StatusCodes.Status204NoContent);
    }
}
