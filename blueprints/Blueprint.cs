using Clientele.Platform.Modules;

namespace Clientele.Blueprints;

/// <summary>
/// One product's words over the modules: a PostgreSQL schema of views, the types of its events, its settings. A folder of
/// this project holds each.
/// </summary>
public sealed class Blueprint(string name) : IModule
{
    /// <summary>The blueprints of this build.</summary>
    public static IReadOnlyList<Blueprint> All { get; } = [new("cdp"), new("pocm"), new("assistant"), new("wolo"), new("jyotiflow")];

    /// <summary>The word in <c>Accept-Profile</c>, and the name of its PostgreSQL schema.</summary>
    public string Name => name;

    public string SchemaFolder => $"{name}/schema/";
}
