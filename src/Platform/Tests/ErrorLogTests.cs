using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Health;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Jobs;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Clientele.Platform.Tests;

/// <summary>The error log, over HTTP: what is one group, whose it is, and what of it is told.</summary>
[Collection<HealthCollection>]
public sealed class ErrorLogTests(HealthApp app)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Task<HttpResponseMessage> Put(HttpClient client, string path, object body) => client.PutAsJsonAsync(new Uri(path, UriKind.Relative), body, ApiJson.Options, Ct);

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
}
