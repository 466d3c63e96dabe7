using System.Net.Sockets;

namespace Clientele.Platform.Health.Checks;

/// <summary>Can the service people sign in by be reached? It is only knocked at: nobody signs in.</summary>
internal static class SignInCheck
{
    public static HealthCheck Service(OAuthSettings service) => new("platform", "sign-in service", TimeSpan.FromSeconds(10), async ct =>
    {
        using var client = new TcpClient();
        try { await client.ConnectAsync(service.Token.Host, service.Token.Port, ct); }
        catch (SocketException e)
        {
            return new Finding(HealthStatus.Unhealthy, $"{service.Token.Host}:{service.Token.Port} of {service.Name} cannot be reached ({e.SocketErrorCode}). Who signs in by it waits outside; passwords work. Check CLIENTELE_OAUTH_TOKEN_URL and the network.");
        }
        return Finding.Well();
    });
}
