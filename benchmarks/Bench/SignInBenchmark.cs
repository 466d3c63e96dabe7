using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Platform.Sessions;
using Clientele.Platform.Tenancy;
using Npgsql;

namespace Clientele.Bench;

/// <summary>A thousand people sign in at the same moment, and try again when they are told to; how long do others' requests take meanwhile?</summary>
internal static class SignInBenchmark
{
    private const int People = 1000;
    private const string Password = "benchmarks are fun to read";
    private static readonly TimeSpan watched = TimeSpan.FromSeconds(30);

    public static async Task<IReadOnlyList<Figure>> Run(string[] args, CancellationToken ct)
    {
        if (args.Length > 0) throw new SetupException("sign-in takes no options.");
        var folder = BenchHome.NewFolder();
        try
        {
            await using var server = await ServerProcess.Start(folder, ct);
            await Hire(folder, ct);
            using var worker = Client(server.Address);
            using (var entered = await worker.PostAsJsonAsync("api/session", new { email = "p0@bench.example", password = Password }, ct)) entered.EnsureSuccessStatusCode();
            for (var warm = 0; warm < 100; warm++) await Ask(worker, ct);
            var quiet = new List<double>();
            for (var n = 0; n < 200; n++) quiet.Add(await Ask(worker, ct));

            var (inside, toldToWait) = (0, 0);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
            using var crowd = Client(server.Address);
            var entering = Enumerable.Range(1, People).Select(async n =>
            {
                try
                {
                    while (true)
                    {
                        using var answer = await crowd.PostAsJsonAsync("api/session", new { email = $"p{n}@bench.example", password = Password }, end.Token);
                        if (answer.IsSuccessStatusCode) { Interlocked.Increment(ref inside); return; }
                        if (answer.StatusCode != HttpStatusCode.ServiceUnavailable) throw new SetupException($"A sign-in was answered {(int)answer.StatusCode}.");
                        Interlocked.Increment(ref toldToWait);
                        await Task.Delay(answer.Headers.RetryAfter?.Delta ?? throw new SetupException("Nobody said when to try again."), end.Token);
                    }
                }
                catch (OperationCanceledException) when (end.IsCancellationRequested && !ct.IsCancellationRequested) { return; }
            }).ToList();

            var busy = new List<double>();
            for (var watch = Stopwatch.StartNew(); watch.Elapsed < watched && entering.Exists(e => !e.IsCompleted);)
            {
                busy.Add(await Ask(worker, ct));
                await Task.Delay(20, ct);
            }
            await end.CancelAsync();
            await Task.WhenAll(entering);
            Table.Row("a request of others, p95, quiet", $"{Table.Percentile(quiet, 0.95):0.0} ms");
            Table.Row("p50 while they sign in", $"{Table.Percentile(busy, 0.5):0.0} ms");
            Table.Row("p95 while they sign in", $"{Table.Percentile(busy, 0.95):0.0} ms", string.Create(CultureInfo.InvariantCulture, $"{busy.Count} requests"));
            Table.Row("signed in meanwhile", $"{inside}", string.Create(CultureInfo.InvariantCulture, $"told to wait {toldToWait} times"));
            return [new Figure("sign_in_others_p95_ms", Table.Percentile(busy, 0.95), "ms", 200, 50)];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task Hire(string folder, CancellationToken ct)
    {
        var login = await File.ReadAllTextAsync(Path.Combine(folder, "login.connection"), ct);
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(login) { Options = "-c role=" + Databases.ServiceRole });
        await new Db(source, Tenant.None).Run($"""
            with people as (
                insert into platform.platform_users (email, name, password_hash) select 'p' || n || '@bench.example', 'Person ' || n, {Passwords.Hash(Password)} from generate_series(0, {People}) n returning id
            )
            insert into platform.organization_members (organization_id, user_id, role) select o.id, p.id, 'viewer' from platform.organizations o, people p
            """, ct);
    }

    private static HttpClient Client(Uri address)
    {
        var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = People }) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Add("X-Clientele", "bench");
        client.DefaultRequestHeaders.Add("Clientele-Organization", "main");
        return client;
    }

    private static async Task<double> Ask(HttpClient client, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await client.GetAsync(new Uri("api/organization", UriKind.Relative), ct);
        await answer.Content.ReadAsByteArrayAsync(ct);
        answer.EnsureSuccessStatusCode();
        return watch.Elapsed.TotalMilliseconds;
    }
}
