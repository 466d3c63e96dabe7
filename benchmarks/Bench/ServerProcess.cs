using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Clientele.Platform.Migrations;

namespace Clientele.Bench;

/// <summary>The server as a process of its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan longestStart = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan longestStop = TimeSpan.FromSeconds(30);

    private readonly Process process;

    private ServerProcess(Process process) => this.process = process;

    /// <summary>Seconds from the start of the process to the first answer that it is ready.</summary>
    public double ReadyAfter { get; private set; }

    public double ResidentMegabytes => double.Parse(
        File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private init; } = null!;

    /// <param name="database">Connection string of a given server; null for one of its own.</param>
    public static async Task<ServerProcess> Start(string dataFolder, CancellationToken ct, string? database = null)
    {
        var port = FreePort();
        string[] given = database is null ? [] : ["--database", database];
        var start = new ProcessStartInfo(Executable(), ["serve", "--port", port.ToString(CultureInfo.InvariantCulture), "--data", dataFolder, .. given]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("CLIENTELE_", StringComparison.Ordinal) && k != "CLIENTELE_POSTGRES_BIN").ToList()) start.Environment.Remove(name);
        var watch = Stopwatch.StartNew();
        var server = new ServerProcess(Process.Start(start)!) { Address = new Uri($"http://127.0.0.1:{port}/") };
        try
        {
            await server.Ready(new Uri($"http://127.0.0.1:{port}/health/ready"), watch, ct);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The Data API alone, over the database the settings name.</summary>
    public static async Task<(ServerProcess Server, int Port)> StartDataApi(IReadOnlyDictionary<string, string> settings, CancellationToken ct)
    {
        var port = FreePort();
        var start = new ProcessStartInfo(Executable(), ["data-api"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("PGRST_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        foreach (var (name, value) in settings) start.Environment[name] = value;
        start.Environment["PGRST_SERVER_HOST"] = "127.0.0.1";
        start.Environment["PGRST_SERVER_PORT"] = port.ToString(CultureInfo.InvariantCulture);
        var server = new ServerProcess(Process.Start(start)!);
        try
        {
            await server.Ready(new Uri($"http://127.0.0.1:{port}/"), Stopwatch.StartNew(), ct);
            return (server, port);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private async Task Ready(Uri address, Stopwatch watch, CancellationToken ct)
    {
        var errors = process.StandardError.ReadToEndAsync(ct);
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        while (watch.Elapsed < longestStart)
        {
            if (process.HasExited) throw new SetupException($"The server stopped: {(await errors).Trim()}");
            try
            {
                using var answer = await client.GetAsync(address, ct);
                if (answer.IsSuccessStatusCode)
                {
                    ReadyAfter = watch.Elapsed.TotalSeconds;
                    return;
                }
            }
            catch (HttpRequestException) { /* it does not listen yet */ }
            await Task.Delay(10, ct);
        }
        throw new SetupException("The server was not ready within a minute.");
    }

    // Beside the benchmarks where ./bench puts it, or among their own files.
    private static string Executable() =>
        new[] { Path.Combine(AppContext.BaseDirectory, "../server/clientele"), Path.Combine(AppContext.BaseDirectory, "clientele") }.FirstOrDefault(File.Exists)
        ?? throw new SetupException("The server's executable is not there. Run ./bench, which builds it.");

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>As Ctrl-C would, so that it stops its PostgreSQL.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            using var signal = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
            using var patience = new CancellationTokenSource(longestStop);
            try { await process.WaitForExitAsync(patience.Token); }
            catch (OperationCanceledException) { process.Kill(entireProcessTree: true); }
        }
        process.Dispose();
    }
}
