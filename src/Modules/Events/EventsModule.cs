using Clientele.Events.Collection;
using Clientele.Events.Imports;
using Clientele.Events.Operations;
using Clientele.Events.Reading;
using Clientele.Platform.Audit;
using Clientele.Platform.Imports;
using Clientele.Platform.Jobs;
using Clientele.Platform.Modules;
using Clientele.Platform.Permissions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Events;

/// <summary>Collection from SDKs; reading the log: newest events and timelines.</summary>
public sealed class EventsModule : IModule
{
    public string Name => "events";

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton<IImporter, EventImporter>();
        services.AddSingleton(PlaceOptions.FromEnvironment());
        services.AddSingleton<Places>();
        services.AddSingleton<Sources>();
        services.AddSingleton<SourceCounts>();
        services.AddHostedService(s => s.GetRequiredService<SourceCounts>());
        services.AddSingleton<Gatherer>();
        services.AddHostedService(s => s.GetRequiredService<Gatherer>());
        services.AddSingleton<Collect>();
        services.AddSingleton(new Chore("events.forget_source_counts", TimeSpan.FromHours(1), $"""
            delete from events.source_counts c where c.ctid in (select o.ctid from events.source_counts o where o.minute < now() - interval '35 days' limit 10000)
            """));
    }

    public void MapPublicRoutes(IEndpointRouteBuilder root) => CollectionRoutes.Map(root);

    public void MapRoutes(IEndpointRouteBuilder api)
    {
        api.MapGet("/events/newest", ReadEvents.Newest).WithTags("Events").Requires(Can.ReadCustomers);
        api.MapGet("/events/live", LiveEvents.Handle).Reads("events").WithTags("Events").Requires(Can.WatchCollection);
        api.MapGet("/sources", ListSources.Handle).WithTags("Events").Requires(Can.ManageSources);
        api.MapGet("/batches", ListBatches.Handle).WithTags("Events").Requires(Can.WatchCollection);
        api.MapPost("/batches/{id:guid}/cancel", CancelBatch.Handle).Does("cancel", "batch", "id").WithTags("Events").Requires(Can.Import).Produces(StatusCodes.Status204NoContent);
        api.MapGet("/customers/{id:guid}/timeline", ReadEvents.Timeline).Reads("customer", "id").WithTags("Events").Requires(Can.ReadCustomers);
    }
}
