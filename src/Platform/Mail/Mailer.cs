using System.Net;
using System.Net.Mail;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Clientele.Platform.Mail;

/// <summary>
/// Mails to staff, over SMTP. What somebody waits for is sent at once; what must not be told by how long an answer takes goes
/// through a queue of this process, which a restart empties: whoever misses such a mail asks for it again.
/// </summary>
internal sealed partial class Mailer(PlatformOptions options, ILogger<Mailer> logger) : BackgroundService
{
    private const int MostWaiting = 500;

    private readonly Channel<Func<CancellationToken, Task>> queue = Channel.CreateBounded<Func<CancellationToken, Task>>(MostWaiting);

    public bool IsConfigured => options.Mail is not null;

    /// <returns>Whether a server took it.</returns>
    public async Task<bool> Send(string to, string subject, string text, CancellationToken ct)
    {
        if (options.Mail is not { } mail) return false;
        using var client = new SmtpClient(mail.Host, mail.Port) { EnableSsl = mail.Tls };
        if (mail.User is { } user) client.Credentials = new NetworkCredential(user, mail.Password);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(TimeSpan.FromSeconds(15));
        try
        {
            using var message = new MailMessage(mail.From, to, subject, text);
            await client.SendMailAsync(message, patience.Token);
            return true;
        }
        // The mail's text holds a link that opens an account, so it is never logged.
        catch (Exception e) when (e is SmtpException or FormatException or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            LogFailed(mail.Host, e.GetType().Name, (e as SmtpException)?.StatusCode.ToString() ?? string.Empty);
            return false;
        }
    }

    /// <summary>Does something after the answer has gone.</summary>
    /// <returns>False when too much waits already.</returns>
    public bool Later(Func<CancellationToken, Task> work) => queue.Writer.TryWrite(work);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var work in queue.Reader.ReadAllAsync(stoppingToken))
            {
                try { await work(stoppingToken); }
                catch (Npgsql.NpgsqlException e) { LogNotDone(e); }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The mail server {Host} took no mail: {Kind} {Status}")]
    private partial void LogFailed(string host, string kind, string status);

    [LoggerMessage(Level = LogLevel.Error, Message = "A mail could not be prepared")]
    private partial void LogNotDone(Exception exception);
}
