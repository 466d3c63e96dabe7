using Clientele.Platform.Jobs;
using Clientele.Platform.Modules;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Messaging;

/// <summary>Templates, campaigns, the queue of messages and what people want to receive.</summary>
public sealed class MessagingModule : IModule
{
    public string Name => "messaging";

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton(new Chore("messaging.release", TimeSpan.FromMinutes(1), $"select messaging.release()"));
        services.AddSingleton(new Chore("messaging.escalate", TimeSpan.FromMinutes(1), $"select messaging.escalate()"));
        services.AddSingleton(new Chore("messaging.purge_webhook_calls", TimeSpan.FromMinutes(60), $"select messaging.purge_webhook_calls()"));
    }
}
