using Clientele.DataApi.Browse;
using Clientele.DataApi.Rest;
using Clientele.Platform.Modules;
using Clientele.Platform.Permissions;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.DataApi;

/// <summary>Every table and view over REST, in PostgREST's grammar, under the caller's own rights.</summary>
public sealed class DataApiModule : IModule
{
    public string Name => "dataapi";

    public void AddServices(IServiceCollection services) => services.AddSingleton<RestApi>().AddSingleton<Sights>().AddHostedService<CatalogueWatch>();

    public void MapRoutes(IEndpointRouteBuilder api)
    {
        api.MapGet("/data", ListRelations.Handle).WithTags("Data");
        api.MapGet("/data/{schema}", CountRows.Handle).WithTags("Data");
        api.MapGet("/data/{schema}/{relation}", DescribeRelation.Handle).WithTags("Data");
        api.MapGet("/data/{schema}/{relation}/history", ReadHistory.Handle).WithTags("Data").Requires(Can.ReadTrail);
    }

    public void MapPublicRoutes(IEndpointRouteBuilder root)
    {
        RequestDelegate answer = context => context.RequestServices.GetRequiredService<RestApi>().Answer(context);
        root.Map("/rest/v1/{**path}", answer).WithMetadata(new SessionOrKey()).ExcludeFromDescription();
    }
}
