using System.Reflection;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Platform.Modules;

/// <summary>
/// What a module registers. Its schema files are found by themselves: every <c>schema/*.sql</c> embedded in its assembly.
/// Modules are listed in the order of their dependencies in the server's Program.cs.
/// </summary>
public interface IModule
{
    /// <summary>The module's name, which is also its PostgreSQL schema.</summary>
    string Name { get; }

    /// <summary>The assembly that holds the module's schema files.</summary>
    Assembly Assembly => GetType().Assembly;

    /// <summary>Where in the assembly the schema files are.</summary>
    string SchemaFolder => "schema/";

    /// <summary>Services, consumers of the log, importers and jobs.</summary>
    void AddServices(IServiceCollection services) { }

    /// <summary>Routes under <c>/api</c>.</summary>
    void MapRoutes(IEndpointRouteBuilder api) { }

    /// <summary>Routes elsewhere, which need no session: protocols of other people's. They look after who asks themselves.</summary>
    void MapPublicRoutes(IEndpointRouteBuilder root) { }
}
