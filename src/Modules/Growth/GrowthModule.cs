using Clientele.Platform.Jobs;
using Clientele.Platform.Modules;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Growth;

/// <summary>Referrals, points and rewards.</summary>
public sealed class GrowthModule : IModule
{
    public string Name => "growth";

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton(new Chore("growth.expire_referrals", TimeSpan.FromMinutes(1), $"select growth.expire_referrals()"));
        services.AddSingleton(new Chore("growth.mature_points", TimeSpan.FromMinutes(1), $"select growth.mature_points()"));
    }
}
