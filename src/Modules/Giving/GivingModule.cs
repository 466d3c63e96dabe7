using Clientele.Platform.Jobs;
using Clientele.Platform.Modules;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Giving;

/// <summary>Pots, donations and their refunds.</summary>
public sealed class GivingModule : IModule
{
    public string Name => "giving";

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton(new Chore("giving.open_pots", TimeSpan.FromMinutes(1), $"select giving.open_pots()"));
        services.AddSingleton(new Chore("giving.expire_pots", TimeSpan.FromMinutes(10), $"select giving.expire_pots()"));
        services.AddSingleton(new Chore("giving.expire_codes", TimeSpan.FromMinutes(10), $"select giving.expire_codes()"));
        services.AddSingleton(new Chore("giving.snapshot_pots", TimeSpan.FromMinutes(60), $"select giving.snapshot_pots()"));
    }
}
