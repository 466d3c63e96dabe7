using System.Net.Sockets;
using System.Text;

namespace Clientele.Platform.Health.Checks;

/// <summary>Does the mail server greet? Nothing is sent and nobody signs in.</summary>
internal static class MailCheck
{
    public static HealthCheck Server(MailOptions mail) => new("platform", "mail server", TimeSpan.FromSeconds(10), async ct =>
    {
        using var client = new TcpClient();
        try { await client.ConnectAsync(mail.Host, mail.Port, ct); }
        catch (SocketException e) { return Away(mail, e.SocketErrorCode); }
        await using var stream = client.GetStream();
        var buffer = new byte[512];
        var read = await stream.ReadAsync(buffer, ct);
        if (read < 3 || !Encoding.ASCII.GetString(buffer, 0, 3).Equals("220", StringComparison.Ordinal)) return NoGreeting(mail);
        await stream.WriteAsync("QUIT\r\n"u8.ToArray(), ct);
        return Finding.Well();
    });

    public static Finding Away(MailOptions mail, SocketError error) => Finding.Unhealthy("mail_away",
        $"{mail} cannot be reached ({error}). Check CLIENTELE_SMTP and the network.", new { server = mail.ToString(), error = error.ToString() });

    public static Finding NoGreeting(MailOptions mail) => Finding.Unhealthy("mail_no_greeting",
        $"{mail} does not greet as a mail server does. Is the port right?", new { server = mail.ToString() });
}
