using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Jobs;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Platform.Tests;

/// <summary>Jobs over the API, while the server's own worker runs them.</summary>
public sealed class JobApiTests(JobApiTests.App app) : IClassFixture<JobApiTests.App>
{
    public sealed class App : TestApp
    {
        protected override void Configure(IServiceCollection services)
        {
            base.Configure(services);
            services.AddSingleton(new JobHandler("data_sync", (run, _) => { run.Log("fetched"); run.Progress(2, 2); return Task.FromResult<object>(new { fetched = 2 }); }));
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<Guid> Job(string name) => await app.Db.One<Guid>($"insert into platform.scheduled_jobs (job_name, job_type, frequency) values ({name}, 'data_sync', 'daily') returning id", Ct);

    private static Task<HttpResponseMessage> Put(HttpClient client, string path, object body) => client.PutAsJsonAsync(new Uri(path, UriKind.Relative), body, ApiJson.Options, Ct);

    [Fact]
    public async Task Administrators_see_the_default_jobs_and_nobody_else_sees_any()
    {
        var jobs = (await app.Admin.Json("api/jobs")).GetProperty("items").EnumerateArray().ToList();
        var daily = jobs.Single(j => j.GetProperty("name").GetString() == "daily_customer_metrics");
        Assert.Equal("0 2 * * *", daily.GetProperty("schedule").GetString());
        Assert.True(daily.GetProperty("hasWorker").GetBoolean());
        var detail = await app.Admin.Json($"api/jobs/{daily.GetProperty("id")}");
        Assert.Equal(5, detail.GetProperty("next").GetArrayLength());
        Assert.Equal(daily.GetProperty("nextRunAt").GetDateTimeOffset(), detail.GetProperty("next")[0].GetDateTimeOffset());
        Assert.Equal((403, "forbidden"), await (await app.Viewer.GetAsync(new Uri("api/jobs", UriKind.Relative), Ct)).Problem());
        Assert.Equal((404, "not_found"), await (await app.Stranger.GetAsync(new Uri($"api/jobs/{daily.GetProperty("id")}", UriKind.Relative), Ct)).Problem());
    }

    [Fact]
    public async Task A_job_is_run_at_once_and_its_run_can_be_read()
    {
        var id = await Job("now");
        Assert.Equal((404, "not_found"), await (await app.Stranger.Post($"api/jobs/{id}/run")).Problem());
        Assert.Equal((403, "forbidden"), await (await app.Viewer.Post($"api/jobs/{id}/run")).Problem());
        using (var asked = await app.Admin.Post($"api/jobs/{id}/run")) Assert.Equal(202, (int)asked.StatusCode);
        var worker = app.Services.GetRequiredService<JobWorker>();
        JsonElement run;
        for (var patience = 0; ; patience++)
        {
            await worker.RunNext(Ct);
            var runs = (await app.Admin.Json($"api/jobs/{id}/runs")).GetProperty("items");
            if (runs.GetArrayLength() == 1 && runs[0].GetProperty("status").GetString() == "success") { run = runs[0]; break; }
            Assert.True(patience < 500, "It did not run.");
            await Task.Delay(20, Ct);
        }
        Assert.Equal(("person", "admin", 2), (run.GetProperty("cause").GetString(), run.GetProperty("requestedBy").GetString(), run.GetProperty("result").GetProperty("fetched").GetInt32()));
        var told = await app.Admin.Json($"api/jobs/runs/{run.GetProperty("id")}");
        Assert.Equal("fetched", told.GetProperty("log")[0].GetProperty("message").GetString());
        Assert.Empty((await app.Admin.Json($"api/jobs/runs/{run.GetProperty("id")}?after={told.GetProperty("log")[0].GetProperty("number")}")).GetProperty("log").EnumerateArray());
        Assert.Equal(2, told.GetProperty("run").GetProperty("progressDone").GetInt64());
        Assert.Equal((404, "not_found"), await (await app.Stranger.GetAsync(new Uri($"api/jobs/runs/{run.GetProperty("id")}", UriKind.Relative), Ct)).Problem());
        Assert.Equal((409, "wrong_state"), await (await app.Admin.Post($"api/jobs/runs/{run.GetProperty("id")}/cancel")).Problem());
        Assert.Equal(1.0, (await app.Admin.Json($"api/jobs/{id}")).GetProperty("statistics").GetProperty("successRate").GetDouble());
    }

    [Fact]
    public async Task A_schedule_is_changed_and_what_is_none_is_refused_by_its_field()
    {
        var id = await Job("timed");
        using (var changed = await Put(app.Admin, $"api/jobs/{id}", new { cronExpression = "30 2 * * *", timeZone = "Europe/Paris", timeoutSeconds = 60, missedRuns = "skip" }))
        {
            var job = await changed.Content.ReadFromJsonAsync<JsonElement>(Ct);
            Assert.Equal(("30 2 * * *", "Europe/Paris", "skip", 60), (job.GetProperty("schedule").GetString(), job.GetProperty("timeZone").GetString(), job.GetProperty("missedRuns").GetString(), job.GetProperty("timeoutSeconds").GetInt32()));
            Assert.Equal(JsonValueKind.Null, job.GetProperty("frequency").ValueKind);
        }
        using (var off = await Put(app.Admin, $"api/jobs/{id}", new { isEnabled = false })) Assert.Equal(JsonValueKind.Null, (await off.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("nextRunAt").ValueKind);
        foreach (var (body, field) in new (object, string)[]
        {
            (new { cronExpression = "0 0 30 2 *" }, "cronExpression"), (new { cronExpression = "0 0 * * *", frequency = "daily" }, "frequency"), (new { frequency = "yearly" }, "frequency"),
            (new { timeZone = "Mars/Olympus" }, "timeZone"), (new { timeoutSeconds = 0 }, "timeoutSeconds"), (new { maxRetries = 101 }, "maxRetries"), (new { missedRuns = "cry" }, "missedRuns"), (new { config = 1 }, "config"),
        })
        {
            using var refused = await Put(app.Admin, $"api/jobs/{id}", body);
            Assert.Equal(400, (int)refused.StatusCode);
            Assert.True((await refused.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("errors").TryGetProperty(field, out _), field);
        }
        Assert.Equal((404, "not_found"), await (await Put(app.Stranger, $"api/jobs/{id}", new { isEnabled = true })).Problem());
        Assert.Equal((403, "forbidden"), await (await Put(app.Viewer, $"api/jobs/{id}", new { isEnabled = true })).Problem());
        Assert.Equal(5, (await app.Admin.Json("api/jobs/schedule?cron=*/5 * * * *&timeZone=Africa/Dakar")).GetProperty("next").GetArrayLength());
        Assert.Equal((400, "validation_failed"), await (await app.Admin.GetAsync(new Uri("api/jobs/schedule?cron=soon", UriKind.Relative), Ct)).Problem());
    }
}
