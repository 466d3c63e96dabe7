using System.Net.Sockets;

namespace Clientele.Platform.Health.Checks;

/// <summary>Can the service people sign in by be reached? It is only knocked at: nobody signs in.</summary>
internal static class SignInCheck
{
    public static HealthCheck Service(OAuthSettings service) => new("platform", "sign-in service", TimeSpan.FromSeconds(10), async ct =>
    {
        using var client = new TcpClient();
        try { await client.ConnectAsync(service.Token.Host, service.Token.Port, ct); }
        catch (SocketException e) { return Away(service, e.SocketErrorCode); }
        return Finding.Well();
    });

    public static Finding Away(OAuthSettings service, SocketError error)
    {
        var server = $"{service.Token.Host}:{service.Token.Port}";
        return Finding.Unhealthy("sign_in_away", $"{server} of {service.Name} cannot be reached ({error}). Who signs in by it waits outside; passwords work. Check CLIENTELE_OAUTH_TOKEN_URL and the network.",
            new { server, service = service.Name, error = error.ToString() });
    }
}
