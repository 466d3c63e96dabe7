using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Testing;
using Npgsql;

namespace Clientele.EndToEnd.Tests;

/// <summary>A data folder, and the built executable run on it as processes of its own, which can be killed. Whatever is left of them at the end is ended.</summary>
internal sealed partial class Installation : IAsyncDisposable
{
    private readonly List<Process> started = [];
    private HttpClient? client;

    public Installation()
    {
        Root = Directory.CreateTempSubdirectory("clientele-kill-").FullName;
        // PostgreSQL does not run as root: its user has to get through.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Root, (UnixFileMode)0b111_101_101);
        Data = Path.Combine(Root, "data");
        Port = FreePort();
    }

    public string Root { get; }

    public string Data { get; }

    public int Port { get; }

    public RunningProcess? Server { get; private set; }

    /// <summary>Variables its processes are started with.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>Starts the server and waits until it answers.</summary>
    public async Task StartServer()
    {
        Server = Start("serve", "--port", Port.ToString(CultureInfo.InvariantCulture), "--data", Data);
        using var probe = new HttpClient { BaseAddress = Address };
        await Until("the server to be ready", async () =>
        {
            if (Server.Process.HasExited) throw new InvalidOperationException($"The server ended with {Server.Process.ExitCode}: {Server.Output} {Server.Errors}");
            try { return (await probe.GetAsync(new Uri("health/ready", UriKind.Relative))).IsSuccessStatusCode && Server.Output.Contains("Clientele is ready", StringComparison.Ordinal); }
            catch (Exception e) when (e is HttpRequestException or SocketException) { return false; }
        });
    }

    /// <summary>Stops the server in order, and PostgreSQL with it.</summary>
    public async Task StopServer()
    {
        _ = Kill(Server!.Process.Id, 15);
        await Server.Process.WaitForExitAsync();
    }

    /// <summary>Asks a process to end in order.</summary>
    public static void Terminate(RunningProcess running) => _ = Kill(running.Process.Id, 15);

    /// <summary>kill -9. PostgreSQL goes on alone, as it would.</summary>
    public async Task KillServer()
    {
        Server!.Process.Kill();
        await Server.Process.WaitForExitAsync();
    }

    /// <summary>kill -9 of PostgreSQL's postmaster.</summary>
    public async Task KillPostgres() => Process.GetProcessById(await Postmaster() ?? throw new InvalidOperationException("PostgreSQL does not run.")).Kill();

    /// <summary>Starts the executable with a command line.</summary>
    public RunningProcess Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Root };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "clientele.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        // Only what is said here counts, whatever the tests themselves were started with.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("CLIENTELE_", StringComparison.Ordinal) && k != "CLIENTELE_POSTGRES_BIN").ToList()) start.Environment.Remove(name);
        foreach (var (name, value) in Variables) start.Environment[name] = value;
        var process = new Process { StartInfo = start };
        var running = new RunningProcess(process);
        process.Start();
        started.Add(process);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return running;
    }

    /// <summary>Runs a command to its end.</summary>
    public Task<RunningProcess> Run(params string[] arguments) => Run(arguments, TimeSpan.FromMinutes(2));

    /// <summary>Runs a command that may take longer to its end.</summary>
    public async Task<RunningProcess> Run(string[] arguments, TimeSpan patience)
    {
        var running = Start(arguments);
        using var end = new CancellationTokenSource(patience);
        await running.Process.WaitForExitAsync(end.Token);
        return running;
    }

    /// <summary>The console's way: sign in with the one-time password, choose another, send the file, start.</summary>
    public async Task<string> ImportOverHttp(GeneratedOrders orders)
    {
        if (client is null)
        {
            client = new HttpClient(new SocketsHttpHandler { UseCookies = true }) { BaseAddress = Address };
            client.DefaultRequestHeaders.Add("X-Clientele", "console");
            client.DefaultRequestHeaders.Add("Clientele-Organization", "main");
            var password = OneTimePassword().Match(Server!.Output).Groups[1].Value;
            await Done(client.PostAsJsonAsync("api/session", new { email = "admin@example.com", password }));
            await Done(client.PutAsJsonAsync("api/session/password", new { currentPassword = password, newPassword = TestApp.Password }));
        }
        using var file = new StringContent(orders.Csv);
        var uploaded = await Done(client.PostAsync(new Uri("api/imports?kind=orders&name=orders.csv", UriKind.Relative), file));
        var id = uploaded.GetProperty("id").GetString()!;
        await Done(client.PostAsJsonAsync($"api/imports/{id}/start", new { mapping = JsonSerializer.Deserialize<JsonElement>(GeneratedOrders.Mapping) }));
        return id;
    }

    /// <summary>Posts JSON as whoever imported.</summary>
    /// <param name="patient">Nothing instead of an error while the timelines are being built.</param>
    public async Task<JsonElement> Ask(string path, string json, bool patient = false)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        if (!patient) return await Done(client!.PostAsync(new Uri(path, UriKind.Relative), body));
        using var answer = await client!.PostAsync(new Uri(path, UriKind.Relative), body);
        if (answer.StatusCode == HttpStatusCode.ServiceUnavailable) return default;
        return await Done(Task.FromResult(answer));
    }

    /// <summary>What is at an address, as whoever imported sees it.</summary>
    public Task<string> Look(string path) => client!.GetStringAsync(new Uri(path, UriKind.Relative));

    /// <summary>How the only import stands.</summary>
    public async Task<(string State, long Staged, long Written)> Import()
    {
        await using var connection = await Open();
        await using var command = new NpgsqlCommand("select i.state, i.staged, i.written from platform.imports i order by i.created_at desc limit 1", connection);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? (reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)) : ("none", 0, 0);
    }

    /// <summary>Waits until the import is in a state; one that failed or ended before is an error.</summary>
    public Task UntilImport(string what, Func<(string State, long Staged, long Written), bool> condition) => Until(what, async () =>
    {
        try
        {
            var import = await Import();
            if (condition(import)) return true;
            return import.State is "completed" or "failed" ? throw new InvalidOperationException($"Waiting for {what}, the import is {import}. {Server?.Output} {Server?.Errors}") : false;
        }
        catch (NpgsqlException) { return false; }
    });

    public Task UntilCompleted() => UntilImport("the import to complete", i => i.State == "completed");

    /// <summary>The figures of customers follow the import a moment later.</summary>
    public Task UntilConsumed() => Until("the consumers of the log", () => Scalar<bool>("""
        select not exists (select from log.consumers c, log.events e where (e.epoch, e.writer, e.position) > (c.epoch, c.writer, c.position))
        """));

    /// <summary>All that the import made, order and line for line, so that two imports can be compared.</summary>
    public async Task<string> Totals()
    {
        await UntilConsumed();
        return await Scalar<string>("""
            select concat_ws(E'\n',
                (select format('documents %s %s %s', count(*), sum(o.base_total), md5(string_agg(concat_ws('|', o.order_id, o.kind, o.base_total, o.ordered_at at time zone 'UTC', o.order_status, o.shipping_country, c.customer_id), ';' order by o.order_id)))
                 from commerce.customer_orders o left join customers.customers c on c.organization_id = o.organization_id and c.id = o.customer_id),
                (select format('lines %s %s %s', count(*), sum(i.quantity), md5(string_agg(concat_ws('|', i.source_line, i.product_id, i.product_name, i.quantity, i.unit_price, i.total_price), ';' order by i.source_line)))
                 from commerce.customer_order_items i),
                (select format('facts %s %s', count(*), sum(f.event_value)) from log.facts f where f.event_category = 'transaction'),
                (select format('products %s %s', sum(m.quantity), sum(m.revenue)) from commerce.product_months m),
                (select format('customers %s orders %s revenue %s refunds %s %s', count(*), sum(f.total_orders), sum(f.total_revenue), sum(f.total_refunds), md5(string_agg(concat_ws('|', c.customer_id, f.total_orders, f.total_revenue, f.total_refunds), ';' order by c.customer_id)))
                 from customers.customers c left join customers.customer_figures f on f.organization_id = c.organization_id and f.customer_id = c.id),
                (select format('import %s read %s accepted %s rejected %s duplicates %s %s', i.state, i.lines_read, i.accepted, i.rejected, i.duplicates, i.counts) from platform.imports i),
                (select format('rejects %s', string_agg(concat_ws('|', r.line, r.reason, r.fields), ';' order by r.line)) from platform.import_rejects r),
                (select format('left over %s %s', (select count(*) from commerce.staged_order_lines), (select count(*) from platform.import_pieces))))
            """);
    }

    /// <summary>As the superuser, past all policies.</summary>
    public async Task<T> Scalar<T>(string sql, string? database = null)
    {
        await using var connection = await Open(database);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public static async Task Until(string what, Func<Task<bool>> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > TimeSpan.FromMinutes(2)) throw new TimeoutException($"Waited two minutes for {what}.");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        if (Server is { Process.HasExited: false } server)
        {
            // In order first, so that PostgreSQL stops with it.
            _ = Kill(server.Process.Id, 15);
            await Task.WhenAny(server.Process.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(20)));
        }
        foreach (var process in started)
        {
            if (!process.HasExited) process.Kill();
            process.Dispose();
        }
        var socket = Service().GetValueOrDefault("host");
        if (await Postmaster() is { } postmaster)
        {
            _ = Kill(postmaster, 3);
            for (var patience = 0; patience < 100 && await Postmaster() is not null; patience++) await Task.Delay(100);
            if (await Postmaster() is { } stubborn) _ = Kill(stubborn, 9);
            if (Directory.Exists(socket)) Directory.Delete(socket, recursive: true);
        }
        Directory.Delete(Root, recursive: true);
    }

    public Uri Address => new($"http://localhost:{Port}/");

    // Of the process that runs on this very folder: a number alone may be anybody's by now.
    private async Task<int?> Postmaster()
    {
        var file = Path.Combine(Data, "postgres", "postmaster.pid");
        try
        {
            var pid = int.Parse((await File.ReadAllLinesAsync(file))[0], CultureInfo.InvariantCulture);
            return (await File.ReadAllTextAsync($"/proc/{pid}/cmdline")).Contains(Data, StringComparison.Ordinal) ? pid : null;
        }
        catch (Exception e) when (e is IOException or FormatException or IndexOutOfRangeException) { return null; }
    }

    private Dictionary<string, string> Service()
    {
        var file = Path.Combine(Data, "pg_service.conf");
        return File.Exists(file)
            ? File.ReadAllLines(file).Select(l => l.Split('=', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal)
            : [];
    }

    // As the superuser, past all policies.
    private async Task<NpgsqlConnection> Open(string? database = null)
    {
        var service = Service();
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = service["host"], Username = service["user"], Password = service["password"], Database = database ?? service["dbname"], Pooling = false,
        }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private static async Task<JsonElement> Done(Task<HttpResponseMessage> asking)
    {
        using var answer = await asking;
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{answer.RequestMessage?.RequestUri}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"Password\s+(\S+)\s+one-time")]
    private static partial Regex OneTimePassword();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>A process and what it has said.</summary>
internal sealed class RunningProcess
{
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();

    public RunningProcess(Process process)
    {
        Process = process;
        process.OutputDataReceived += (_, line) => Add(output, line.Data);
        process.ErrorDataReceived += (_, line) => Add(errors, line.Data);
    }

    public Process Process { get; }

    public string Output { get { lock (output) return output.ToString(); } }

    public string Errors { get { lock (errors) return errors.ToString(); } }

    private static void Add(StringBuilder text, string? line)
    {
        if (line is null) return;
        lock (text) text.Append(line).Append('\n');
    }
}
