using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Clientele.Demo;
using Clientele.Platform;
using Clientele.Platform.Backups;
using Clientele.Platform.Files;
using Clientele.Platform.Migrations;
using Clientele.Platform.Organizations;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Secrets;

namespace Clientele.Server.Commands;

/// <summary>clientele serve: the platform, web and workers.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var (data, database) = (Options.Data(), Options.Database());
        var port = new Option<int>("--port") { Description = "Port of the console and the API. [CLIENTELE_PORT]", HelpName = "N", DefaultValueFactory = _ => PortOf(PlatformOptions.Word("CLIENTELE_PORT")) };
        port.Validators.Add(result => { if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var p) && p is < 1 or > 65535) result.AddError("The port lies between 1 and 65535."); });
        var listen = new Option<string>("--listen") { Description = "Address to listen on: localhost, * or an IP address. [CLIENTELE_LISTEN]", HelpName = "ADDRESS", DefaultValueFactory = _ => PlatformOptions.Word("CLIENTELE_LISTEN") ?? "localhost" };
        var console = new Option<string?>("--console") { Description = "Folder of the built console. [CLIENTELE_CONSOLE]", HelpName = "DIR", DefaultValueFactory = _ => PlatformOptions.Word("CLIENTELE_CONSOLE") };
        var demo = new Option<bool>("--demo") { Description = "Add the organization \"Demo shop\" with a year of customers, visits and orders, once." };
        var demoSize = new Option<long>("--demo-size") { Description = "The same with about so many events.", HelpName = "N", DefaultValueFactory = _ => DemoOptions.DefaultSize };
        demoSize.Validators.Add(result => { if (result.Tokens.Count == 1 && long.TryParse(result.Tokens[0].Value, out var n) && n is < 1 or > DemoOptions.LargestSize) result.AddError("The size of the demo lies between 1 and 100,000,000 events."); });
        var command = new Command("serve", "Start the platform.") { port, listen, data, database, console, demo, demoSize };
        command.SetAction((parsed, ct) => Serve(
            new AppOptions(parsed.GetValue(port), parsed.GetValue(listen)!, parsed.GetValue(console) ?? BesideExecutable(), TrustedProxies(), TimelinesOf(parsed.GetValue(data)!)),
            parsed.GetValue(data)!, parsed.GetValue(database),
            parsed.GetValue(demo) || parsed.GetResult(demoSize) is { Implicit: false } ? parsed.GetValue(demoSize) : null, ct));
        return command;
    }

    private static int PortOf(string? word) => word is null ? 8080
        : int.TryParse(word, out var port) && port is > 0 and <= 65535 ? port
        : throw new SetupException($"CLIENTELE_PORT is \"{word}\"; it must be a number between 1 and 65535.");

    private static async Task<int> Serve(AppOptions options, string data, string? database, long? demoSize, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        RefuseTakenPort(options);
        using var loggers = LogLines.OfCommand();
        // The private PostgreSQL holds its folder itself.
        using var held = string.IsNullOrWhiteSpace(database) ? null : await DataFolderLock.Hold(data, ct);
        if (held is null) ServedFolder.RefuseWithoutDatabase(data);
        await using var home = await DatabaseHome.Open(database, data, loggers, ct);
        var welcome = await Founding.Ensure(home.Databases, "My organization", ct);
        await ServedFolder.Claim(home.Databases, data, ct);
        if (demoSize is { } size)
        {
            await DemoLoad.Run(home.Databases, size, ct);
            // Again: the write key to show is the demo's now.
            // The password of a moment ago nobody has seen.
            welcome = await Founding.Ensure(home.Databases, "My organization", ct) with { Replaces = welcome.Replaces };
        }
        // Not before the folder is known to be ours.
        var files = FileStores.Open(Path.Combine(data, "files"));
        await using var app = App.Build(home.Databases, options with
        {
            Keys = KeyRing.Open(data),
            Files = files,
            Data = Path.GetFullPath(data),
            Backups = BackupOptions.FromEnvironment(data, home.Administrator, home.Databases.ConnectionString) with { Files = files },
            Postgres = home.Postgres,
            Copies = BackupCopies.FromEnvironment(),
        });
        await WarnOfMissingKeys(app, ct);
        app.Lifetime.ApplicationStarted.Register(() => Greet(options, welcome, watch.Elapsed));
        await app.RunAsync(ct);
        return 0;
    }

    // Several nodes that each made a ring of their own: better said at the start than found when a mail cannot be sent.
    private static async Task WarnOfMissingKeys(WebApplication app, CancellationToken ct)
    {
        var ring = app.Services.GetRequiredService<KeyRing>();
        var missing = (await app.Services.GetRequiredService<Resealing>().Count(ct)).Where(c => !ring.Ids.Contains(c.Key)).ToList();
        if (missing.Count > 0)
            await Console.Error.WriteLineAsync($"clientele: {missing.Sum(m => m.Value):N0} secrets were encrypted with keys that this node does not have ({string.Join(", ", missing.Select(m => m.Key))}). Set {KeyRing.Variable} to the same keys on every node.");
    }

    private static void Greet(AppOptions options, Founding.Welcome welcome, TimeSpan took)
    {
        var address = PlatformOptions.Word("CLIENTELE_BASE_URL") ?? $"http://localhost:{options.Port}";
        Console.WriteLine();
        Console.WriteLine($"  Clientele is ready ({took.TotalSeconds:0.0} s)");
        Console.WriteLine();
        Console.WriteLine($"  Console    {address}");
        Console.WriteLine($"  Sign in    {welcome.Email}");
        Console.WriteLine(welcome.OneTimePassword is { } password
            ? $"  Password   {password}   one-time: you choose your own after signing in{(welcome.Replaces ? "; one shown before is no longer valid" : "")}"
            : "  Password   (the one you chose)");
        Console.WriteLine($"  Write key  {welcome.WriteKey ?? "(none is left: make one under Settings, Keys)"}");
        Console.WriteLine();
        Console.WriteLine("  Ctrl-C stops it.");
        Console.WriteLine();
    }

    /// <summary>Where a node keeps its timelines: in its data folder, also when the database is elsewhere.</summary>
    internal static string TimelinesOf(string data) => Path.Combine(Path.GetFullPath(data), "timelines");

    private static string? BesideExecutable()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "console");
        return Directory.Exists(folder) ? folder : null;
    }

    private static IReadOnlyList<string> TrustedProxies()
    {
        var proxies = (Environment.GetEnvironmentVariable("CLIENTELE_TRUSTED_PROXIES") ?? string.Empty).Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
        return Array.Find(proxies, p => !IPAddress.TryParse(p, out _) && !System.Net.IPNetwork.TryParse(p, out _)) is { } wrong
            ? throw new SetupException($"CLIENTELE_TRUSTED_PROXIES: \"{wrong}\" is neither an address nor a network such as 10.0.0.0/8.")
            : proxies;
    }

    // Before PostgreSQL is started for nothing.
    private static void RefuseTakenPort(AppOptions options)
    {
        IPAddress? address = options.Listen switch { "localhost" => IPAddress.Loopback, "*" => IPAddress.Any, var other => IPAddress.TryParse(other, out var parsed) ? parsed : null };
        if (address is null) throw new SetupException($"\"{options.Listen}\" is no address to listen on. Use localhost, * or an IP address of this machine.");
        try
        {
            using var probe = new TcpListener(address, options.Port);
            probe.Start();
        }
        catch (SocketException e)
        {
            throw new SetupException(e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => $"Port {options.Port} is in use. Stop the other program, or choose another with --port.",
                SocketError.AccessDenied => $"Port {options.Port} may only be used by root. Choose one above 1023 with --port.",
                _ => $"Cannot listen on {options.Listen} port {options.Port}: {e.Message}.",
            }, e);
        }
    }
}
