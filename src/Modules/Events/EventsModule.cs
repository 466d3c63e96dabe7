using Clientele.Events.Reading;
using Clientele.Platform.Modules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Events;

/// <summary>Reading the log: newest events and timelines.</summary>
public sealed class EventsModule : IModule
{
    public string Name => "events";

    public void AddServices(IServiceCollection services) { }

    public void MapRoutes(IEndpointRouteBuilder api)
    {
        api.MapGet("/events/newest", ReadEvents.Newest).WithTags("Events");
        api.MapGet("/customers/{id:guid}/timeline", ReadEvents.Timeline).WithTags("Events");
    }
}
