using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Clientele.Platform.Secrets;
using Clientele.Testing;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Clientele.EndToEnd.Tests;

/// <summary>Two server processes on one database: what one knows the other knows, and neither is missed.</summary>
public sealed class NodesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A node: a process with a folder and a port of its own.</summary>
    private sealed class Node(Installation installation, string connection, string name) : IDisposable
    {
        private readonly int port = Installation.FreePort();
        private RunningProcess? process;

        public HttpClient Client { get; } = new(new SocketsHttpHandler { UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5) }) { Timeout = TimeSpan.FromSeconds(30) };

        public Uri At(string path) => new($"http://localhost:{port}/{path}");

        public async Task Start()
        {
            process = installation.Start("serve", "--port", port.ToString(CultureInfo.InvariantCulture), "--data", Path.Combine(installation.Root, name), "--database", connection);
            await Installation.Until($"the node {name}", async () =>
            {
                if (process.Process.HasExited) throw new InvalidOperationException($"It ended with {process.Process.ExitCode}: {process.Output} {process.Errors}");
                try { return (await Client.GetAsync(At("health/ready"), Ct)).IsSuccessStatusCode; }
                catch (HttpRequestException) { return false; }
            });
        }

        public async Task Kill()
        {
            process!.Process.Kill();
            await process.Process.WaitForExitAsync(Ct);
        }

        public async Task Stop()
        {
            Installation.Terminate(process!);
            await process!.Process.WaitForExitAsync(Ct);
        }

        public async Task<JsonElement> Send(HttpMethod method, string path, string? session, string? json = null, HttpContent? content = null)
        {
            using var request = new HttpRequestMessage(method, At(path)) { Content = content ?? (json is null ? null : new StringContent(json, Encoding.UTF8, "application/json")) };
            request.Headers.Add("X-Clientele", "console");
            request.Headers.Add("Clientele-Organization", "alpha");
            if (session is not null) request.Headers.Add("Cookie", session);
            using var answer = await Client.SendAsync(request, Ct);
            var text = await answer.Content.ReadAsStringAsync(Ct);
            Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {(int)answer.StatusCode} {text}");
            return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
        }

        /// <summary>Of this node's own timelines; empty while they are being built.</summary>
        public async Task<string> Answer(string session, string question)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, At("api/analytics/query")) { Content = new StringContent(question, Encoding.UTF8, "application/json") };
            foreach (var (name, value) in new[] { ("X-Clientele", "console"), ("Clientele-Organization", "alpha"), ("Cookie", session) }) request.Headers.Add(name, value);
            using var answer = await Client.SendAsync(request, Ct);
            var text = await answer.Content.ReadAsStringAsync(Ct);
            if (!answer.IsSuccessStatusCode) return string.Empty;
            var json = JsonSerializer.Deserialize<JsonElement>(text);
            return json.GetProperty("engine").GetString() == "timelines" ? json.GetProperty("result").GetRawText() : string.Empty;
        }

        public async Task<string> SignIn()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, At("api/session")) { Content = JsonContent.Create(new { email = "ann@nodes.example", password = TestApp.Password }) };
            request.Headers.Add("X-Clientele", "console");
            using var answer = await Client.SendAsync(request, Ct);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
            return string.Join("; ", answer.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0]));
        }

        /// <summary>Whether the event was acknowledged; a node that is going or gone acknowledges nothing.</summary>
        public async Task<bool> Track(string key, string id)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, At("v1/track")) { Content = JsonContent.Create(new { messageId = id, userId = "u-" + id, @event = "visited" }) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes(key + ":")));
            try
            {
                using var answer = await Client.SendAsync(request, Ct);
                return answer.IsSuccessStatusCode;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !Ct.IsCancellationRequested) { return false; }
        }

        public void Dispose() => Client.Dispose();
    }

    [Fact]
    public async Task Of_two_nodes_either_answers_for_both_and_takes_over_what_the_other_left_and_no_event_is_lost()
    {
        await using var database = new TestDatabase();
        await database.InitializeAsync();
        var alpha = database.Alpha.OrganizationId!.Value;
        var hash = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = 1000 })).HashPassword(new(), TestApp.Password);
        await database.Service.Run($"""
            with person as (insert into platform.platform_users (email, name, password_hash, email_verified) values ('ann@nodes.example', 'Ann', {hash}, true) returning id)
            insert into platform.organization_members (organization_id, user_id, role) select {alpha}, p.id, 'super_admin' from person p
            """, Ct);
        var key = await database.Service.One<string>($"select k.public_key from platform.api_keys k where k.organization_id = {alpha} and k.kind = 'write'", Ct);
        await using var installation = new Installation();
        installation.Variables["CLIENTELE_KEYS"] = KeyRing.NewKey();
        using var one = new Node(installation, database.ConnectionString, "one");
        using var two = new Node(installation, database.ConnectionString, "two");
        await Task.WhenAll(one.Start(), two.Start());

        // Signed in on one, known to the other; signed out there, unknown to both.
        var session = await one.SignIn();
        Assert.Equal("ann@nodes.example", (await two.Send(HttpMethod.Get, "api/session", session)).GetProperty("user").GetProperty("email").GetString());

        // An event told to one is in the other's answer.
        Assert.True(await two.Track(key, "first"));
        var today = DateTime.UtcNow;
        var count = $$"""{"kind": "trend", "from": "{{today.AddDays(-40):yyyy-MM-dd}}", "to": "{{today.AddDays(1):yyyy-MM-dd}}", "interval": "month", "series": [{"measure": "events", "event": "visited"}]}""";
        var expected = (await two.Send(HttpMethod.Post, "api/analytics/query?engine=sql", session, count)).GetProperty("result").GetRawText();
        Assert.Contains("1", expected, StringComparison.Ordinal);
        await Installation.Until("the other node's answer", async () => await one.Answer(session, count) == expected);

        // A job asked for on one runs once, whoever runs it.
        var job = (await two.Send(HttpMethod.Get, "api/jobs", session)).GetProperty("items").EnumerateArray().First(j => j.GetProperty("hasWorker").GetBoolean()).GetProperty("id").GetString();
        await one.Send(HttpMethod.Post, $"api/jobs/{job}/run", session, "{}");
        await Installation.Until("the job", async () => await database.Service.One<long>($"select count(*) from platform.job_runs r where r.job_id = {Guid.Parse(job!)} and r.status <> 'running'", Ct) > 0);
        Assert.Equal(1, await database.Service.One<long>($"select count(*) from platform.job_runs r where r.job_id = {Guid.Parse(job!)}", Ct));

        // Killed in the middle of an import, the one is not missed: the other writes it to its end, and follows the log.
        var orders = new GeneratedOrders(20_000);
        using var file = new StringContent(orders.Csv);
        var import = (await one.Send(HttpMethod.Post, "api/imports?kind=orders&name=orders.csv", session, content: file)).GetProperty("id").GetString();
        await one.Send(HttpMethod.Post, $"api/imports/{import}/start", session, $$"""{"mapping": {{GeneratedOrders.Mapping}}}""");
        await Installation.Until("the import at work", async () => await database.Service.One<string>($"select i.state from platform.imports i", Ct) is "reading" or "writing" or "completed");
        await one.Kill();
        await Installation.Until("the import's end", async () => await database.Service.One<string>($"select i.state from platform.imports i", Ct) == "completed");
        Assert.Equal((long)orders.Orders, await database.Service.One<long>($"select count(*) from commerce.customer_orders o where o.kind = 'order'", Ct));
        await Consumed(database);

        // Restarted one after the other while events come: what was acknowledged is there, once.
        await one.Start();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var sent = new List<string>();
        var sending = Task.Run(async () =>
        {
            for (var i = 0; !over.IsCancellationRequested; i++)
            {
                // As an SDK does: tried again until somebody takes it, at the other node.
                var id = $"rolling-{i}";
                for (var tries = 0; !await (tries % 2 == 0 ? one : two).Track(key, id); tries++) await Task.Delay(20, Ct);
                sent.Add(id);
            }
        }, Ct);
        await one.Stop();
        await one.Start();
        await two.Stop();
        await two.Start();
        await over.CancelAsync();
        await sending;
        Assert.True(sent.Count > 20, $"{sent.Count}");
        await Installation.Until("all events", async () => await database.Service.One<long>($"select count(*) from log.events e where e.event_type = 'visited' and e.organization_id = {alpha}", Ct) >= sent.Count + 1);
        Assert.Equal(sent.Count + 1, await database.Service.One<long>($"select count(*) from log.events e where e.event_type = 'visited' and e.organization_id = {alpha}", Ct));
        Assert.Equal("ann@nodes.example", (await one.Send(HttpMethod.Get, "api/session", session)).GetProperty("user").GetProperty("email").GetString());
        await Task.WhenAll(one.Stop(), two.Stop());
    }

    private static Task Consumed(TestDatabase database) => Installation.Until("the consumers of the log", () => database.Service.One<bool>($"""
        select not exists (select from log.consumers c, log.events e where (e.epoch, e.writer, e.position) > (c.epoch, c.writer, c.position))
        """, Ct));
}
