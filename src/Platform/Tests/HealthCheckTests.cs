using System.Text.Json;
using Clientele.Platform.Files;
using Clientele.Platform.Health;
using Clientele.Platform.Health.Checks;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.Jobs;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Platform.Tests;

/// <summary>Checks and their history, over HTTP, and what is thrown away in time.</summary>
[Collection<HealthCollection>]
public sealed class HealthCheckTests(HealthApp app)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<JsonElement> Check(HttpClient client, string name) =>
        (await client.Json("api/health")).GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);

    [Fact]
    public async Task Of_two_nodes_one_looks_at_what_is_everybodys_and_a_check_that_breaks_or_hangs_breaks_no_other()
    {
        var clock = new HealthClock(DateTimeOffset.UtcNow.AddMinutes(-30));
        var (one, two) = (app.Recorder(clock), app.Recorder(clock));
        Task<long> Looks(string name) => app.Service.One<long>($"select count(*) from platform.health_results h where h.check_name = {name}", Ct);
        // What other tests found is not this one's history.
        await app.Service.Run($"delete from platform.health_results h where h.service_name = 'tests'", Ct);
        var before = await Looks("database");

        app.Finds = _ => throw new InvalidOperationException("Order 4711 broke it.");
        var rounds = await Task.WhenAll(one.Run(Ct), two.Run(Ct));
        Assert.Equal(1, rounds.Count(r => r!.Any(f => f.Name == "database")));
        Assert.All(rounds, r => Assert.Contains(r!, f => f.Name.StartsWith("timelines (", StringComparison.Ordinal)));
        Assert.Equal(before + 1, await Looks("database"));

        clock.Now += TimeSpan.FromMinutes(1);
        // It does not listen to its token, too.
        app.Finds = _ => new TaskCompletionSource<Finding>().Task;
        var third = (await two.Run(Ct))!;
        Assert.Equal(HealthStatus.Unhealthy, third.Single(r => r.Name == "own").Finding.Status);
        Assert.Contains("consumer customers.figures", third.Select(r => r.Name));
        Assert.Equal(before + 2, await Looks("database"));

        clock.Now += TimeSpan.FromMinutes(1);
        // The other node asks anew; this one still waits for its first answer.
        app.Finds = _ => Task.FromResult(Finding.Well(new { answer = 42 }));
        await one.Run(Ct);
        Assert.Null(PlatformFigures.Begin("nobody listens"));
        var own = await Check(app.Operator, "own");
        Assert.Equal(("silent", 42, 1), (own.GetProperty("status").GetString(), own.GetProperty("data").GetProperty("answer").GetInt32(), own.GetProperty("changes").GetInt32()));
        Assert.Equal(1 / 3.0, own.GetProperty("uptime").GetDouble(), 3);
        Assert.Equal(clock.Now, own.GetProperty("changedAt").GetDateTimeOffset(), TimeSpan.FromMilliseconds(1));
        Assert.Contains("unhealthy", own.GetProperty("history").EnumerateArray().Select(h => h.GetString()));
        var detail = await app.Operator.Json("api/health/check?service=tests&name=own");
        var first = detail.GetProperty("changes").EnumerateArray().Last();
        Assert.Equal(("check_broke", "InvalidOperationException: Order … broke it."), (first.GetProperty("code").GetString(), first.GetProperty("detail").GetString()));
        Assert.Equal(["healthy", "unhealthy"], detail.GetProperty("changes").EnumerateArray().Select(c => c.GetProperty("to").GetString()));
        Assert.Equal(3, detail.GetProperty("points").EnumerateArray().Sum(p => p.GetProperty("looks").GetInt32()));
    }

    [Fact]
    public async Task Details_of_the_installation_are_its_operators_and_an_organizations_probes_its_own()
    {
        app.Finds = _ => Task.FromResult(Finding.Degraded("own_fault", "on host xyzzy", new { host = "xyzzy" }));
        await app.Recorder().Run(Ct);
        await app.For(app.Beta).Run($"insert into wolo.system_health_checks (service_name, check_name, status, response_time_ms, error_message) values ('wave', 'beta probe', 'unhealthy', 12, 'no answer')", Ct);

        var database = await Check(app.Admin, "database");
        Assert.Equal("healthy", database.GetProperty("status").GetString());
        foreach (var client in new[] { app.Admin, app.Stranger, app.Later })
        {
            Assert.DoesNotContain("xyzzy", (await client.Json("api/health")).ToString(), StringComparison.Ordinal);
            Assert.Empty((await client.Json("api/health")).GetProperty("nodes").EnumerateArray());
            Assert.DoesNotContain("xyzzy", (await client.Json("api/health/check?service=tests&name=own")).ToString(), StringComparison.Ordinal);
        }
        Assert.DoesNotContain("xyzzy", await app.Anonymous.GetStringAsync(new Uri("health/ready", UriKind.Relative), Ct), StringComparison.Ordinal);
        // Of single nodes only operators hear, and of one that has gone nobody.
        Assert.Contains("timelines (", (await app.Operator.Json("api/health")).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("timelines (", (await app.Admin.Json("api/health")).ToString(), StringComparison.Ordinal);
        await app.Service.Run($"insert into platform.health_results (service_name, check_name, status, response_time_ms, node, checked_at) values ('node', 'disk (dead)', 'healthy', 1, 'dead', now())", Ct);
        Assert.DoesNotContain("disk (dead)", (await app.Operator.Json("api/health")).ToString(), StringComparison.Ordinal);
        var own = await Check(app.Operator, "own");
        Assert.Equal(("own_fault", "on host xyzzy", "xyzzy"), (own.GetProperty("code").GetString(), own.GetProperty("detail").GetString(), own.GetProperty("data").GetProperty("host").GetString()));
        var change = (await app.Operator.Json("api/health/check?service=tests&name=own")).GetProperty("changes")[0];
        Assert.Equal(("own_fault", "xyzzy"), (change.GetProperty("code").GetString(), change.GetProperty("data").GetProperty("host").GetString()));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), ((await Check(app.Admin, "own")).GetProperty("code").ValueKind, (await Check(app.Admin, "own")).GetProperty("data").ValueKind));
        Assert.NotEmpty((await app.Operator.Json("api/health")).GetProperty("nodes").EnumerateArray());

        var probe = await Check(app.Stranger, "beta probe");
        Assert.Equal((null, "no answer"), (probe.GetProperty("code").GetString(), probe.GetProperty("detail").GetString()));
        Assert.DoesNotContain("beta probe", (await app.Operator.Json("api/health")).ToString(), StringComparison.Ordinal);
        Assert.Equal((404, "not_found"), await (await app.Operator.GetAsync(new Uri("api/health/check?service=wave&name=beta probe&ofOrganization=true", UriKind.Relative), Ct)).Problem());
        Assert.Equal(12, (await app.Stranger.Json("api/health/check?service=wave&name=beta probe&ofOrganization=true")).GetProperty("points")[0].GetProperty("mostMs").GetInt32());
        Assert.Equal((403, "forbidden"), await (await app.Viewer.GetAsync(new Uri("api/health", UriKind.Relative), Ct)).Problem());
        Assert.Equal((400, "validation_failed"), await (await app.Admin.GetAsync(new Uri("api/health?hours=0", UriKind.Relative), Ct)).Problem());
    }

    [Fact]
    public async Task A_mail_server_is_well_when_it_greets()
    {
        await using var server = new MailServer();
        static Task<Finding> Look(int port) => MailCheck.Server(new MailOptions("127.0.0.1", port, false, null, null, "a@example.com")).Look(Ct);
        Assert.Equal(HealthStatus.Healthy, (await Look(server.Port)).Status);
        // Nobody is there.
        var away = await Look(1);
        Assert.Equal(HealthStatus.Unhealthy, away.Status);
        Assert.Contains("127.0.0.1:1 cannot be reached", away.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_service_people_sign_in_by_is_well_when_it_can_be_reached()
    {
        await using var server = new MailServer();
        static Task<Finding> Look(int port) => SignInCheck.Service(new OAuthSettings("Elsewhere", new Uri("https://elsewhere.example"), new Uri($"https://127.0.0.1:{port}/token"), new Uri("https://elsewhere.example"), "a", "a-secret", "email", false)).Look(Ct);
        Assert.Equal(HealthStatus.Healthy, (await Look(server.Port)).Status);
        var away = await Look(1);
        Assert.Equal(HealthStatus.Unhealthy, away.Status);
        Assert.DoesNotContain("a-secret", away.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_that_is_no_object_is_its_checks_finding_and_no_other_row_is_lost()
    {
        var clock = new HealthClock(DateTimeOffset.UtcNow.AddMinutes(-25));
        foreach (var data in new object[] { new { share = double.NaN }, new[] { 1 }, "word", new { text = "a\0b" } })
        {
            clock.Now += TimeSpan.FromMinutes(1);
            app.Finds = _ => Task.FromResult(Finding.Degraded("own_fault", "a\0b", data));
            var found = (await app.Recorder(clock).Run(Ct))!;
            Assert.Equal(HealthStatus.Unhealthy, found.Single(r => r.Name == "own").Finding.Status);
            Assert.Equal(found.Count, await app.Service.One<int>($"select count(*)::integer from platform.health_results h where h.checked_at = {clock.Now}", Ct));
        }
    }

    [Fact]
    public async Task A_minute_without_the_database_is_told_once_and_only_when_no_node_had_it()
    {
        var clock = new HealthClock(DateTimeOffset.UtcNow.AddHours(-20));
        var (one, two) = (app.Recorder(clock), app.Recorder(clock));
        await using var superuser = await app.OpenSuperuser();
        async Task Do(string statement)
        {
            await using var run = new Npgsql.NpgsqlCommand(statement, superuser);
            await run.ExecuteNonQueryAsync(Ct);
        }
        async Task Without(string code, Func<Task> act)
        {
            await Do($"create function public.away() returns trigger language plpgsql as 'begin raise exception using errcode = ''{code}''; end'; create trigger away before insert on platform.nodes for each row execute function public.away()");
            try { await act(); }
            finally { await Do("drop function public.away() cascade"); }
        }
        // What is refused says that it is there.
        await Without("23514", async () => Assert.Null(await one.Run(Ct)));
        // Away for both, then for one, then for none.
        clock.Now += TimeSpan.FromMinutes(2);
        var began = clock.Now;
        await Without("57P03", async () =>
        {
            Assert.Null(await one.Run(Ct));
            clock.Now += TimeSpan.FromSeconds(5);
            Assert.Null(await two.Run(Ct));
            clock.Now += TimeSpan.FromSeconds(55);
            Assert.Null(await one.Run(Ct));
        });
        clock.Now += TimeSpan.FromSeconds(5);
        Assert.NotNull(await two.Run(Ct));
        clock.Now += TimeSpan.FromSeconds(55);
        Assert.NotNull(await one.Run(Ct));
        clock.Now += TimeSpan.FromMinutes(1);
        Assert.NotNull(await one.Run(Ct));
        Assert.Equal(["unhealthy database_away", "healthy ", "healthy ", "healthy "], await app.Service.List<string>(
            $"select h.status || ' ' || coalesce(h.code, '') from platform.health_results h where h.check_name = 'database' and h.checked_at between {began.AddMinutes(-5)} and {clock.Now} order by h.checked_at", Ct));
    }

    [Fact]
    public async Task The_store_of_files_is_looked_at()
    {
        Assert.Equal(HealthStatus.Healthy, (await FileCheck.Store(DiskStore.Temporary()).Look(Ct)).Status);
        var away = await FileCheck.Store(new Away()).Look(Ct);
        Assert.Equal(HealthStatus.Unhealthy, away.Status);
        Assert.Contains("The bucket … is away.", away.Detail, StringComparison.Ordinal);
    }

    private sealed class Away : IFileStore
    {
        private static FileStoreException Gone => new("The bucket \"secret\" is away.");

        public Task Put(string key, Stream content, CancellationToken ct) => throw Gone;

        public Task<Stream?> Open(string key, CancellationToken ct) => throw Gone;

        public Task Delete(string key, CancellationToken ct) => throw Gone;

        public IAsyncEnumerable<StoredFile> List(string prefix, CancellationToken ct) => throw Gone;
    }

    [Fact]
    public async Task What_is_old_goes()
    {
        await app.Service.Run($"insert into platform.health_results (service_name, check_name, status, response_time_ms, checked_at) values ('old', 'old', 'healthy', 1, now() - interval '31 days'), ('old', 'young', 'healthy', 1, now() - interval '29 days')", Ct);
        await app.Service.Run($"insert into platform.error_groups (own, fingerprint, source, error_type, message, severity, occurrences, first_seen, last_seen) values (true, {new string('a', 32)}, 'x', 'Old', '', 'error', 1, now() - interval '91 days', now() - interval '91 days')", Ct);
        await app.Service.Run($"insert into platform.error_groups (own, fingerprint, source, error_type, message, severity, occurrences, first_seen, last_seen) values (true, {new string('b', 32)}, 'x', 'Young', '', 'error', 1, now() - interval '91 days', now() - interval '89 days')", Ct);
        // A product's group and row stay however old they are, and so do an organization's probes.
        await app.For(app.Beta).Run($"insert into platform.error_logs (error_type, error_message) values ('Ancient', 'ancient')", Ct);
        await app.For(app.Beta).Run($"insert into platform.system_health_checks (service_name, check_name, status, checked_at) values ('wave', 'ancient', 'healthy', now() - interval '1 year')", Ct);
        await app.Flush();
        await app.Service.Run($"update platform.error_groups g set first_seen = now() - interval '1 year', last_seen = now() - interval '1 year' where g.error_type = 'Ancient'", Ct);
        foreach (var chore in app.Services.GetServices<Chore>().Where(c => c.Name is "platform.purge_health" or "platform.purge_errors" or "platform.sample_sizes")) await app.Service.Run(chore.Statement, Ct);
        Assert.Equal(["young"], await app.Service.List<string>($"select h.check_name from platform.health_results h where h.service_name = 'old'", Ct));
        Assert.Equal(1, await app.For(app.Beta).One<long>($"select count(*) from platform.error_logs l join platform.error_groups g on g.id = l.group_id where l.error_type = 'Ancient'", Ct));
        Assert.Equal(1, await app.For(app.Beta).One<long>($"select count(*) from platform.system_health_checks h where h.check_name = 'ancient'", Ct));
        Assert.Equal(["Young"], await app.Service.List<string>($"select g.error_type from platform.error_groups g where g.source = 'x'", Ct));
        Assert.True(await app.Service.One<bool>($"select bool_or(d.relation = '' and d.bytes > 1000000) and count(*) > 10 from platform.database_sizes d where d.day = current_date", Ct));
    }
}
