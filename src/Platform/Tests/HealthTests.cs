using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Clientele.Platform.Health;
using Clientele.Platform.Health.Checks;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.Jobs;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Platform.Tests;

/// <summary>Checks with history, the error log and the figures of the database, over HTTP.</summary>
public sealed class HealthTests(HealthTests.App app) : IClassFixture<HealthTests.App>
{
    public sealed class App : TestApp
    {
        /// <summary>What the check of the tests' own finds.</summary>
        public Func<CancellationToken, Task<Finding>> Finds { get; set; } = _ => Task.FromResult(Finding.Well());

        /// <summary>A super administrator of alpha, which was first: an operator.</summary>
        public HttpClient Operator { get; private set; } = null!;

        /// <summary>A super administrator of beta, which came later.</summary>
        public HttpClient Later { get; private set; } = null!;

        protected override void Configure(IServiceCollection services)
        {
            base.Configure(services);
            services.AddSingleton<ILoggerProvider>(s => s.GetRequiredService<ErrorInbox>());
            // It looks when it is told to.
            services.AddSingleton(s => new HealthRecorder(Databases, s.GetRequiredService<CheckList>(), s.GetRequiredService<Node>(), s.GetRequiredService<ErrorInbox>(), new Still(), NullLogger<HealthRecorder>.Instance));
            services.AddSingleton(new HealthCheck("tests", "own", TimeSpan.FromMilliseconds(100), ct => Finds(ct)));
            services.AddSingleton(new JobHandler("data_sync", (_, _) => throw new InvalidOperationException("The job of order 4711 broke.")));
        }

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await AddPerson("root@alpha.example", Alpha.OrganizationId!.Value, "super_admin");
            await AddPerson("root@beta.example", Beta.OrganizationId!.Value, "super_admin");
            Operator = await SignIn("root@alpha.example", "alpha");
            Later = await SignIn("root@beta.example", "beta");
        }

        public override async ValueTask DisposeAsync()
        {
            Operator.Dispose();
            Later.Dispose();
            await base.DisposeAsync();
        }

        internal HealthRecorder Recorder(TimeProvider? clock = null) => new(Databases, Services.GetRequiredService<CheckList>(), new Node(), Services.GetRequiredService<ErrorInbox>(), clock ?? TimeProvider.System, NullLogger<HealthRecorder>.Instance);

        public Task Flush() => Services.GetRequiredService<ErrorWriter>().Flush(CancellationToken.None);

        public ILogger Logger(string category) => Services.GetRequiredService<ILoggerFactory>().CreateLogger(category);
    }

    /// <summary>A clock by which nothing that waits goes on.</summary>
    private sealed class Still : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Never();

        private sealed class Never : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() { }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<JsonElement> Check(HttpClient client, string name) =>
        (await client.Json("api/health")).GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);

    private static Task<HttpResponseMessage> Put(HttpClient client, string path, object body) => client.PutAsJsonAsync(new Uri(path, UriKind.Relative), body, ApiJson.Options, Ct);

    // ----- checks

    [Fact]
    public async Task Of_two_nodes_one_looks_at_what_is_everybodys_and_a_check_that_breaks_or_hangs_breaks_no_other()
    {
        var clock = new Clock(DateTimeOffset.UtcNow.AddMinutes(-30));
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
        Assert.Equal("InvalidOperationException: Order … broke it.", detail.GetProperty("changes").EnumerateArray().Last().GetProperty("detail").GetString());
        Assert.Equal(["healthy", "unhealthy"], detail.GetProperty("changes").EnumerateArray().Select(c => c.GetProperty("to").GetString()));
        Assert.Equal(3, detail.GetProperty("points").EnumerateArray().Sum(p => p.GetProperty("looks").GetInt32()));
    }

    [Fact]
    public async Task Details_of_the_installation_are_its_operators_and_an_organizations_probes_its_own()
    {
        app.Finds = _ => Task.FromResult(new Finding(HealthStatus.Degraded, "on host xyzzy"));
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
        Assert.Contains("xyzzy", (await app.Operator.Json("api/health")).ToString(), StringComparison.Ordinal);
        Assert.NotEmpty((await app.Operator.Json("api/health")).GetProperty("nodes").EnumerateArray());

        Assert.Equal("no answer", (await Check(app.Stranger, "beta probe")).GetProperty("detail").GetString());
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
        var clock = new Clock(DateTimeOffset.UtcNow.AddMinutes(-25));
        foreach (var data in new object[] { new { share = double.NaN }, new[] { 1 }, "word", new { text = "a\0b" } })
        {
            clock.Now += TimeSpan.FromMinutes(1);
            app.Finds = _ => Task.FromResult(new Finding(HealthStatus.Healthy, "a\0b", data));
            var found = (await app.Recorder(clock).Run(Ct))!;
            Assert.Equal(HealthStatus.Unhealthy, found.Single(r => r.Name == "own").Finding.Status);
            Assert.Equal(found.Count, await app.Service.One<int>($"select count(*)::integer from platform.health_results h where h.checked_at = {clock.Now}", Ct));
        }
    }

    [Fact]
    public async Task A_minute_without_the_database_is_told_once_and_only_when_no_node_had_it()
    {
        var clock = new Clock(DateTimeOffset.UtcNow.AddHours(-20));
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
        Assert.Equal(["unhealthy", "healthy", "healthy", "healthy"], await app.Service.List<string>(
            $"select h.status from platform.health_results h where h.check_name = 'database' and h.checked_at between {began.AddMinutes(-5)} and {clock.Now} order by h.checked_at", Ct));
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

    // ----- errors

    private static async Task<List<JsonElement>> Errors(HttpClient client, string query) => [.. (await client.Json($"api/errors?{query}")).GetProperty("items").EnumerateArray()];

    [Fact]
    public async Task A_storm_of_one_error_is_one_group_with_five_samples_and_a_true_count()
    {
        var logger = app.Logger("Clientele.Storm.Source");
        using (logger.BeginScope(new OrganizationScope(app.Alpha.OrganizationId!.Value)))
        {
            for (var wave = 0; wave < 4; wave++)
            {
                for (var i = 0; i < 500; i++) logger.LogStorm(new InvalidOperationException($"Order {i} of ann{i}@example.com is nowhere."), i);
                await app.Flush();
            }
        }
        var storm = Assert.Single(await Errors(app.Admin, "text=nowhere"));
        Assert.Equal((2000, "storm", "Order … of … is nowhere.", "open"),
            (storm.GetProperty("occurrences").GetInt32(), storm.GetProperty("source").GetString(), storm.GetProperty("message").GetString(), storm.GetProperty("state").GetString()));
        var whole = await app.Admin.Json($"api/errors/{storm.GetProperty("id")}");
        Assert.Equal(5, whole.GetProperty("samples").GetArrayLength());
        Assert.Equal("Storm {Number}", whole.GetProperty("samples")[0].GetProperty("context").GetProperty("log").GetString());
        Assert.Equal(5, await app.Db.One<long>($"select count(*) from platform.error_logs l where l.group_id = {storm.GetProperty("id").GetGuid()}", Ct));
        Assert.DoesNotContain("example.com", whole.ToString(), StringComparison.Ordinal);
        Assert.Empty(await Errors(app.Stranger, "text=nowhere"));
        Assert.Equal((404, "not_found"), await (await app.Stranger.GetAsync(new Uri($"api/errors/{storm.GetProperty("id")}", UriKind.Relative), Ct)).Problem());
    }

    [Fact]
    public async Task What_was_resolved_opens_when_it_is_seen_again_and_what_is_ignored_is_only_counted()
    {
        var logger = app.Logger("Clientele.Again.Source");
        async Task<JsonElement> Break()
        {
            using (logger.BeginScope(new OrganizationScope(app.Alpha.OrganizationId!.Value))) logger.LogAgain();
            await app.Flush();
            return Assert.Single(await Errors(app.Admin, "source=again"));
        }
        var id = (await Break()).GetProperty("id").GetGuid();
        Assert.Equal((404, "not_found"), await (await Put(app.Stranger, $"api/errors/{id}", new { state = "resolved" })).Problem());
        Assert.Equal((403, "forbidden"), await (await Put(app.Viewer, $"api/errors/{id}", new { state = "resolved" })).Problem());
        Assert.Equal((400, "validation_failed"), await (await Put(app.Admin, $"api/errors/{id}", new { state = "gone" })).Problem());
        using (var resolved = await Put(app.Admin, $"api/errors/{id}", new { state = "resolved" }))
            Assert.Equal(("resolved", "admin"), (await resolved.Content.ReadFromJsonAsync<JsonElement>(Ct)) is var r ? (r.GetProperty("state").GetString(), r.GetProperty("changedBy").GetString()) : default);
        Assert.Empty(await Errors(app.Admin, "source=again&state=open"));
        var back = await Break();
        Assert.Equal(("open", 2, 1), (back.GetProperty("state").GetString(), back.GetProperty("occurrences").GetInt32(), back.GetProperty("reopened").GetInt32()));
        using (await Put(app.Admin, $"api/errors/{id}", new { state = "ignored" })) { }
        var ignored = await Break();
        Assert.Equal(("ignored", 3), (ignored.GetProperty("state").GetString(), ignored.GetProperty("occurrences").GetInt32()));
    }

    [Fact]
    public async Task A_failed_run_is_its_organizations_and_what_is_nobodys_is_the_operators()
    {
        var job = await app.For(app.Beta).One<Guid>($"insert into platform.scheduled_jobs (job_name, job_type, frequency, max_retries) values ('breaks', 'data_sync', 'daily', 0) returning id", Ct);
        await app.For(app.Beta).Run($"select platform.run_job({job})", Ct);
        await app.Services.GetRequiredService<JobWorker>().RunNext(Ct);
        for (var patience = 0; await app.For(app.Beta).One<bool>($"select j.last_run_status is null from platform.scheduled_jobs j where j.id = {job}", Ct); patience++)
        {
            Assert.True(patience < 500, "It did not run.");
            await Task.Delay(20, Ct);
        }
        app.Logger("Clientele.Nobody.Source").LogAgain();
        await app.Flush();

        var failed = Assert.Single(await Errors(app.Stranger, "text=The job of order"));
        Assert.Contains("\"breaks\"", (await app.Stranger.Json($"api/errors/{failed.GetProperty("id")}")).ToString(), StringComparison.Ordinal);
        Assert.Equal("InvalidOperationException", (await app.For(app.Beta).One<string>($"select l.error_type from assistant.error_logs l where l.error_message like 'The job of%'", Ct)).Split('.')[^1]);
        Assert.Empty(await Errors(app.Admin, "text=The job of order"));
        foreach (var client in new[] { app.Admin, app.Stranger, app.Operator, app.Later }) Assert.Empty(await Errors(client, "source=nobody"));
        var nobodys = Assert.Single(await Errors(app.Operator, "source=nobody&scope=installation"));
        Assert.Equal(JsonValueKind.Null, nobodys.GetProperty("organization").ValueKind);
        Assert.Single((await app.Operator.Json($"api/errors/{nobodys.GetProperty("id")}?scope=installation")).GetProperty("samples").EnumerateArray());
        Assert.Equal("beta", Assert.Single(await Errors(app.Operator, "text=The job of order&scope=installation")).GetProperty("organization").GetString());
        using (var resolved = await Put(app.Operator, $"api/errors/{nobodys.GetProperty("id")}?scope=installation", new { state = "resolved" })) Assert.Equal(200, (int)resolved.StatusCode);
        foreach (var client in new[] { app.Admin, app.Later })
            Assert.Equal((403, "not_an_operator"), await (await client.GetAsync(new Uri("api/errors?scope=installation", UriKind.Relative), Ct)).Problem());
    }

    [Fact]
    public async Task A_request_that_fails_is_found_by_the_code_that_was_shown()
    {
        await using var superuser = await app.OpenSuperuser();
        async Task Rename(string from, string to)
        {
            await using var rename = new Npgsql.NpgsqlCommand($"alter table platform.rate_limits rename column {from} to {to}", superuser);
            await rename.ExecuteNonQueryAsync(Ct);
        }
        await Rename("route", "gone");
        string code;
        try
        {
            using var answer = await app.Stranger.GetAsync(new Uri("api/rate-limits?token=xyzzy", UriKind.Relative), Ct);
            Assert.Equal(500, (int)answer.StatusCode);
            code = (await answer.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("traceId").GetString()!;
        }
        finally { await Rename("gone", "route"); }
        await app.Flush();
        var error = Assert.Single(await Errors(app.Stranger, $"text={Uri.EscapeDataString(code)}"));
        Assert.Equal(("Npgsql.PostgresException", "platform"), (error.GetProperty("type").GetString(), error.GetProperty("source").GetString()));
        var sample = Assert.Single((await app.Stranger.Json($"api/errors/{error.GetProperty("id")}")).GetProperty("samples").EnumerateArray());
        Assert.Equal(("/api/rate-limits/", "internal_error"), (sample.GetProperty("context").GetProperty("route").GetString(), sample.GetProperty("context").GetProperty("code").GetString()));
        Assert.Contains("ManageRateLimits", sample.GetProperty("stack").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("xyzzy", sample.ToString(), StringComparison.Ordinal);
        Assert.Empty(await Errors(app.Admin, $"text={Uri.EscapeDataString(code)}"));
    }

    [Fact]
    public async Task What_a_product_tells_of_itself_is_grouped_too()
    {
        foreach (var number in new[] { 1, 22, 333 })
            await app.Db.Run($"insert into assistant.error_logs (error_type, error_message, severity) values ('Timeout', {$"WhatsApp gave no answer to \"m{number}\" after {number} s"}, 'error')", Ct);
        await app.Db.Run($"insert into jyotiflow.system_logs (level, component, event, message) values ('info', 'star', 'Timeout', 'all is well')", Ct);
        // One that says it is of tomorrow is of now.
        await app.Db.Run($"insert into platform.error_logs (error_type, error_message, created_at) values ('Tomorrow', 'x', now() + interval '1 year')", Ct);
        await app.Flush();
        Assert.True(Assert.Single(await Errors(app.Admin, "text=Tomorrow")).GetProperty("lastSeen").GetDateTimeOffset() < DateTimeOffset.UtcNow.AddMinutes(1));
        var error = Assert.Single(await Errors(app.Admin, "text=WhatsApp"));
        Assert.Equal((3, "WhatsApp gave no answer to … after … s"), (error.GetProperty("occurrences").GetInt32(), error.GetProperty("message").GetString()));
        Assert.Equal(3, (await app.Admin.Json($"api/errors/{error.GetProperty("id")}")).GetProperty("samples").GetArrayLength());
        // Its words are its organization's: operators see that there is something, and how often.
        var seen = await app.Operator.Json($"api/errors/{error.GetProperty("id")}?scope=installation");
        Assert.Equal(("Timeout", 3, ""), (seen.GetProperty("error").GetProperty("type").GetString(), seen.GetProperty("error").GetProperty("occurrences").GetInt32(), seen.GetProperty("error").GetProperty("message").GetString()));
        Assert.Empty(seen.GetProperty("samples").EnumerateArray());
        Assert.Empty(await Errors(app.Operator, "text=WhatsApp&scope=installation"));
        await Expect.Refused(Expect.Forbidden, () => app.Db.Run($"insert into platform.error_logs (error_type, error_message, own) values ('x', 'x', true)", Ct));
        Assert.Equal(1, await app.Db.One<long>($"select count(*) from platform.error_logs l where l.source = 'star' and l.group_id is null", Ct));
        // Nobody says themselves which group theirs is of.
        await Expect.Refused(Expect.Forbidden, () => app.For(app.Beta).Run($"insert into platform.error_logs (error_type, error_message, group_id) values ('x', 'x', {error.GetProperty("id").GetGuid()})", Ct));
    }

    [Fact]
    public async Task Errors_that_cannot_be_written_wait_and_those_beyond_what_is_held_are_counted()
    {
        var inbox = new ErrorInbox(new Microsoft.AspNetCore.Http.HttpContextAccessor(), new Node(), TimeProvider.System);
        var logger = inbox.CreateLogger("Clientele.Flood.Source");
        for (var i = 0; i < 1003; i++) logger.Log(LogLevel.Error, new EventId(1, $"kind{i}"), "x", null, (s, _) => s);
        logger.Log(LogLevel.Error, new EventId(1, "kind7"), "x", null, (s, _) => s);
        logger.Log(LogLevel.Warning, new EventId(1, "less"), "x", null, (s, _) => s);
        Assert.Equal((1000, 3), (inbox.Waiting, inbox.Dropped));

        // A database that is not there: nothing is lost, nothing is thrown, and telling of it makes no error of its own.
        await using var away = new Databases("Host=127.0.0.1;Port=1;Username=x;Password=x;Database=x;Timeout=1");
        var told = new List<LogLevel>();
        var writer = new ErrorWriter(away, inbox, TimeProvider.System, new Told(told, inbox));
        await writer.Flush(Ct);
        Assert.Equal((1000, 3), (inbox.Waiting, inbox.Dropped));
        Assert.Equal([LogLevel.Warning], told);
        Assert.Equal(2, inbox.Take().Single(g => g.ErrorType == "kind7").Times);
    }

    private sealed class Told(List<LogLevel> levels, ErrorInbox inbox) : ILogger<ErrorWriter>
    {
        private readonly ILogger behind = inbox.CreateLogger("Clientele.Platform.Health.Errors.ErrorWriter");

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            levels.Add(logLevel);
            behind.Log(logLevel, eventId, state, exception, formatter);
        }
    }

    // ----- the database

    [Fact]
    public async Task Operators_see_how_the_database_does_and_nobody_else()
    {
        foreach (var (client, code) in new[] { (app.Admin, "forbidden"), (app.Viewer, "forbidden"), (app.Later, "not_an_operator") })
            Assert.Equal((403, code), await (await client.GetAsync(new Uri("api/operator/database", UriKind.Relative), Ct)).Problem());

        await using (var superuser = await app.OpenSuperuser())
        {
            foreach (var statement in new[]
            {
                "create table public.figures_probe (a integer, b integer)", "insert into public.figures_probe select g, g from generate_series(1, 20000) g",
                "create index figures_probe_a on public.figures_probe (a)", "create index figures_probe_ab on public.figures_probe (a, b)", "analyze public.figures_probe",
            })
            {
                await using var run = new Npgsql.NpgsqlCommand(statement, superuser);
                await run.ExecuteNonQueryAsync(Ct);
            }
            // Somebody holds the table and somebody waits for it; whoever looks does not.
            await using var holder = await superuser.BeginTransactionAsync(Ct);
            await using (var hold = new Npgsql.NpgsqlCommand("lock table public.figures_probe", superuser)) await hold.ExecuteNonQueryAsync(Ct);
            await using var second = await app.OpenSuperuser();
            await using var wait = new Npgsql.NpgsqlCommand("select count(*) from public.figures_probe", second);
            var waiting = wait.ExecuteScalarAsync(Ct);
            var found = JsonSerializer.SerializeToElement(0);
            for (var patience = 0; patience < 200; patience++)
            {
                found = await app.Operator.Json("api/operator/database");
                if (found.GetProperty("waiting").GetArrayLength() > 0) break;
                await Task.Delay(20, Ct);
            }
            Assert.Equal(superuser.ProcessID, found.GetProperty("waiting").EnumerateArray().Single(w => w.GetProperty("pid").GetInt32() == second.ProcessID).GetProperty("blockedBy")[0].GetInt32());
            await holder.RollbackAsync(Ct);
            await waiting;
            found = await app.Operator.Json("api/operator/database");

            Assert.True(found.GetProperty("bytes").GetInt64() > 1_000_000);
            Assert.InRange(found.GetProperty("cacheHits").GetDouble(), 0, 1);
            Assert.Contains("figures_probe", found.GetProperty("tables").EnumerateArray().Select(t => t.GetProperty("name").GetString()));
            Assert.Contains("figures_probe_ab", found.GetProperty("unusedIndexes").EnumerateArray().Select(t => t.GetProperty("name").GetString()));
            var twin = found.GetProperty("duplicateIndexes").EnumerateArray().Single(t => t.GetProperty("table").GetString() == "figures_probe");
            Assert.Equal(("figures_probe_a", "figures_probe_ab"), (twin.GetProperty("name").GetString(), twin.GetProperty("other").GetString()));
            Assert.True(found.GetProperty("pools").EnumerateArray().All(p => p.GetProperty("most").GetInt64() > 0));
            Assert.Empty(found.GetProperty("unread").EnumerateArray());
        }
    }

    [Fact]
    public async Task Who_runs_the_installation_is_no_matter_of_who_is_left()
    {
        // As the console is told, for whom it shows what concerns the whole installation.
        static async Task<bool> Told(HttpClient client) => Assert.Single((await client.Json("api/session")).GetProperty("organizations").EnumerateArray()).GetProperty("isOperator").GetBoolean();
        Assert.Equal((true, false, false), (await Told(app.Operator), await Told(app.Later), await Told(app.Admin)));
        var first = app.Alpha.OrganizationId!.Value;
        Task Say(Guid? who) => app.Service.Run($"update platform.installation set operated_by = {who}", Ct);
        await app.Service.Run($"update platform.organizations set closed_at = now() where id = {first}", Ct);
        try { Assert.Equal((403, "not_an_operator"), await (await app.Later.GetAsync(new Uri("api/operator/database", UriKind.Relative), Ct)).Problem()); }
        finally { await app.Service.Run($"update platform.organizations set closed_at = null where id = {first}", Ct); }
        await Say(null);
        try
        {
            Assert.False(await Told(app.Operator));
            foreach (var client in new[] { app.Operator, app.Later })
                Assert.Equal((403, "not_an_operator"), await (await client.GetAsync(new Uri("api/operator/database", UriKind.Relative), Ct)).Problem());
        }
        finally { await Say(first); }
    }

    [Fact]
    public async Task What_cannot_be_read_of_the_database_is_named_and_the_rest_is_shown()
    {
        await using var superuser = await app.OpenSuperuser();
        await using var holder = await superuser.BeginTransactionAsync(Ct);
        await using (var hold = new Npgsql.NpgsqlCommand("lock table platform.database_sizes", superuser)) await hold.ExecuteNonQueryAsync(Ct);
        var found = await app.Operator.Json("api/operator/database");
        Assert.Contains("growth", found.GetProperty("unread").EnumerateArray().Select(u => u.GetString()));
        Assert.Empty(found.GetProperty("growth").EnumerateArray());
        Assert.True(found.GetProperty("bytes").GetInt64() > 1_000_000);
    }

    [Fact]
    [Trait("Runs", "processes")]
    public async Task Metrics_are_told_when_the_database_is_away()
    {
        await app.Recorder(new Clock(DateTimeOffset.UtcNow.AddMinutes(-2))).Run(Ct);
        var well = await app.Anonymous.GetStringAsync(new Uri("metrics", UriKind.Relative), Ct);
        Assert.Contains("clientele_database_up 1\n", well, StringComparison.Ordinal);
        Assert.Contains("clientele_check_status{service=\"platform\",check=\"database\"} 0\n", well, StringComparison.Ordinal);
        await using var superuser = await app.OpenSuperuser();
        await using var holder = await superuser.BeginTransactionAsync(Ct);
        await using (var hold = new Npgsql.NpgsqlCommand("lock table log.state", superuser)) await hold.ExecuteNonQueryAsync(Ct);
        var away = await app.Anonymous.GetStringAsync(new Uri("metrics", UriKind.Relative), Ct);
        Assert.Contains("clientele_database_up 0\n", away, StringComparison.Ordinal);
        Assert.Contains("db_client_connection_max{", away, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_tell_requests_by_route_pools_and_errors_and_no_address_of_anybodys()
    {
        var id = Guid.NewGuid();
        using (await app.Admin.GetAsync(new Uri($"api/customers/{id}", UriKind.Relative), Ct)) { }
        using (await app.Admin.GetAsync(new Uri($"nowhere/{id}", UriKind.Relative), Ct)) { }
        app.Logger("Clientele.Metered.Source").LogAgain();
        var text = await app.Anonymous.GetStringAsync(new Uri("metrics", UriKind.Relative), Ct);
        double Value(string series) => double.Parse(text.Split('\n').Single(l => l.StartsWith(series + " ", StringComparison.Ordinal)).Split(' ')[^1], CultureInfo.InvariantCulture);
        var line = text.Split('\n').First(l => l.StartsWith("http_server_request_duration_seconds_count", StringComparison.Ordinal) && l.Contains("/api/customers/{id:guid}", StringComparison.Ordinal) && l.Contains("404", StringComparison.Ordinal));
        Assert.Contains("method=\"GET\"", line, StringComparison.Ordinal);
        Assert.DoesNotContain(id.ToString(), text, StringComparison.Ordinal);
        Assert.True(Value("db_client_connection_max{pool=\"clientele_app\"}") > 0);
        Assert.True(Value("clientele_errors_total{source=\"metered\",severity=\"error\"}") >= 1);
        Assert.Contains("clientele_consumer_lag_seconds{", text, StringComparison.Ordinal);
    }
}

internal static partial class TestLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Storm {Number}")]
    public static partial void LogStorm(this ILogger logger, Exception exception, int number);

    [LoggerMessage(Level = LogLevel.Error, Message = "It happened again")]
    public static partial void LogAgain(this ILogger logger);
}
