using Clientele.Platform.Modules;

namespace Clientele.Billing;

/// <summary>Payments, credits and refunds.</summary>
public sealed class BillingModule : IModule
{
    public string Name => "billing";
}
