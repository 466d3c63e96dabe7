using Clientele.Platform.Modules;

namespace Clientele.Flags;

/// <summary>Feature flags, rollouts and A/B tests.</summary>
public sealed class FlagsModule : IModule
{
    public string Name => "flags";
}
