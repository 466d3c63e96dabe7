using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Clientele.Testing;

/// <summary>A mail server that speaks SMTP on a port of its own and keeps what it takes.</summary>
public sealed partial class MailServer : IAsyncDisposable
{
    /// <param name="To">The recipient.</param>
    /// <param name="Text">The body, decoded.</param>
    public sealed record Letter(string To, string Head, string Text)
    {
        /// <summary>What comes after the # of the link in it.</summary>
        public string Token => Link().Match(Text) is { Success: true } found ? found.Groups[1].Value : throw new InvalidOperationException($"There is no link in: {Text}");
    }

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<Letter> letters = new();
    private readonly Task accepting;

    public MailServer()
    {
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = Accept();
    }

    public int Port { get; }

    /// <summary>Refuses every mail, as a server does that does not relay.</summary>
    public bool Refuses { get; set; }

    public IReadOnlyList<Letter> Letters => [.. letters];

    /// <summary>The letter to somebody after so many others of theirs; waits until it comes.</summary>
    public async Task<Letter> To(string address, int after = 0)
    {
        for (var patience = 0; patience < 600; patience++)
        {
            if (letters.Where(l => l.To == address).Skip(after).FirstOrDefault() is { } letter) return letter;
            await Task.Delay(20);
        }
        throw new TimeoutException($"No mail came to {address}.");
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        // Not before nobody asks it for the next: it would say that it does not listen.
        await accepting;
        listener.Dispose();
        stop.Dispose();
    }

    private async Task Accept()
    {
        try
        {
            while (true) _ = Serve(await listener.AcceptTcpClientAsync(stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException) { return; }
    }

    private async Task Serve(TcpClient client)
    {
        using var _ = client;
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.Latin1);
        await using var writer = new StreamWriter(stream, Encoding.Latin1) { NewLine = "\r\n", AutoFlush = true };
        var to = string.Empty;
        try
        {
            await writer.WriteLineAsync("220 test");
            while (await reader.ReadLineAsync(stop.Token) is { } line)
            {
                var command = line.Split(' ', ':')[0].ToUpperInvariant();
                if (command == "RCPT") to = Address().Match(line).Groups[1].Value;
                if (command == "DATA")
                {
                    await writer.WriteLineAsync("354 go on");
                    letters.Enqueue(await Read(reader, to));
                }
                await writer.WriteLineAsync(command switch { "EHLO" or "HELO" => "250 test", "QUIT" => "221 bye", "MAIL" when Refuses => "550 no", _ => "250 ok" });
                if (command == "QUIT") return;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException) { return; }
    }

    private async Task<Letter> Read(StreamReader reader, string to)
    {
        var (head, body, inBody) = (new StringBuilder(), new StringBuilder(), false);
        while (await reader.ReadLineAsync(stop.Token) is { } line && line != ".")
        {
            if (!inBody && line.Length == 0) inBody = true;
            else (inBody ? body : head).Append(line.StartsWith("..", StringComparison.Ordinal) ? line[1..] : line).Append('\n');
        }
        return new Letter(to, head.ToString(), Decode(head.ToString(), body.ToString()));
    }

    private static string Decode(string head, string body)
    {
        if (head.Contains("base64", StringComparison.OrdinalIgnoreCase)) return Encoding.UTF8.GetString(Convert.FromBase64String(body.Replace("\n", string.Empty, StringComparison.Ordinal)));
        if (!head.Contains("quoted-printable", StringComparison.OrdinalIgnoreCase)) return body;
        var bytes = new List<byte>();
        var text = body.Replace("=\n", string.Empty, StringComparison.Ordinal);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '=' && i + 2 < text.Length)
            {
                bytes.Add(Convert.ToByte(text.Substring(i + 1, 2), 16));
                i += 2;
            }
            else bytes.Add((byte)text[i]);
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    [GeneratedRegex("<([^>]*)>")]
    private static partial Regex Address();

    [GeneratedRegex("#([A-Za-z0-9_-]{20,})")]
    private static partial Regex Link();
}
